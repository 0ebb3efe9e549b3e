import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

/** The webhook that reports the end of a run to the client that started it. URL and signing secret are encrypted. */
export const runWebhooks = pgTable(
  "run_webhooks",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    task_id: uuid().notNull().unique(),
    /** The run's message, also when the run continues as another task. */
    message_id: uuid().notNull(),
    encrypted_target: bytea("sealed_target").notNull(),
    /** `waiting`: the run has not ended; `due`: to be delivered or retried; then the outcome. */
    status: text().$type<"waiting" | "due" | "delivered" | "failed">().notNull().default("waiting"),
    /** The body, stored so that every attempt sends the same bytes. */
    body: text(),
    attempts: integer().notNull().default(0),
    next_at: timestamptz(),
    last_error: text(),
    created_at: createdAt(),
    delivered_at: timestamptz(),
  },
  (t) => [index("run_webhooks_message_id_idx").on(t.message_id), index("run_webhooks_status_idx").on(t.status)],
);
export type RunWebhookRow = typeof runWebhooks.$inferSelect;
