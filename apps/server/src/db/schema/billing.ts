import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, numeric, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

export type PurchaseKind = "credits" | "subscription" | "agent" | "base" | "deploy_slot";
const buyer = () => uuid().references(() => users.id, { onDelete: "set null" });

/** Events of Stripe that were worked off: what comes twice is done once (marketplace-billing-admin 5.10). */
export const stripeEvents = pgTable("stripe_events", { id: text().primaryKey(), type: text().notNull(), received_at: createdAt() }, (t) => [
  index("stripe_events_received_at_idx").on(t.received_at),
]);

/** Pages on which somebody may pay, and what became of them. A session gives what it is for once. */
export const checkouts = pgTable(
  "checkouts",
  {
    id: id(),
    user_id: buyer(),
    kind: text().$type<PurchaseKind>().notNull(),
    /** What is bought: tier and interval, package, agent or base. */
    subject: text().notNull(),
    amount_cents: integer(),
    session_id: text().unique(),
    url: text(),
    /** `refused`: paid, but not what was asked for; somebody should look. */
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

/** Money that came in, and how much of it went back (1.9). */
export const payments = pgTable(
  "payments",
  {
    id: id(),
    /** Stripe's payment intent, or the invoice of a subscription: what is paid once counts once. */
    key: text().notNull().unique(),
    user_id: buyer(),
    kind: text().$type<PurchaseKind>().notNull(),
    amount_cents: integer().notNull(),
    credits: integer().notNull().default(0),
    /** Of an agent or a base. */
    item_id: uuid(),
    item_name: text(),
    stripe_subscription_id: text(),
    refunded_cents: integer().notNull().default(0),
    created_at: createdAt(),
  },
  (t) => [index("payments_user_id_created_at_idx").on(t.user_id, t.created_at.desc())],
);
export type PaymentRow = typeof payments.$inferSelect;

/** What went back of a payment, by its key; it may be told before the payment itself. */
export const refunds = pgTable("payment_refunds", {
  key: text().primaryKey(),
  refunded_cents: integer().notNull().default(0),
  disputed_cents: integer().notNull().default(0),
  /** Of what was disputed, what the bank gave back. All three only grow, so that they may be told in any order. */
  won_cents: integer().notNull().default(0),
  updated_at: updatedAt(),
});

/**
 * Stripe repeats its answer to a key for a day, a refusal too: how many keys it refused something under, so that the next try has another one.
 */
export const stripeRefusals = pgTable("stripe_refusals", {
  key: text().primaryKey(),
  count: integer().notNull(),
  refused_at: updatedAt(),
});

/** Stripe's subscriptions as it last told them: plans, and agents paid by the month. */
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
    /** The number of the question to Stripe that this is the answer to: an older answer that comes later changes nothing. */
    asked: bigint({ mode: "number" }).notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("subscriptions_user_id_created_at_idx").on(t.user_id, t.created_at.desc())],
);
export type SubscriptionRow = typeof subscriptions.$inferSelect;

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

/**
 * `stripe`: money at the payment service · `revenue`: what is earned · `creator`: what is owed to a creator · `credits`: purchased credits that
 * somebody has not spent · `goodwill`: credits given away · `losses`: money given back for credits that were spent · `by_hand`: what the operator
 * paid from elsewhere.
 */
export type LedgerAccount = "stripe" | "by_hand" | "revenue" | "creator" | "credits" | "goodwill" | "losses";

/**
 * Double entry: the entries of one posting sum to zero (the database checks it when the transaction ends), and none is ever changed or deleted.
 * Cents; positive is what came in or was paid (debit), negative what is owed or earned (credit).
 */
export const ledgerEntries = pgTable(
  "ledger_entries",
  {
    id: id(),
    /** The natural key of what happened, e.g. `payment:pi_1`: posted twice is posted once. */
    posting: text().notNull(),
    account: text().$type<LedgerAccount>().notNull(),
    /** Whose, of `creator` and `credits`. Of somebody who is gone the books keep the sums. */
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

/** Somebody followed a referral link (marketplace-billing-admin 9.2). Nothing in it says who. */
export const referralLandings = pgTable(
  "referral_landings",
  {
    id: id(),
    referred_by: text().notNull(),
    /** Keyed: without the server's key it leads back to no address. */
    ip_hash: text().notNull(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [index("referral_landings_referred_by_idx").on(t.referred_by)],
);

/** Somebody came by a code: once per person, for ever. */
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
