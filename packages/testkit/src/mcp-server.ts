import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { png } from "./pictures.ts";

/**
 * An MCP server over streamable HTTP (`url`) and the older SSE transport (`sseUrl`), written by hand so that it can misbehave. Its tools:
 * `echo`, `look` (read-only) and one per kind of misbehavior.
 */
export interface McpFake extends AsyncDisposable {
  url: string;
  sseUrl: string;
  host: string;
  /** Every call, in order. */
  calls: { method: string; tool?: string; arguments?: unknown; authorization?: string }[];
  /** From now on only this bearer token is valid; a refresh returns it. */
  renewToken(token: string): void;
  close(): Promise<void>;
}
export interface McpFakeOptions {
  /** Requires this bearer token and offers OAuth. */
  token?: string;
  /** No dynamic registration: only this client is known. */
  client?: { id: string; secret: string };
  /** Redirects every request there. */
  redirectTo?: string;
  /** Never responds. */
  isSilent?: boolean;
  /** Replaces its own tools. */
  tools?: unknown[];
}

const object = (properties: object, required: string[] = []) => ({ type: "object", properties, required });
const tools = [
  {
    name: "echo",
    description: "Says it again.\u200b\u0007",
    inputSchema: object({ text: { type: "string", pattern: "(a+)+$" } }, ["text"]),
  },
  { name: "look", description: "Looks.", inputSchema: object({}), annotations: { readOnlyHint: true } },
  { name: "hang", description: "Never answers.", inputSchema: object({}) },
  { name: "flood", description: "Answers without end.", inputSchema: object({}) },
  { name: "die", description: "Ends in the middle.", inputSchema: object({}) },
  { name: "refuse", description: "Says that it failed.", inputSchema: object({}) },
  { name: "nonsense", description: "Breaks the protocol.", inputSchema: object({}) },
  { name: "long", description: `Long.${"x".repeat(5_000)}`, inputSchema: object({}) },
  {
    name: "lie",
    description: "Its schema is nothing of the kind.",
    inputSchema: {
      type: "object",
      properties: { a: { type: "frob", $ref: "#/properties/a" }, b: { $ref: "#/$defs/b" } },
      required: [],
      $defs: { b: { $ref: "#/$defs/b" } },
    },
  },
];

