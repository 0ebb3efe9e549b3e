import { route } from "./route.ts";
import { IdParams, listOf, Literals, Maybe, Nullable, pageQuery, ProjectRef, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "mcp";

/** `stdio`: a program that runs inside the project's sandbox. `http`: streamable HTTP. `sse`: the older form of it. */
export const McpTransport = Literals("stdio", "http", "sse");
export type McpTransport = Static<typeof McpTransport>;

/** A tool as the server describes it: somebody else's words, cut to a bearable length. */
export const McpTool = Type.Object({
  name: Type.String(),
  title: Nullable(Type.String()),
  description: Type.String(),
  is_read_only: Type.Boolean({ description: "The server says that it changes nothing" }),
});
export type McpTool = Static<typeof McpTool>;

/** An MCP server whose tools the agent may use (agent-git-deploy 4.19). Values of headers and variables never come back. */
export const McpServer = Type.Object({
  id: Uuid,
  project_id: Nullable(Uuid),
  name: Type.String(),
  slug: Type.String({ description: "Its tools are called `mcp__{slug}__{tool}`" }),
  transport: McpTransport,
  url: Nullable(Type.String({ description: "Without its query, which may hold a key" })),
  command: Nullable(Type.Array(Type.String())),
  header_names: Type.Array(Type.String()),
  env_names: Type.Array(Type.String()),
  is_enabled: Type.Boolean(),
  trusts_read_only: Type.Boolean({ description: "What the server calls read-only runs without asking, also in plan mode" }),
  auth: Literals("none", "needed", "authorized"),
  oauth_client_id: Nullable(
    Type.String({ description: "Of a client that was registered by hand; without one the studio registers itself" }),
  ),
  tools: Type.Array(McpTool),
  tools_at: Nullable(Timestamp),
  problem: Nullable(Type.String({ description: "Why it could not be used the last time" })),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type McpServer = Static<typeof McpServer>;

const slug = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,23}$" });
const name = Type.String({ minLength: 1, maxLength: 60, pattern: "\\S" });
const url = Type.String({ maxLength: 2000, pattern: "^https?://" });
const command = Type.Array(Type.String({ minLength: 1, maxLength: 2000 }), {
  minItems: 1,
  maxItems: 50,
  description: "The program and its arguments, no shell",
});
const headerName = "^[A-Za-z0-9-]{1,100}$";
const variableName = "^[A-Za-z_][A-Za-z0-9_]{0,99}$";
const value = Type.String({ maxLength: 8000, pattern: "^[^\\r\\n\\u0000]*$" });
const values = <T extends typeof value | ReturnType<typeof Nullable<typeof value>>>(names: string, of: T) =>
  Type.Record(Type.String({ pattern: names }), of, { maxProperties: 30, additionalProperties: false });

/** For servers whose sign-in does not register clients by itself. Its redirect address is `/api/mcp/oauth/callback` of this studio. */
const OauthClient = Type.Object({
  client_id: Type.String({ minLength: 1, maxLength: 500 }),
  client_secret: Maybe(Type.String({ minLength: 1, maxLength: 1000 })),
});

export const NewMcpServer = Type.Object({
  project_id: Maybe(ProjectRef),
  name,
  slug: Type.Optional(slug),
  transport: McpTransport,
  url: Maybe(url),
  command: Maybe(command),
  headers: Type.Optional(values(headerName, value)),
  env: Type.Optional(values(variableName, value)),
  oauth_client: Maybe(OauthClient),
  trusts_read_only: Type.Optional(Type.Boolean()),
});
export type NewMcpServer = Static<typeof NewMcpServer>;
export const McpServerChange = Type.Object({
  name: Type.Optional(name),
  slug: Type.Optional(slug),
  url: Type.Optional(url),
  command: Type.Optional(command),
  /** Those given are set, null takes one away, the others stay. */
  headers: Type.Optional(values(headerName, Nullable(value))),
  env: Type.Optional(values(variableName, Nullable(value))),
  /** Another one, or null for none, ends a sign-in that was made. */
  oauth_client: Maybe(OauthClient),
  is_enabled: Type.Optional(Type.Boolean()),
  trusts_read_only: Type.Optional(Type.Boolean()),
});
export type McpServerChange = Static<typeof McpServerChange>;

const common = { tag, auth: "user" } as const;

export const mcpRoutes = {
  list: route({
    ...common,
    method: "GET",
    path: "/api/mcp/servers",
    summary: "One's own MCP servers, or those of a project",
    query: Type.Object({ ...pageQuery, project_id: Type.Optional(ProjectRef) }),
    response: listOf(McpServer),
    errors: ["not_found"],
  }),
  create: route({
    ...common,
    method: "POST",
    path: "/api/mcp/servers",
    summary: "Add an MCP server",
    keys: false,
    status: 201,
    body: NewMcpServer,
    response: McpServer,
    errors: ["not_found", "conflict", "outbound_refused", "mcp_limit_reached"],
  }),
  /** Where the browser comes back from the server's sign-in; sends it on to the app. */
  callback: route({
    method: "GET",
    path: "/api/mcp/oauth/callback",
    tag,
    summary: "End of a sign-in at an MCP server",
    auth: "optional",
    kind: "raw",
    takesUnknown: { query: "The provider adds what it likes." },
    status: 303,
    query: Type.Object({
      code: Type.Optional(Type.String({ maxLength: 4000 })),
      state: Type.Optional(Type.String({ maxLength: 500 })),
      error: Type.Optional(Type.String({ maxLength: 500 })),
    }),
  }),
  update: route({
    ...common,
    method: "PATCH",
    path: "/api/mcp/servers/{id}",
    summary: "Change an MCP server",
    keys: false,
    params: IdParams,
    body: McpServerChange,
    response: McpServer,
    errors: ["not_found", "conflict", "outbound_refused"],
  }),
  remove: route({
    ...common,
    method: "DELETE",
    path: "/api/mcp/servers/{id}",
    summary: "Forget an MCP server with its secrets",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  test: route({
    ...common,
    method: "POST",
    path: "/api/mcp/servers/{id}/test",
    summary: "Connect now and read its tools; what went wrong is in `problem`",
    keys: false,
    params: IdParams,
    body: Type.Object({ project_id: Maybe(ProjectRef) }),
    response: McpServer,
    errors: ["not_found", "rate_limited"],
  }),
  authorize: route({
    ...common,
    method: "POST",
    path: "/api/mcp/servers/{id}/authorize",
    summary: "Begin the server's sign-in; null when it still holds",
    keys: false,
    params: IdParams,
    response: Type.Object({ authorize_url: Nullable(Type.String()) }),
    errors: ["not_found", "bad_gateway", "outbound_refused"],
  }),
  forget: route({
    ...common,
    method: "DELETE",
    path: "/api/mcp/servers/{id}/authorization",
    summary: "Forget the sign-in at an MCP server",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
};
