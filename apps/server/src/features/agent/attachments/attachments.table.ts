import { sql } from "drizzle-orm";
import { index, integer, pgTable, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { MessageAttachment } from "@tesslate/contract";
import { bytea, createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/**
 * Files that people attach to messages (agent-git-deploy 4.19). Which message uses one stands in the message's metadata alone, so that forks, clears and
 * restores need nothing from here: what no message names any more is swept.
 */
export const attachments = pgTable(
  "chat_attachments",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Null: uploaded for the first message of a project that is still to be created. */
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    mime_type: text().notNull(),
    kind: text().$type<MessageAttachment["kind"]>().notNull(),
    /** While it is being uploaded: what has come so far. */
    size_bytes: integer().notNull().default(0),
    width: integer(),
    height: integer(),
    created_at: createdAt(),
    /** Null: still on its way. */
    completed_at: timestamptz(),
    /** When a message named it last. */
    used_at: timestamptz(),
  },
  (t) => [
    index("chat_attachments_user_id_project_id_idx").on(t.user_id, t.project_id),
    index("chat_attachments_project_id_idx").on(t.project_id),
    index("chat_attachments_open_idx")
      .on(t.created_at)
      .where(sql`completed_at is null`),
  ],
);
export type AttachmentRow = typeof attachments.$inferSelect;

/** Its bytes, sealed piece by piece: they are somebody's documents, and go with their row. */
export const attachmentPieces = pgTable(
  "chat_attachment_pieces",
  {
    id: id(),
    attachment_id: uuid()
      .notNull()
      .references(() => attachments.id, { onDelete: "cascade" }),
    position: smallint().notNull(),
    sealed_data: bytea().notNull(),
  },
  (t) => [uniqueIndex("chat_attachment_pieces_attachment_id_position_key").on(t.attachment_id, t.position)],
);
