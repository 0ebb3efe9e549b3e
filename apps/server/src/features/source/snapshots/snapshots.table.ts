import { bigint, boolean, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { chats } from "../../agent/chat/chat.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** accounts-projects 4.6. The content lies in the history of `storage_key` (a sandbox's id) under the name `snapshot/<id>`. */
export const snapshots = pgTable(
  "snapshots",
  {
    id: id(),
    /** Outlives its project by the retention, for the administrator to recover. */
    project_id: uuid().references(() => projects.id, { onDelete: "set null" }),
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    storage_key: text().notNull(),
    snapshot_name: text().notNull(),
    snapshot_type: text().$type<"hibernation" | "manual" | "safety">().notNull(),
    status: text().$type<"pending" | "ready" | "error">().notNull().default("pending"),
    label: text(),
    volume_size_bytes: bigint({ mode: "number" }),
    databases: jsonb().$type<string[]>().notNull().default([]),
    error: text(),
    is_soft_deleted: boolean().notNull().default(false),
    soft_delete_expires_at: timestamptz(),
    created_at: createdAt(),
    ready_at: timestamptz(),
  },
  (t) => [index("snapshots_project_id_created_at_idx").on(t.project_id, t.created_at.desc())],
);
export type SnapshotRow = typeof snapshots.$inferSelect;

/** Points in time that the server keeps by itself, under the name `checkpoint/<id>`. */
export const checkpoints = pgTable(
  "checkpoints",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** `turn_end`: after a turn; in no list, for the change set of its run. `replace`: before a person removed or replaced files. */
    kind: text().$type<"turn" | "turn_end" | "restore" | "replace">().notNull(),
    label: text().notNull(),
    chat_id: uuid().references(() => chats.id, { onDelete: "set null" }),
    /** The user's message; it may be gone. */
    message_id: uuid(),
    task_id: uuid(),
    created_at: createdAt(),
  },
  (t) => [
    index("checkpoints_project_id_created_at_idx").on(t.project_id, t.created_at.desc()),
    index("checkpoints_message_id_idx").on(t.message_id),
    index("checkpoints_created_at_idx").on(t.created_at),
  ],
);
export type CheckpointRow = typeof checkpoints.$inferSelect;
