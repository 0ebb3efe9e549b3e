import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

/** The one call that tells a program of its run's end (agent-git-deploy 4.16). Made with the run; the address and the secret are sealed. */
export const runWebhooks = pgTable(
  "run_webhooks",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    task_id: uuid().notNull().unique(),
    /** The answer that the run fills, also when the run goes on as another task. */
    message_id: uuid().notNull(),
    sealed_target: bytea().notNull(),
    /** `waiting` for the end of the run; `due` to be told, also again; then the outcome. */
    status: text().$type<"waiting" | "due" | "delivered" | "failed">().notNull().default("waiting"),
    /** What is told: kept, so that every try sends the same bytes. */
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
