import { route } from "./route.ts";
import { Type } from "./schema.ts";

const tag = "mcp";
const common = { path: "/mcp", tag, auth: "user", keys: "any", kind: "raw" } as const;

/** The platform as an MCP server (streamable HTTP, stateless: one JSON answer per call). Each tool asks for its own scope. */
export const mcpEndpointRoutes = {
  call: route({
    ...common,
    method: "POST",
    summary: "Model Context Protocol: JSON-RPC messages of an MCP client",
    body: Type.Unknown(),
    bodyLimit: 4 * 1024 * 1024,
    response: Type.Unknown(),
    errors: ["rate_limited"],
  }),
  stream: route({
    ...common,
    method: "GET",
    summary: "This MCP server has no stream of its own: always 405",
    errors: ["method_not_allowed"],
  }),
  end: route({ ...common, method: "DELETE", summary: "This MCP server keeps no sessions: always 405", errors: ["method_not_allowed"] }),
};
