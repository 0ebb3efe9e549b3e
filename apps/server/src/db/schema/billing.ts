import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, numeric, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

export type PurchaseKind = "credits" | "subscription" | "agent" | "base" | "deploy_slot";
const buyer = () => uuid().references(() => users.id, { onDelete: "set null" });

/** Processed Stripe events, so that a repeated webhook has no effect. */
export const stripeEvents = pgTable("stripe_events", { id: text().primaryKey(), type: text().notNull(), received_at: createdAt() }, (t) => [
  index("stripe_events_received_at_idx").on(t.received_at),
]);

/** Checkout sessions and their outcome. Each is fulfilled once. */
export const checkouts = pgTable(
  "checkouts",
  {
    id: id(),
    user_id: buyer(),
    kind: text().$type<PurchaseKind>().notNull(),
    /** The item: tier and interval, credit package, agent or base. */
    subject: text().notNull(),
    amount_cents: integer(),
    session_id: text().unique(),
    url: text(),
    /** `refused`: the payment does not match the order and needs review. */
    status: text().$type<"open" | "fulfilled" | "refused" | "expired">().notNull().default("open"),
    created_at: createdAt(),
    expires_at: timestamptz().notNull(),
    fulfilled_at: timestamptz(),
  },
  (t) => [
    uniqueIndex("checkouts_open_key")
      .on(t.user_id, t.kind, t.subject)
      .where(sql`${t.status} = 'open'`),
    index("checkouts_user_id_idx").on(t.user_id),
  ],
);

/** Payments and their refunds. */
export const payments = pgTable(
  "payments",
  {
    id: id(),
    /** Payment intent, or invoice of a subscription; unique, so that a payment counts once. */
    key: text().notNull().unique(),
    user_id: buyer(),
    kind: text().$type<PurchaseKind>().notNull(),
    amount_cents: integer().notNull(),
    credits: integer().notNull().default(0),
    /** Of an agent or a base. */
    item_id: uuid(),
    item_name: text(),
    stripe_subscription_id: text(),
    /** Of a subscription: what the payment is for. Null for payments that were booked before these columns existed. */
    tier: text().$type<"basic" | "pro" | "ultra">(),
    billing_interval: text().$type<"monthly" | "annual">(),
    period_start: timestamptz(),
    period_end: timestamptz(),
    /** What Stripe kept of the payment; null until it is known. */
    fee_cents: integer(),
    refunded_cents: integer().notNull().default(0),
    created_at: createdAt(),
  },
  (t) => [
    index("payments_user_id_created_at_idx").on(t.user_id, t.created_at.desc()),
    index("payments_created_at_idx").on(t.created_at, t.id),
    index("payments_fee_missing_idx")
      .on(t.created_at)
      .where(sql`${t.fee_cents} is null`),
  ],
);
export type PaymentRow = typeof payments.$inferSelect;

/** Refunded amounts by payment key; may arrive before the payment. */
export const refunds = pgTable("payment_refunds", {
  key: text().primaryKey(),
  refunded_cents: integer().notNull().default(0),
  disputed_cents: integer().notNull().default(0),
  /** Disputed amount that was won back. All three only grow, so that events may arrive in any order. */
  won_cents: integer().notNull().default(0),
  updated_at: updatedAt(),
});

/**
 * Number of failed idempotency keys: Stripe replays the response to a key for a day, also an error, so the next attempt needs a new key.
 */
export const stripeRefusals = pgTable("stripe_refusals", {
  key: text().primaryKey(),
  count: integer().notNull(),
  refused_at: updatedAt(),
});

/** Subscriptions as last read from Stripe: plans and monthly agents. */
export const subscriptions = pgTable(
  "subscriptions",
  {
    id: id(),
    stripe_subscription_id: text().notNull().unique(),
    user_id: buyer(),
    kind: text().$type<"subscription" | "agent" | "base">().notNull(),
    item_id: uuid(),
    tier: text().$type<"basic" | "pro" | "ultra">(),
    billing_interval: text().$type<"monthly" | "annual">(),
    price_cents: integer().notNull().default(0),
    status: text().notNull(),
    current_period_start: timestamptz(),
    current_period_end: timestamptz(),
    cancel_at_period_end: boolean().notNull().default(false),
    cancel_at: timestamptz(),
    /** Sequence number of the request to Stripe, so that a late older response is ignored. */
    asked: bigint({ mode: "number" }).notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("subscriptions_user_id_created_at_idx").on(t.user_id, t.created_at.desc())],
);
export type SubscriptionRow = typeof subscriptions.$inferSelect;

