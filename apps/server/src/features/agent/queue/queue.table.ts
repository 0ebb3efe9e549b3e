import { index, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import type { QueueHold, QueueMessage } from "@tesslate/contract";
import { createdAt, id } from "../../../platform/columns.ts";
import { chats } from "../chat/chat.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** A message that waits for the run of its chat to end, or to be heard by it. */
export const queuedMessages = pgTable(
  "queued_messages",
  {
    id: id(),
    chat_id: uuid()
      .notNull()
      .references(() => chats.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    user_name: text().notNull(),
    message: text().notNull(),
    /** The choices of the run that it will start. */
    options: jsonb().$type<Omit<QueueMessage, "message">>().notNull(),
    position: integer().notNull(),
    /** The run that was going on when it was steered. Ended, it has not heard it: then this is the next message. */
    steer_task_id: uuid(),
    /** The same for all of a chat: nothing is sent by itself until a person says so. */
    held: jsonb().$type<QueueHold>(),
    created_at: createdAt(),
  },
  (t) => [index("queued_messages_chat_id_position_idx").on(t.chat_id, t.position)],
);
export type QueuedRow = typeof queuedMessages.$inferSelect;
