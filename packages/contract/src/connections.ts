import {
  described,
  JsonObject,
  Literals,
  Maybe,
  Nullable,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
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

export const Connection = described(
  "What one container provides to another: the source provides, the target consumes. The target starts after the source is healthy and gets its variables. `config.env_mapping` is `{variable of the target: variable of the source}`. A service provides the outputs of its catalogue entry. An app named `Orders API` provides `ORDERS_API_URL`, `_HOST` and `_PORT` and, as the first such source, `API_URL`; `http_api` appends `config.base_path`, `websocket` provides a `ws:` URL, `port_mapping` uses `config.source_port`, `depends_on` provides nothing.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    source_container_id: Uuid,
    target_container_id: Uuid,
    connection_type: ConnectionType,
    connector_type: ConnectorType,
    config: Nullable(JsonObject),
    label: Nullable(Type.String()),
    env_keys: Type.Array(Type.String(), { description: "Names of the variables that the target gets" }),
    created_at: Timestamp,
  }),
);
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

export const connectionsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/connections",
    tag,
    summary: "List connections",
    description: "What each container provides to another, as environment variables.",
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
    summary: "Connect containers",
    description:
      "Connects two containers: the source provides, the target consumes. The target starts after the source is healthy and gets its variables at its next start. Cycles are refused.",
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
    summary: "Delete connection",
    description: "Removes a connection. The target loses its variables at its next start.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, conn_id: Uuid }),
    errors: ["not_found"],
  }),
};