export async function startMcpServer(options: McpFakeOptions = {}): Promise<McpFake> {
  const calls: McpFake["calls"] = [];
  let challenge = "";
  let { token } = options;
  let stream: ServerResponse | undefined;
  const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", origin());
      const body = await textOf(request);
      if (options.isSilent) return;
      if (options.redirectTo) return void response.writeHead(307, { location: options.redirectTo }).end();
      if (url.pathname.startsWith("/.well-known/oauth-protected-resource"))
        return token ? json(response, 200, { resource: `${origin()}/mcp`, authorization_servers: [origin()] }) : json(response, 404, {});
      if (url.pathname === "/.well-known/oauth-authorization-server")
        return json(response, 200, {
          issuer: origin(),
          authorization_endpoint: `${origin()}/authorize`,
          token_endpoint: `${origin()}/token`,
          ...(!options.client && { registration_endpoint: `${origin()}/register` }),
          response_types_supported: ["code"],
          grant_types_supported: ["authorization_code", "refresh_token"],
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: [options.client ? "client_secret_post" : "none"],
        });
      if (url.pathname === "/register") return json(response, 201, { ...(JSON.parse(body) as object), client_id: "a-client" });
      // A user would sign in here; the fake redirects at once.
      if (url.pathname === "/authorize") {
        challenge = url.searchParams.get("code_challenge") ?? "";
        const back = new URL(url.searchParams.get("redirect_uri") ?? "");
        back.searchParams.set("code", "a-code");
        back.searchParams.set("state", url.searchParams.get("state") ?? "");
        return void response.writeHead(302, { location: back.href }).end();
      }
      if (url.pathname === "/token") {
        const form = new URLSearchParams(body);
        const tokens = { access_token: token, token_type: "bearer", refresh_token: "a-refresh-token", expires_in: 3600 };
        if (options.client && (form.get("client_id") !== options.client.id || form.get("client_secret") !== options.client.secret))
          return json(response, 401, { error: "invalid_client" });
        if (form.get("grant_type") === "refresh_token")
          return form.get("refresh_token") === "a-refresh-token"
            ? json(response, 200, tokens)
            : json(response, 400, { error: "invalid_grant" });
        const proof = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (form.get("code") !== "a-code" || proof !== challenge) return json(response, 400, { error: "invalid_grant" });
        return json(response, 200, {
          access_token: token,
          token_type: "bearer",
          refresh_token: "a-refresh-token",
          expires_in: 3600,
        });
      }
      if (request.method === "GET" && url.pathname === "/sse") {
        stream = response.writeHead(200, { "content-type": "text/event-stream" });
        return void response.write("event: endpoint\ndata: /messages\n\n");
      }
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { authorization } = request.headers;
      if (token && authorization !== `Bearer ${token}`)
        return json(
          response,
          401,
          {},
          { "www-authenticate": `Bearer resource_metadata="${origin()}/.well-known/oauth-protected-resource/mcp"` },
        );
      const message = JSON.parse(body) as { id?: number; method: string; params?: { name?: string; arguments?: unknown } };
      const { params } = message;
      calls.push({
        method: message.method,
        ...(params?.name !== undefined && { tool: params.name, arguments: params.arguments }),
        ...(authorization !== undefined && { authorization }),
      });
      if (message.id === undefined) return void response.writeHead(202).end();
      const answer = (result: unknown) => {
        const body = { jsonrpc: "2.0", id: message.id, result };
        if (url.pathname !== "/messages") return json(response, 200, body);
        response.writeHead(202).end();
        return void stream?.write(`event: message\ndata: ${JSON.stringify(body)}\n\n`);
      };
      const say = (text: string) => answer({ content: [{ type: "text", text }] });
      if (message.method === "initialize")
        return answer({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "fake", version: "1" } });
      if (message.method === "tools/list") return answer({ tools: options.tools ?? tools });
      switch (params?.name) {
        case "echo":
          return answer({
            content: [
              { type: "text", text: `${JSON.stringify(params.arguments)} for ${authorization ?? "nobody"}` },
              { type: "image", data: png(20, 10).toString("base64"), mimeType: "image/png" },
            ],
          });
        case "hang":
          return;
        case "flood": {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const line = `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x".repeat(60_000) } })}\n\n`;
          const more = () => {
            while (!response.destroyed && response.write(line));
          };
          response.on("drain", more);
          return more();
        }
        case "die":
          return void request.socket.destroy();
        case "refuse":
          return answer({ isError: true, content: [{ type: "text", text: "No." }] });
        case "nonsense":
          return answer({ content: "not a list" });
        case "long":
          return say("y".repeat(100_000));
        default:
          return say(`${params?.name}: ${JSON.stringify(params?.arguments)}`);
      }
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const origin = () => `http://127.0.0.1:${port}`;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  const renewToken = (next: string) => void (token = next);
  return {
    url: `${origin()}/mcp`,
    sseUrl: `${origin()}/sse`,
    host: `127.0.0.1:${port}`,
    calls,
    renewToken,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** The same over stdio, for `node server.mjs` inside a sandbox: tools `greet`, `flood` and `die`. Greets with its variable WORD. */
export const stdioMcpServer = `import { createInterface } from "node:readline";
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const tool = (name) => ({ name, description: name, inputSchema: { type: "object", properties: {} } });
console.error("started");
process.stdout.write("not a message\\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") say({ id, result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } } });
  if (method === "tools/list") say({ id, result: { tools: ["greet", "flood", "die"].map(tool) } });
  if (method !== "tools/call") continue;
  if (params.name === "greet") say({ id, result: { content: [{ type: "text", text: "Hello " + process.env.WORD + " from " + process.cwd() }] } });
  if (params.name === "die") { console.error("out of luck"); process.exit(3); }
  if (params.name === "flood") for (;;) if (!process.stdout.write("x".repeat(65536))) await new Promise((r) => process.stdout.once("drain", r));
}
`;
