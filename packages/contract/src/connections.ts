import { JsonObject, Literals, Maybe, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "connections";
const ProjectOnly = Type.Object({ id: ProjectRef });

export const ConnectionType = Literals("depends_on", "network", "custom");
export const ConnectorType = Literals(
  "env_injection",
  "http_api",
  "database",
  "message_queue",
  "websocket",
  "cache",
  "depends_on",
  "port_mapping",
);
export type ConnectorType = Static<typeof ConnectorType>;

/**
 * accounts-projects 1, Connection: the source provides, the target consumes. The target starts after the source is healthy and gets its variables.
 *
 * `config.env_mapping` is `{variable of the target: variable of the source}`. A service gives what its catalogue entry says. A container of
 * yours named `Orders API` gives `ORDERS_API_URL`, `_HOST` and `_PORT` and, as the first such source, `API_URL`; `http_api` appends
 * `config.base_path`, `websocket` gives a `ws:` address, `port_mapping` takes the port from `config.source_port`, `depends_on` gives nothing.
 */
export const Connection = Type.Object({
  id: Uuid,
  project_id: Uuid,
  source_container_id: Uuid,
  target_container_id: Uuid,
  connection_type: ConnectionType,
  connector_type: ConnectorType,
  config: Nullable(JsonObject),
  label: Nullable(Type.String()),
  env_keys: Type.Array(Type.String(), { description: "Names of the variables that the target gets through it" }),
  created_at: Timestamp,
});
export type Connection = Static<typeof Connection>;

export const CreateConnection = Type.Object({
  source_container_id: Uuid,
  target_container_id: Uuid,
  connection_type: Type.Optional(ConnectionType),
  connector_type: Type.Optional(ConnectorType),
  config: Maybe(JsonObject),
  label: Maybe(Type.String({ maxLength: 200 })),
});
export type CreateConnection = Static<typeof CreateConnection>;

/** accounts-projects 4.5. */
export const connectionsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/connections",
    tag,
    summary: "What connects the project's containers",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: listOf(Connection),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/connections",
    tag,
    summary: "Connect two containers: the source provides, the target consumes",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    body: CreateConnection,
    response: Connection,
    errors: ["not_found", "bad_request", "connection_cycle", "conflict"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/connections/{conn_id}",
    tag,
    summary: "Take a connection away; the target forgets its variables at its next start",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, conn_id: Uuid }),
    errors: ["not_found"],
  }),
};
