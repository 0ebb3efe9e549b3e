import { index, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { Connection } from "@tesslate/contract";
import { createdAt, id } from "../../../platform/columns.ts";
import { containers } from "../containers/containers.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";

/** Who provides and who consumes (accounts-projects 1, Connection). They make no circle. */
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
