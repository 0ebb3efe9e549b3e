import type { DeployProvider } from "@tesslate/contract";
import { boolean, doublePrecision, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";

/** What a container that is being renamed becomes. */
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
    /** Unique over all projects: the label under PREVIEW_DOMAIN (accounts-projects 0.10). */
    host_label: text().notNull().unique(),
    directory: text().notNull().default("."),
    container_name: text().notNull(),
    start_command: jsonb().$type<string[]>(),
    framework: text(),
    port: integer(),
    internal_port: integer(),
    /** Encrypted JSON object of environment variables; names are kept beside it for display. */
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
    /** Of a failed one. */
    exit_code: integer(),
    needs_restart: boolean().notNull().default(false),
    last_started_at: timestamptz(),
    /** A person or the agent stopped this container alone. Previews do not wake it. */
    is_stop_held: boolean().notNull().default(false),
    pending_rename: jsonb().$type<PendingRename>(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [uniqueIndex("containers_project_id_service_key_key").on(t.project_id, t.service_key)],
);
export type ContainerRow = typeof containers.$inferSelect;

/** What an external service needs to be reached. */
export const containerCredentials = pgTable("container_credentials", {
  id: id(),
  container_id: uuid()
    .notNull()
    .unique()
    .references(() => containers.id, { onDelete: "cascade" }),
  /** Encrypted JSON object of the fields; their names are kept beside it. */
  sealed_values: bytea().notNull(),
  keys: jsonb().$type<string[]>().notNull().default([]),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type CredentialRow = typeof containerCredentials.$inferSelect;
