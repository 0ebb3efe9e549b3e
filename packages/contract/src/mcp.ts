import { route } from "./route.ts";
import {
  described,
  IdParams,
  listOf,
  Literals,
  Maybe,
  Nullable,
  pageQuery,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";

const tag = "mcp";

/** `stdio`: a program in the project's sandbox. `http`: streamable HTTP. `sse`: its predecessor. */
export const McpTransport = Literals("stdio", "http", "sse");
export type McpTransport = Static<typeof McpTransport>;

export const McpTool = described(
  "A tool as the MCP server describes it, shortened. Untrusted text.",
  Type.Object({
    name: Type.String(),
    title: Nullable(Type.String()),
    description: Type.String(),
    is_read_only: Type.Boolean({ description: "The server declares it read-only" }),
  }),
);
export type McpTool = Static<typeof McpTool>;

export const McpServer = described(
  "An MCP server whose tools the agent can use. Values of headers and variables are never returned.",
  Type.Object({
    id: Uuid,
    project_id: Nullable(Uuid),
    name: Type.String(),
    slug: Type.String({ description: "Its tools are called `mcp__{slug}__{tool}`" }),
    transport: McpTransport,
    url: Nullable(Type.String({ description: "Without its query, which may contain a key" })),
    command: Nullable(Type.Array(Type.String())),
    header_names: Type.Array(Type.String()),
    env_names: Type.Array(Type.String()),
    is_enabled: Type.Boolean(),
    trusts_read_only: Type.Boolean({ description: "Tools that the server declares read-only run without approval, also in plan mode" }),
    auth: Literals("none", "needed", "authorized"),
    oauth_client_id: Nullable(Type.String({ description: "A client registered by hand; null: dynamic client registration" })),
    tools: Type.Array(McpTool),
    tools_at: Nullable(Timestamp),
    problem: Nullable(Type.String({ description: "Why the last connection failed" })),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
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

export const McpOauthClient = described(
  "For servers without dynamic client registration. The redirect URI is `/api/mcp/oauth/callback` of this server.",
  Type.Object({
    client_id: Type.String({ minLength: 1, maxLength: 500 }),
    client_secret: Maybe(Type.String({ minLength: 1, maxLength: 1000 })),
  }),
);

export const NewMcpServer = Type.Object({
  project_id: Maybe(ProjectRef),
  name,
  slug: Type.Optional(slug),
  transport: McpTransport,
  url: Maybe(url),
  command: Maybe(command),
  headers: Type.Optional(values(headerName, value)),
  env: Type.Optional(values(variableName, value)),
  oauth_client: Maybe(McpOauthClient),
  trusts_read_only: Type.Optional(Type.Boolean()),
});
export type NewMcpServer = Static<typeof NewMcpServer>;
export const McpServerChange = Type.Object({
  name: Type.Optional(name),
  slug: Type.Optional(slug),
  url: Type.Optional(url),
  command: Type.Optional(command),
  headers: described("Given names are set, null removes one, others stay", Type.Optional(values(headerName, Nullable(value)))),
  env: Type.Optional(values(variableName, Nullable(value))),
  oauth_client: described("Another client, or null for none, ends the current sign-in", Maybe(McpOauthClient)),
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
    summary: "List MCP servers",
    description: "Your MCP servers, or those of a project.",
    query: Type.Object({ ...pageQuery, project_id: Type.Optional(ProjectRef) }),
    response: listOf(McpServer),
    errors: ["not_found"],
  }),
  create: route({
    ...common,
    method: "POST",
    path: "/api/mcp/servers",
    summary: "Add MCP server",
    description: "Adds an MCP server for yourself or for one project. Header and variable values are stored encrypted and never returned.",
    keys: false,
    status: 201,
    body: NewMcpServer,
    response: McpServer,
    errors: ["not_found", "conflict", "outbound_refused", "mcp_limit_reached"],
  }),
  callback: route({
    method: "GET",
    path: "/api/mcp/oauth/callback",
    tag,
    summary: "Complete MCP sign-in",
    description: "The MCP server's sign-in redirects the browser here. Redirects into the app.",
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
    summary: "Update MCP server",
    description: "Changes an MCP server. In `headers` and `env`, given names are set, null removes one, and others stay.",
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
    summary: "Delete MCP server",
    description: "Deletes an MCP server with its secrets and sign-in.",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  test: route({
    ...common,
    method: "POST",
    path: "/api/mcp/servers/{id}/test",
    summary: "Test MCP server",
    description: "Connects and reads the server's tools. A failure is reported in `problem`, not as an error.",
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
    summary: "Start MCP sign-in",
    description: "Returns the page of the server's sign-in, or null if the current one is still valid.",
    keys: false,
    params: IdParams,
    response: Type.Object({ authorize_url: Nullable(Type.String()) }),
    errors: ["not_found", "bad_gateway", "outbound_refused"],
  }),
  forget: route({
    ...common,
    method: "DELETE",
    path: "/api/mcp/servers/{id}/authorization",
    summary: "Delete MCP sign-in",
    description: "Deletes the stored sign-in at an MCP server.",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
};
