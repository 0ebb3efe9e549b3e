import { bigint, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** A terminal (accounts-projects 5); kept after its close for the audit. */
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
