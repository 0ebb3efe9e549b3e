import { index, integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

export type PayoutState = "pending" | "processing" | "paid" | "failed";

/** One request of a creator for what they earned (marketplace-billing-admin 9.4). */
export const creatorPayouts = pgTable(
  "creator_payouts",
  {
    id: id(),
    /** Of somebody who is gone the books keep the sums. */
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    amount_cents: integer().notNull(),
    transactions_count: integer().notNull(),
    status: text().$type<PayoutState>().notNull().default("pending"),
    /** One per request: what is asked for twice is one payout. */
    idempotency_key: text(),
    paid_at: timestamptz(),
    stripe_transfer_id: text(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("creator_payouts_creator_id_key_key").on(t.creator_id, t.idempotency_key),
    index("creator_payouts_creator_id_created_at_idx").on(t.creator_id, t.created_at.desc()),
  ],
);
export type PayoutRow = typeof creatorPayouts.$inferSelect;

/** A sale, or a stretch of paid use, of something a creator made (marketplace-billing-admin 1.9). The creator's part is 90 %, rounded down. */
export const marketplaceTransactions = pgTable(
  "marketplace_transactions",
  {
    id: id(),
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    /** Of an agent or a base. */
    agent_id: uuid(),
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    transaction_type: text().$type<"one_time" | "subscription" | "usage">().notNull(),
    amount_total_cents: integer().notNull(),
    amount_creator_cents: integer().notNull(),
    amount_platform_cents: integer().notNull(),
    stripe_payment_intent: text().unique(),
    stripe_subscription_id: text(),
    stripe_invoice_id: text().unique(),
    payout_status: text().$type<PayoutState>().notNull().default("pending"),
    payout_id: uuid().references(() => creatorPayouts.id),
    payout_date: timestamptz(),
    /** The transfer at the payment service. */
    stripe_payout_id: text(),
    /** The buyer got the money back: not to be paid, and reversed where it was. */
    refunded_at: timestamptz(),
    reversed_at: timestamptz(),
    tokens_input: integer(),
    tokens_output: integer(),
    created_at: createdAt(),
  },
  (t) => [
    index("marketplace_transactions_creator_id_created_at_idx").on(t.creator_id, t.created_at),
    index("marketplace_transactions_payout_id_idx").on(t.payout_id),
    index("marketplace_transactions_user_id_idx").on(t.user_id),
  ],
);