const amount = () => numeric({ precision: 20, scale: 8 });

export type UsagePurpose = "turn" | "compaction" | "subagent" | "title" | "commit_message" | "probe";

/** One row per model call; costs are exact decimals of a cent. Rows are never changed, except for their payment. */
export const usageLogs = pgTable(
  "usage_logs",
  {
    id: id(),
    /** Null: the account was deleted; the usage is kept. */
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    agent_id: uuid(),
    project_id: uuid(),
    chat_id: uuid(),
    task_id: uuid(),
    model: text().notNull(),
    /** Purpose of the call: agent turn, summary, sub-agent, title, model test. */
    purpose: text().$type<UsagePurpose>().notNull().default("turn"),
    tokens_input: integer().notNull(),
    tokens_output: integer().notNull(),
    tokens_cached: integer().notNull().default(0),
    cost_input: amount().notNull().default("0"),
    cost_output: amount().notNull().default("0"),
    cost_total: amount().notNull().default("0"),
    credits_deducted: integer().notNull().default(0),
    /** Credits that were due but not available; waived. */
    shortfall_credits: integer().notNull().default(0),
    /** Creator of an agent with usage pricing, and the split of its price. */
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    creator_revenue: amount().notNull().default("0"),
    platform_revenue: amount().notNull().default("0"),
    is_byok: boolean().notNull().default(false),
    billed_status: text().$type<"pending" | "invoiced" | "paid" | "credited" | "exempt">().notNull().default("exempt"),
    /** Unique per model call, so that a call recorded twice is charged once. */
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

/** Manual credit adjustments with author and reason. Rows are never changed. */
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
    /** Idempotency key of the request. */
    idempotency_key: text(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("credit_adjustments_user_id_key_key").on(t.user_id, t.idempotency_key)],
);

/** Reserved credits of model calls in progress. One per run, because a run makes one call at a time. */
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

/**
 * Accounts of the ledger. `stripe`: balance at Stripe · `revenue`: earned · `creator`: owed to a creator · `credits`: purchased, unspent credits ·
 * `goodwill`: granted credits · `losses`: refunds of spent credits · `by_hand`: paid manually by the operator.
 */
export type LedgerAccount = "stripe" | "by_hand" | "revenue" | "creator" | "credits" | "goodwill" | "losses";

/**
 * Double entry: the entries of a posting sum to zero (checked by the database at commit) and are never changed or deleted.
 * Cents; positive is debit, negative is credit.
 */
export const ledgerEntries = pgTable(
  "ledger_entries",
  {
    id: id(),
    /** Natural key of the posting, e.g. `payment:pi_1`; unique, so that it is posted once. */
    posting: text().notNull(),
    account: text().$type<LedgerAccount>().notNull(),
    /** Owner of `creator` and `credits` entries. Entries of deleted users are kept without the user. */
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    amount_cents: bigint({ mode: "number" }).notNull(),
    created_at: createdAt(),
  },
  (t) => [
    unique("ledger_entries_posting_account_key").on(t.posting, t.account),
    index("ledger_entries_user_id_account_idx").on(t.user_id, t.account),
    index("ledger_entries_account_created_at_idx").on(t.account, t.created_at),
  ],
);

/** A visit of a referral link, without personal data. */
export const referralLandings = pgTable(
  "referral_landings",
  {
    id: id(),
    referred_by: text().notNull(),
    /** Keyed hash of the IP address. */
    ip_hash: text().notNull(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [index("referral_landings_referred_by_idx").on(t.referred_by)],
);

/** A registration with a referral code; one per user. */
export const referralConversions = pgTable(
  "referral_conversions",
  {
    user_id: uuid()
      .primaryKey()
      .references(() => users.id, { onDelete: "cascade" }),
    referred_by: text().notNull(),
    reward_credits: integer().notNull().default(0),
    created_at: createdAt(),
  },
  (t) => [index("referral_conversions_referred_by_idx").on(t.referred_by)],
);
