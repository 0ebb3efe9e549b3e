import { index, integer, jsonb, pgTable, uuid } from "drizzle-orm/pg-core";
import { createdAt } from "../../../platform/columns.ts";
import { chats } from "../../agent/chat/chat.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { checkpoints } from "../snapshots/snapshots.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** What of a file is rejected. */
export interface Rejection {
  path: string;
  is_whole: boolean;
  /** Ids of hunks. */
  hunks: string[];
}

/** The files around a run, and what a person rejected of its changes. Goes with the checkpoint before it. */
export const changeSets = pgTable(
  "change_sets",
  {
    task_id: uuid().primaryKey(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    /** The user's message; it may be gone. */
    message_id: uuid().notNull(),
    before_id: uuid()
      .notNull()
      .references(() => checkpoints.id, { onDelete: "cascade" }),
    /** Null: the run goes on, or nothing could be kept at its end. */
    after_id: uuid().references(() => checkpoints.id, { onDelete: "set null" }),
    files: integer().notNull().default(0),
    additions: integer().notNull().default(0),
    deletions: integer().notNull().default(0),
    /** Files that a person wrote while the run went on; `is_shared`: the run wrote them too. */
    by_person: jsonb().$type<{ path: string; is_shared: boolean }[]>().notNull().default([]),
    rejected: jsonb().$type<Rejection[]>().notNull().default([]),
    created_at: createdAt(),
  },
  (t) => [
    index("change_sets_message_id_idx").on(t.message_id),
    index("change_sets_before_id_idx").on(t.before_id),
    index("change_sets_after_id_idx").on(t.after_id),
    index("change_sets_project_id_idx").on(t.project_id),
    index("change_sets_chat_id_idx").on(t.chat_id),
    index("change_sets_user_id_idx").on(t.user_id),
  ],
);
export type ChangeSetRow = typeof changeSets.$inferSelect;
