import type { Connection, DeployProvider } from "@tesslate/contract";
import { bigint, boolean, doublePrecision, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { projects } from "./projects.ts";

/** The target values of a rename in progress. */
export interface PendingRename {
  name: string;
  service_key: string;
  host_label: string;
  container_name: string;
  directory: string;
}

export const containers = pgTable(
  "containers",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    base_id: uuid(),
    name: text().notNull(),
    /** Unique in the project; names the service in the sandbox and the host label. */
    service_key: text().notNull(),
    /** Unique across projects: the label under PREVIEW_DOMAIN. */
    host_label: text().notNull().unique(),
    directory: text().notNull().default("."),
    container_name: text().notNull(),
    start_command: jsonb().$type<string[]>(),
    framework: text(),
    port: integer(),
    internal_port: integer(),
    /** Encrypted JSON object of environment variables; names are stored separately for display. */
    environment_vars: bytea(),
    env_var_keys: jsonb().$type<string[]>().notNull().default([]),
    container_type: text().$type<"base" | "service">().notNull().default("base"),
    service_slug: text(),
    deployment_mode: text().$type<"container" | "external">().notNull().default("container"),
    external_endpoint: text(),
    credentials_id: uuid(),
    deployment_provider: text().$type<DeployProvider>(),
    position_x: doublePrecision().notNull().default(0),
    position_y: doublePrecision().notNull().default(0),
    status: text().$type<"stopped" | "starting" | "running" | "frozen" | "failed" | "connected">().notNull().default("stopped"),
    status_message: text(),
    /** Of a failed container. */
    exit_code: integer(),
    needs_restart: boolean().notNull().default(false),
    last_started_at: timestamptz(),
    /** Stopped individually by a person or the agent. Previews do not wake it. */
    is_stop_held: boolean().notNull().default(false),
    pending_rename: jsonb().$type<PendingRename>(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [uniqueIndex("containers_project_id_service_key_key").on(t.project_id, t.service_key)],
);
export type ContainerRow = typeof containers.$inferSelect;

/** Credentials of external services. */
export const containerCredentials = pgTable("container_credentials", {
  id: id(),
  container_id: uuid()
    .notNull()
    .unique()
    .references(() => containers.id, { onDelete: "cascade" }),
  /** Encrypted JSON object of the fields; their names are stored separately. */
  encrypted_values: bytea("sealed_values").notNull(),
  keys: jsonb().$type<string[]>().notNull().default([]),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type CredentialRow = typeof containerCredentials.$inferSelect;

/** Provider and consumer of variables. Acyclic. */
export const connections = pgTable(
  "connections",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    source_container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    target_container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    connection_type: text().$type<Connection["connection_type"]>().notNull().default("depends_on"),
    connector_type: text().$type<Connection["connector_type"]>().notNull().default("env_injection"),
    config: jsonb().$type<Record<string, unknown>>(),
    label: text(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("connections_source_container_id_target_container_id_key").on(t.source_container_id, t.target_container_id),
    index("connections_project_id_idx").on(t.project_id),
    index("connections_target_container_id_idx").on(t.target_container_id),
  ],
);
export type ConnectionRow = typeof connections.$inferSelect;

/** Requests of external proxies and the decisions, including denials. No foreign keys: the log outlives its subjects. */
export const podAccessLog = pgTable(
  "pod_access_log",
  {
    id: id(),
    user_id: uuid(),
    expected_user_id: text(),
    project_id: uuid(),
    success: boolean().notNull(),
    request_uri: text(),
    request_host: text(),
    ip_address: text(),
    user_agent: text(),
    failure_reason: text(),
    created_at: createdAt(),
  },
  (t) => [index("pod_access_log_created_at_idx").on(t.created_at)],
);

/** Preview nodes on the canvas. */
export const previews = pgTable(
  "previews",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    connected_container_id: uuid().references(() => containers.id, { onDelete: "set null" }),
    position_x: doublePrecision().notNull().default(0),
    position_y: doublePrecision().notNull().default(0),
    width: doublePrecision(),
    height: doublePrecision(),
    current_path: text().notNull().default("/"),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("previews_project_id_idx").on(t.project_id), index("previews_connected_container_id_idx").on(t.connected_container_id)],
);
export type PreviewRow = typeof previews.$inferSelect;

/** Links that show one container to people without an account. A withdrawn link has no row. */
export const previewShares = pgTable(
  "preview_shares",
  {
    id: id(),
    preview_id: uuid()
      .notNull()
      .references(() => previews.id, { onDelete: "cascade" }),
    /** Fixed: connecting the preview to another container ends the link. */
    container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    label: text(),
    expires_at: timestamptz().notNull(),
    visit_count: integer().notNull().default(0),
    last_visited_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [index("preview_shares_preview_id_idx").on(t.preview_id), index("preview_shares_container_id_idx").on(t.container_id)],
);
export type PreviewShareRow = typeof previewShares.$inferSelect;

/** Visits of share links; only the newest of each link are kept. */
export const previewShareVisits = pgTable(
  "preview_share_visits",
  {
    id: id(),
    share_id: uuid()
      .notNull()
      .references(() => previewShares.id, { onDelete: "cascade" }),
    visited_at: createdAt(),
    ip: text().notNull(),
    user_agent: text(),
  },
  (t) => [index("preview_share_visits_share_id_visited_at_idx").on(t.share_id, t.visited_at)],
);

/** A terminal; kept after it is closed, for the audit. */
export const shellSessions = pgTable(
  "shell_sessions",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    container_id: uuid(),
    container_name: text().notNull(),
    command: text().notNull(),
    working_dir: text().notNull().default("/app"),
    status: text().$type<"initializing" | "active" | "idle" | "closed" | "failed">().notNull().default("initializing"),
    cols: integer().notNull().default(80),
    rows: integer().notNull().default(24),
    bytes_read: bigint({ mode: "number" }).notNull().default(0),
    bytes_written: bigint({ mode: "number" }).notNull().default(0),
    total_reads: integer().notNull().default(0),
    process_id: integer(),
    created_at: createdAt(),
    last_activity_at: createdAt(),
    closed_at: timestamptz(),
  },
  (t) => [
    index("shell_sessions_user_id_status_idx").on(t.user_id, t.status),
    index("shell_sessions_project_id_status_idx").on(t.project_id, t.status),
  ],
);
export type ShellSessionRow = typeof shellSessions.$inferSelect;

/** Statements that a person ran in databases of a project, with its secrets masked. */
export const queryHistory = pgTable(
  "query_history",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** As in the API: the id of a container, or the path of a file. */
    database_id: text().notNull(),
    database_name: text().notNull(),
    sql: text().notNull(),
    is_write: boolean().notNull(),
    error: text(),
    duration_ms: integer().notNull(),
    created_at: createdAt(),
  },
  (t) => [
    index("query_history_user_id_project_id_created_at_idx").on(t.user_id, t.project_id, t.created_at),
    index("query_history_project_id_idx").on(t.project_id),
  ],
);
export type QueryHistoryRow = typeof queryHistory.$inferSelect;
