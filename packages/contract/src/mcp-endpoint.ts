import { route } from "./route.ts";
import { Type } from "./schema.ts";

const tag = "mcp";
const common = { path: "/mcp", tag, auth: "user", keys: "any", kind: "raw" } as const;

/** Streamable HTTP, stateless: one JSON answer per call. Each tool requires its own scope. */
export const mcpEndpointRoutes = {
  call: route({
    ...common,
    method: "POST",
    summary: "Call MCP endpoint",
    description:
      "This server as a Model Context Protocol server (streamable HTTP, stateless): JSON-RPC messages in, one JSON answer out. Each tool requires its own API key scope.",
    body: Type.Unknown(),
    bodyLimit: 4 * 1024 * 1024,
    response: Type.Unknown(),
    otherErrors: { 406: "A JSON-RPC error: the client must accept `application/json` and `text/event-stream`" },
    errors: ["rate_limited"],
  }),
  stream: route({
    ...common,
    method: "GET",
    summary: "Open MCP stream",
    description: "Not supported: always 405. The MCP endpoint is stateless.",
    errors: ["method_not_allowed"],
  }),
  end: route({
    ...common,
    method: "DELETE",
    summary: "End MCP session",
    description: "Not supported: always 405. The MCP endpoint is stateless.",
    errors: ["method_not_allowed"],
  }),
};
