import {
  described,
  Literals,
  Nullable,
  ProjectParams,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
import { rowRoutes } from "./database-rows.ts";
import { tableRoutes } from "./database-tables.ts";
import { sqlRoutes } from "./database-sql.ts";
import { redisRoutes } from "./database-redis.ts";
import { route } from "./route.ts";

const tag = "databases";

export const DatabaseKind = described(
  "`postgres`, `mysql` and `redis` are services of the project, `sqlite` is a file in its tree. `mysql` is also MariaDB. `redis` (also Valkey) has keys instead of tables, and routes of its own.",
  Literals("postgres", "mysql", "redis", "sqlite"),
);
export type DatabaseKind = Static<typeof DatabaseKind>;

export const DatabaseState = described(
  "`ready`: it can be read; `asleep`: reading wakes the project; `starting`, `stopped`, `failed`: the container has to run first; `unsupported`: this view cannot open it.",
  Literals("ready", "asleep", "starting", "stopped", "failed", "unsupported"),
);
export type DatabaseState = Static<typeof DatabaseState>;

export const DataEnvironment = described(
  "Whose data it is. `development`: the project's own, which its preview shows. `production`: that of the version that is live on this server. `preview`: that of the preview deployments on this server.",
  Literals("development", "production", "preview"),
);
export type DataEnvironment = Static<typeof DataEnvironment>;

export const DataSource = described(
  "A database of a project. Its address and credentials are never returned.",
  Type.Object({
    id: described(
      "The id of its container; for deployments `deployed-production-` or `deployed-preview-` before it; for a file `file-` and its path in base64url",
      Type.String(),
    ),
    kind: DatabaseKind,
    environment: DataEnvironment,
    name: described("Name of the container, or path of the file", Type.String()),
    container_id: described("Null for a file", Nullable(Uuid)),
    path: described("Path of a SQLite file in the project; null for services", Nullable(Type.String())),
    state: DatabaseState,
    message: described("Why it cannot be read, in a sentence; null when `ready` or `asleep`", Nullable(Type.String())),
    size_bytes: described("Size of a SQLite file; null for services", Nullable(Type.Integer())),
  }),
);
export type DataSource = Static<typeof DataSource>;

export const QueryHistoryEntry = Type.Object({
  id: Uuid,
  database_id: Type.String(),
  database_name: Type.String(),
  sql: described("At most 10,000 characters; values of the project's secrets are masked", Type.String()),
  is_write: described("It was run with `execute`", Type.Boolean()),
  error: described("Why it failed; null if it did not", Nullable(Type.String())),
  duration_ms: Type.Integer(),
  created_at: Timestamp,
});
export type QueryHistoryEntry = Static<typeof QueryHistoryEntry>;

/** Reading wakes a sleeping project. Errors of a statement are `sql_error` with `details` as `SqlErrorDetails`. */
export const databasesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/databases",
    tag,
    summary: "List databases",
    description: "Databases that run as services of the project, and SQLite files in its tree. Connects to none and wakes nothing.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object(pageQuery),
    response: listOf(DataSource),
    errors: ["not_found", "project_busy"],
  }),
  ...tableRoutes,
  ...rowRoutes,
  ...sqlRoutes,
  ...redisRoutes,
  history: route({
    method: "GET",
    path: "/api/projects/{id}/query-history",
    tag,
    summary: "List query history",
    description: "The last 200 statements and Redis commands that you ran in the project's databases, newest first.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object(pageQuery),
    response: listOf(QueryHistoryEntry),
    errors: ["not_found"],
  }),
  clearHistory: route({
    method: "DELETE",
    path: "/api/projects/{id}/query-history",
    tag,
    summary: "Clear query history",
    description: "Deletes your query history in the project.",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
  removeHistory: route({
    method: "DELETE",
    path: "/api/projects/{id}/query-history/{entry_id}",
    tag,
    summary: "Delete query from history",
    description: "Deletes one entry of your query history.",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, entry_id: Uuid }),
    errors: ["not_found"],
  }),
};
