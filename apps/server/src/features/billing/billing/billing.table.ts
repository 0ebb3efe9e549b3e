import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

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
