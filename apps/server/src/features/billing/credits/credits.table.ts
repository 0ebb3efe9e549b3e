import { sql } from "drizzle-orm";
import { boolean, index, integer, numeric, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

const amount = () => numeric({ precision: 20, scale: 8 });

export type UsagePurpose = "turn" | "compaction" | "subagent" | "title" | "probe";

/** One row per model call (marketplace-billing-admin 1.8); costs are exact decimals of a cent. Rows are added and never changed, but for their payment. */
export const usageLogs = pgTable(
  "usage_logs",
  {
    id: id(),
    /** Null: the account is gone; what was spent stays in the books, of nobody. */
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    agent_id: uuid(),
    project_id: uuid(),
    chat_id: uuid(),
    task_id: uuid(),
    model: text().notNull(),
    /** What the call was for: a turn of the agent, a summary of earlier turns, a sub-agent, a title, a trial of a model. */
    purpose: text().$type<UsagePurpose>().notNull().default("turn"),
    tokens_input: integer().notNull(),
    tokens_output: integer().notNull(),
    tokens_cached: integer().notNull().default(0),
    cost_input: amount().notNull().default("0"),
    cost_output: amount().notNull().default("0"),
    cost_total: amount().notNull().default("0"),
    credits_deducted: integer().notNull().default(0),
    /** Whole credits that were due and not there: forgiven. */
    shortfall_credits: integer().notNull().default(0),
    /** Who made the agent, where its use has a price of its own, and how what was paid for it is shared. */
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    creator_revenue: amount().notNull().default("0"),
    platform_revenue: amount().notNull().default("0"),
    is_byok: boolean().notNull().default(false),
    billed_status: text().$type<"pending" | "invoiced" | "paid" | "credited" | "exempt">().notNull().default("exempt"),
    /** One per model call: what is recorded twice is charged once. */
    request_id: text(),
    created_at: createdAt(),
  },
  (t) => [
    index("usage_logs_user_id_created_at_idx").on(t.user_id, t.created_at.desc()),
    index("usage_logs_task_id_idx").on(t.task_id),
    index("usage_logs_created_at_idx").on(t.created_at),
    index("usage_logs_agent_id_idx").on(t.agent_id),
    index("usage_logs_creator_id_idx")
      .on(t.creator_id, t.agent_id)
      .where(sql`${t.creator_id} is not null`),
    uniqueIndex("usage_logs_request_id_key")
      .on(t.request_id)
      .where(sql`${t.request_id} is not null`),
  ],
);
export type UsageRow = typeof usageLogs.$inferSelect;

/** Credits given or taken by hand, each with who and why. Rows are added and never changed. */
export const creditAdjustments = pgTable(
  "credit_adjustments",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    amount: integer().notNull(),
    balance_before: integer().notNull(),
    reason: text().notNull(),
    made_by_id: uuid().notNull(),
    /** One per request: what is asked for twice is done once. */
    idempotency_key: text(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("credit_adjustments_user_id_key_key").on(t.user_id, t.idempotency_key)],
);

/** What model calls under way may come to cost. One per run, because a run makes its calls one after another. */
export const creditReservations = pgTable(
  "credit_reservations",
  {
    task_id: uuid().primaryKey(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    amount: amount().notNull(),
    expires_at: timestamptz().notNull(),
  },
  (t) => [index("credit_reservations_user_id_idx").on(t.user_id)],
);
