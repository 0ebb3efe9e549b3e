import { mcpEndpointRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { AppError } from "../../../platform/errors.ts";
import type { McpEndpoint } from "./mcp-endpoint.ts";

/** The MCP endpoint `/mcp`. */
export function mountMcpEndpoint(mount: Mount, { endpoint, appBaseUrl }: { endpoint: McpEndpoint; appBaseUrl: string }): void {
  const refuse = async (context: { setHeader(name: string, value: string): void }) => {
    context.setHeader("allow", "POST");
    throw new AppError("method_not_allowed", "This MCP server only supports POST.");
  };
  mount("mcpEndpoint", mcpEndpointRoutes, {
    call: async ({ user, signal, log, request_id }, { body }, { request, reply }) => {
      const headers = new Headers();
      for (const name of ["accept", "content-type", "mcp-protocol-version", "mcp-session-id"]) {
        const value = request.headers[name];
        if (typeof value === "string") headers.set(name, value);
      }
      const answer = await endpoint.call(
        { user, signal, log, request_id },
        new Request(new URL("/mcp", appBaseUrl), { method: "POST", headers }),
        body,
      );
      reply.code(answer.status);
      const type = answer.headers.get("content-type");
      if (type !== null) reply.type(type);
      return reply.send(await answer.text());
    },
    stream: refuse,
    end: refuse,
  });
}
