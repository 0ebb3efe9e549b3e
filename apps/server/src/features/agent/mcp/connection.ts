import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { SSEClientTransport, SseError } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema, ErrorCode, McpError, PaginatedResultSchema, type CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Sandbox } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { readToolList, maxToolsPerServer, type McpToolList } from "./tool-list.ts";
import type { McpServerRow } from "../../../db/schema/agent/mcp.ts";
import type { McpAccess } from "./mcp.vault.ts";
import { createStdioTransport } from "./stdio-transport.ts";

export interface McpLimits {
  /** For the handshake. */
  connectMs: number;
  /** Per tool call. */
  callMs: number;
}
export interface ConnectOptions {
  row: McpServerRow;
  access: McpAccess;
  outbound: Outbound;
  limits: McpLimits;
  version: string;
  /** For stdio servers: where they run, and whether they may change files there. */
  sandbox?: Pick<Sandbox, "exec"> | undefined;
  isReadOnly?: boolean;
  /** With stored tokens. */
  oauth?: OAuthClientProvider | undefined;
}
/** Why a server cannot be used; the message is for people. */
export class McpFailure extends Error {
  override readonly name = "McpFailure";
  readonly isUnauthorized: boolean;
  constructor(message: string, isUnauthorized = false) {
    super(message);
    this.isUnauthorized = isUnauthorized;
  }
}
export interface McpConnection {
  listTools(signal?: AbortSignal): Promise<McpToolList>;
  callTool(name: string, parameters: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult>;
  readonly isOpen: boolean;
  close(): Promise<void>;
}

/** Per response, including streams. */
const maxAnswerBytes = 4 * 2 ** 20;
const maxPages = 10;

/** Connects to a server. All waits and responses are limited. Throws `McpFailure`. */
export async function connectMcp({
  row,
  access,
  outbound,
  limits,
  version,
  sandbox,
  isReadOnly = false,
  oauth,
}: ConnectOptions): Promise<McpConnection> {
  const client = new Client({ name: "tesslate-studio", version }, { capabilities: {} });
  let isOpen = true;
  let errorOutput = () => "";
  const transport = ((): Transport => {
    if (row.transport === "stdio") {
      if (!sandbox || !row.command) throw new McpFailure("This server runs inside a project. Test it in a project.");
      const stdio = createStdioTransport(sandbox, { command: row.command, env: access.env, isReadOnly });
      errorOutput = stdio.errorOutput;
      return stdio;
    }
    const url = new URL(access.url ?? "");
    const send = outbound.limited({ maxBytes: maxAnswerBytes });
    const shared = { requestInit: { headers: access.headers }, ...(oauth && { authProvider: oauth }) };
    if (row.transport === "sse") return new SSEClientTransport(url, { ...shared, fetch: send, eventSourceInit: { fetch: send } });
    return new StreamableHTTPClientTransport(url, {
      ...shared,
      // Without the server's own event stream: only responses to our requests are used.
      fetch: (to, init) => ((init?.method ?? "GET") === "GET" && sameAddress(to, url) ? noStream() : send(to, init)),
      reconnectionOptions: { maxRetries: 0, initialReconnectionDelay: 1, maxReconnectionDelay: 1, reconnectionDelayGrowFactor: 1 },
    }) as Transport;
  })();
  client.onclose = () => (isOpen = false);
  // After a broken stream no response will arrive.
  client.onerror = (error) => {
    if (/stream disconnected|reconnection attempts/i.test(error.message)) void client.close().catch(() => undefined);
  };

  const problem = (error: unknown, ms: number): McpFailure => problemOf(error, ms, errorOutput());
  try {
    await within(client.connect(transport, { timeout: limits.connectMs }), limits.connectMs);
  } catch (error) {
    void client.close().catch(() => undefined);
    // Error output may arrive shortly after the exit.
    if (row.transport === "stdio") await new Promise((resolve) => setTimeout(resolve, 50));
    throw problem(error, limits.connectMs);
  }

  return {
    get isOpen() {
      return isOpen;
    },
    listTools: async (signal) => {
      const tools: unknown[] = [];
      try {
        let cursor: string | undefined;
        for (let page = 0; page < maxPages && tools.length < maxToolsPerServer; page++) {
          const params = cursor === undefined ? {} : { cursor };
          const options = { timeout: limits.connectMs, maxTotalTimeout: limits.connectMs, ...(signal && { signal }) };
          const answer = await client.request({ method: "tools/list", params }, PaginatedResultSchema, options);
          if (!Array.isArray(answer["tools"])) throw new McpFailure("The server's response is not valid MCP.");
          tools.push(...(answer["tools"] as unknown[]));
          if (answer.nextCursor === undefined || answer.nextCursor === cursor) break;
          cursor = answer.nextCursor;
        }
      } catch (error) {
        throw error instanceof McpFailure ? error : problem(error, limits.connectMs);
      }
      return readToolList(tools);
    },
    callTool: async (name, parameters, signal) => {
      try {
        return await client.request({ method: "tools/call", params: { name, arguments: parameters } }, CallToolResultSchema, {
          timeout: limits.callMs,
          maxTotalTimeout: limits.callMs,
          signal,
        });
      } catch (error) {
        throw problem(error, limits.callMs);
      }
    },
    close: async () => {
      isOpen = false;
      await client.close().catch(() => undefined);
    },
  };
}

const noStream = async () => new Response(null, { status: 405 });
const sameAddress = (to: string | URL | Request, url: URL) => String(to instanceof Request ? to.url : to) === url.href;

function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new McpError(ErrorCode.RequestTimeout, "late")), ms + 500);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function problemOf(error: unknown, ms: number, output: string): McpFailure {
  const code = error instanceof StreamableHTTPError || error instanceof SseError ? error.code : undefined;
  if (error instanceof UnauthorizedError || code === 401) return new McpFailure("The server requires you to sign in.", true);
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof AppError) return new McpFailure(e.message);
  if (output !== "") return new McpFailure(output.slice(0, 500));
  if (error instanceof McpError) {
    if (error.code === (ErrorCode.RequestTimeout as number))
      return new McpFailure(`The server did not respond within ${Math.round(ms / 1000)} s.`);
    if (error.code === (ErrorCode.ConnectionClosed as number)) return new McpFailure("The server closed the connection.");
    return new McpFailure(`The server returned an error: ${error.message.replace(/^MCP error -?\d+: /, "").slice(0, 500)}`);
  }
  if (code !== undefined && code > 0) return new McpFailure(`The server responded with status ${code}.`);
  if (error instanceof Error && /redirect/i.test(error.message))
    return new McpFailure("The server redirects to another URL. Enter that one.");
  if (error instanceof Error && (error.name === "ZodError" || error.name === "$ZodError" || error instanceof SyntaxError))
    return new McpFailure("The server's response is not valid MCP.");
  return new McpFailure("The server could not be reached, or it is not an MCP server.");
}
