import { ModelCost, IdParams, Literals, listOf, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { Tier } from "./users.ts";

const tag = "billing";
const PaidTier = Literals("basic", "pro", "ultra");
const Interval = Literals("monthly", "annual");
export type BillingInterval = Static<typeof Interval>;

/** marketplace-billing-admin 5.2, 5.7: whole credits, one is one US cent. */
export const CreditBalance = Type.Object({
  daily_credits: Type.Integer(),
  bundled_credits: Type.Integer(),
  /** 0 once it has expired. */
  signup_bonus_credits: Type.Integer(),
  purchased_credits: Type.Integer(),
  total_credits: Type.Integer(),
  monthly_allowance: Type.Integer(),
  credits_reset_date: Nullable(Timestamp),
  signup_bonus_expires_at: Nullable(Timestamp),
  tier: Tier,
  threshold: Type.Integer({ description: "At and below this the balance counts as low; a fifth of the monthly allowance" }),
  is_low: Type.Boolean(),
  is_empty: Type.Boolean(),
  /** False: this server charges nobody, whatever the balance. */
  is_billed: Type.Boolean(),
});
export type CreditBalance = Static<typeof CreditBalance>;

/** One model call (1.8). */
export const UsageEntry = Type.Object({
  id: Uuid,
  model: Type.String(),
  purpose: Literals("turn", "compaction", "subagent", "title", "probe"),
  tokens_input: Type.Integer(),
  tokens_output: Type.Integer(),
  cost_total_cents: ModelCost,
  credits_deducted: Type.Integer(),
  agent_id: Nullable(Uuid),
  project_id: Nullable(Uuid),
  chat_id: Nullable(Uuid),
  billed_status: Literals("pending", "invoiced", "paid", "credited", "exempt"),
  is_byok: Type.Boolean(),
  created_at: Timestamp,
});
export type UsageEntry = Static<typeof UsageEntry>;

const UsageSum = Type.Object({
  requests: Type.Integer(),
  tokens_input: Type.Integer(),
  tokens_output: Type.Integer(),
  cost_total_cents: ModelCost,
});

/** Calls that have something in common: `key` is the day (2026-01-31, UTC), or the id; null stands for calls without one. */
export const UsageGroup = Type.Object({
  key: Nullable(Type.String()),
  name: Nullable(Type.String()),
  ...UsageSum.properties,
  credits_deducted: Type.Integer(),
});
export type UsageGroup = Static<typeof UsageGroup>;

export const UsageSummary = Type.Object({
  total_cost_cents: ModelCost,
  credits_deducted: Type.Integer(),
  total_tokens_input: Type.Integer(),
  total_tokens_output: Type.Integer(),
  total_requests: Type.Integer(),
  by_model: Type.Record(Type.String(), UsageSum),
  by_agent: Type.Record(Type.String(), UsageSum, { description: "By agent id; calls without an agent are left out" }),
  period_start: Timestamp,
  period_end: Timestamp,
});
export type UsageSummary = Static<typeof UsageSummary>;

/** 5.4. Limits are null where there are none. The period is that of the subscription as Stripe last told it. */
export const Subscription = Type.Object({
  tier: Tier,
  is_active: Type.Boolean({ description: "The tier is not the free one" }),
  subscription_id: Nullable(Type.String()),
  stripe_customer_id: Nullable(Type.String()),
  /** As Stripe calls it (`active`, `past_due` …); null without a subscription. */
  status: Nullable(Type.String()),
  billing_interval: Nullable(Interval),
  current_period_start: Nullable(Timestamp),
  current_period_end: Nullable(Timestamp),
  cancel_at_period_end: Nullable(Type.Boolean()),
  cancel_at: Nullable(Timestamp),
  max_projects: Nullable(Type.Integer()),
  max_deploys: Nullable(Type.Integer({ description: "With the slots that were bought" })),
  purchased_deploy_slots: Type.Integer(),
  bundled_credits: Type.Integer(),
  purchased_credits: Type.Integer(),
  signup_bonus_credits: Type.Integer(),
  daily_credits: Type.Integer(),
  total_credits: Type.Integer(),
  monthly_allowance: Type.Integer(),
  credits_reset_date: Nullable(Timestamp),
  byok_enabled: Type.Boolean(),
  support_tier: Type.String(),
});
export type Subscription = Static<typeof Subscription>;

/** What a pricing page shows. `is_enabled` false: nothing can be bought here (`payments_not_configured`). */
export const BillingConfig = Type.Object({
  is_enabled: Type.Boolean(),
  publishable_key: Nullable(Type.String()),
  currency: Type.Literal("usd"),
  packages: Type.Array(Type.Object({ id: Type.String(), credits: Type.Integer(), price_cents: Type.Integer() })),
  tiers: Type.Array(
    Type.Object({
      tier: Tier,
      price_cents: Type.Integer({ description: "Per month" }),
      intervals: Type.Array(Interval, { description: "Those that can be bought here" }),
      monthly_allowance: Type.Integer(),
      daily_credits: Type.Integer(),
      max_projects: Nullable(Type.Integer()),
      max_deploys: Nullable(Type.Integer()),
      byok_enabled: Type.Boolean(),
      support_tier: Type.String(),
    }),
  ),
  signup_bonus_credits: Type.Integer(),
  signup_bonus_days: Type.Integer(),
  deploy_slot_price_cents: Type.Integer(),
  creator_share: Type.Number(),
});
export type BillingConfig = Static<typeof BillingConfig>;

/** A page of Stripe on which to pay. */
export const Checkout = Type.Object({ session_id: Type.String(), checkout_url: Type.String() });
export type Checkout = Static<typeof Checkout>;

/** Money that one paid, and how much of it came back (1.9). `refunded`: all of it. */
export const Transaction = Type.Object({
  id: Uuid,
  kind: Literals("credits", "subscription", "agent", "base", "deploy_slot"),
  status: Literals("completed", "refunded"),
  amount_cents: Type.Integer(),
  refunded_cents: Type.Integer(),
  credits: Type.Integer(),
  item: Nullable(Type.String({ description: "Name of what was bought" })),
  agent_id: Nullable(Uuid),
  created_at: Timestamp,
});
export type Transaction = Static<typeof Transaction>;

const SessionBody = Type.Object({ session_id: Type.String({ minLength: 1, maxLength: 200, pattern: "^cs_[A-Za-z0-9_]+$" }) });
const window = {
  start_date: Type.Optional(Type.String({ format: "date-time", description: "Default: the first of this month, UTC" })),
  end_date: Type.Optional(Type.String({ format: "date-time", description: "Default: now" })),
  model: Type.Optional(Type.String({ maxLength: 200 })),
  project_id: Type.Optional(Uuid),
  agent_id: Type.Optional(Uuid),
};
const paying = ["payments_not_configured", "stripe_error", "rate_limited"] as const;

/** marketplace-billing-admin 5. Without Stripe everything that only reads works; what pays answers `payments_not_configured`. */
export const billingRoutes = {
  credits: route({
    method: "GET",
    path: "/api/billing/credits",
    tag,
    summary: "One's credits, by where they come from",
    auth: "user",
    response: CreditBalance,
  }),
  usage: route({
    method: "GET",
    path: "/api/billing/usage",
    tag,
    summary: "One's model calls in a window of time, the newest first, with sums over the whole window",
    auth: "user",
    query: Type.Object({ ...pageQuery, ...window }),
    response: Type.Object({ ...listOf(UsageEntry).properties, summary: UsageSummary }),
  }),
  usageGroups: route({
    method: "GET",
    path: "/api/billing/usage/groups",
    tag,
    summary: "The same window added up by day, project, model or agent; days in order, the rest by cost",
    auth: "user",
    query: Type.Object({ by: Literals("day", "project", "model", "agent"), ...window }),
    response: Type.Object({ items: Type.Array(UsageGroup), period_start: Timestamp, period_end: Timestamp }),
  }),
  usageExport: route({
    method: "GET",
    path: "/api/billing/usage/export",
    tag,
    summary: "Every call of the window as CSV, the oldest first",
    auth: "user",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(window),
  }),
  config: route({
    method: "GET",
    path: "/api/billing/config",
    tag,
    summary: "What can be bought on this server, and for how much",
    auth: "none",
    response: BillingConfig,
  }),
  subscription: route({
    method: "GET",
    path: "/api/billing/subscription",
    tag,
    summary: "One's plan, its limits and its period",
    auth: "user",
    response: Subscription,
  }),
  checkout: route({
    method: "POST",
    path: "/api/billing/checkout",
    tag,
    summary: "A page on which to pay for a plan",
    auth: "user",
    keys: false,
    bodyOptional: true,
    body: Type.Object({ tier: Type.Optional(PaidTier), billing_interval: Type.Optional(Interval) }),
    response: Checkout,
    errors: ["already_subscribed", ...paying],
  }),
  verifyCheckout: route({
    method: "POST",
    path: "/api/billing/verify-checkout",
    tag,
    summary: "Back from the payment: gives what was paid for, if Stripe says so, without waiting for its webhook",
    auth: "user",
    keys: false,
    body: SessionBody,
    response: Type.Object({ status: Literals("fulfilled", "pending") }),
    errors: ["not_found", ...paying],
  }),
  portal: route({
    method: "POST",
    path: "/api/billing/portal",
    tag,
    summary: "A page of Stripe with one's cards, invoices and plan",
    auth: "user",
    keys: false,
    response: Type.Object({ portal_url: Type.String() }),
    errors: ["no_stripe_customer", ...paying],
  }),
  cancel: route({
    method: "POST",
    path: "/api/billing/cancel",
    tag,
    summary: "End one's plan: at the end of the period that is paid, or at once",
    auth: "user",
    keys: false,
    bodyOptional: true,
    body: Type.Object({ at_period_end: Type.Optional(Type.Boolean({ default: true })) }),
    response: Subscription,
    errors: ["no_subscription", ...paying],
  }),
  renew: route({
    method: "POST",
    path: "/api/billing/renew",
    tag,
    summary: "Keep a plan that was going to end with its period",
    auth: "user",
    keys: false,
    response: Subscription,
    errors: ["no_subscription", ...paying],
  }),
  purchaseCredits: route({
    method: "POST",
    path: "/api/billing/credits/purchase",
    tag,
    summary: "A page on which to pay for credits",
    auth: "user",
    keys: false,
    body: Type.Object({ package: Literals("small", "medium", "large", "team") }),
    response: Checkout,
    errors: paying,
  }),
  purchaseDeploySlot: route({
    method: "POST",
    path: "/api/billing/deploy-slots",
    tag,
    summary: "A page on which to pay for one more hosted project",
    auth: "user",
    keys: false,
    response: Checkout,
    errors: paying,
  }),
  transactions: route({
    method: "GET",
    path: "/api/billing/transactions",
    tag,
    summary: "What one paid and got back, the newest first",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(Transaction),
  }),
  webhook: route({
    method: "POST",
    path: "/api/webhooks/stripe",
    tag,
    summary: "Where Stripe tells what happened; signed with the endpoint's secret",
    auth: "none",
    kind: "raw",
    rawBody: true,
    takesUnknown: { query: "Whoever registers the address at Stripe may add to it.", body: "Stripe decides what an event holds." },
    contentType: "application/json",
    response: Type.Object({ received: Type.Literal(true) }),
    errors: ["invalid_signature", "payments_not_configured", "stripe_error"],
  }),
};

/** An agent that is paid for by the month (2.6). */
export const AgentSubscription = Type.Object({
  id: Uuid,
  agent_id: Uuid,
  agent_name: Type.String(),
  agent_slug: Type.String(),
  price_cents: Type.Integer(),
  status: Type.String(),
  current_period_end: Nullable(Timestamp),
  cancel_at_period_end: Type.Boolean(),
  created_at: Timestamp,
});
export type AgentSubscription = Static<typeof AgentSubscription>;

/** marketplace-billing-admin 13: what was bought in the marketplace. */
export const purchasesRoutes = {
  verify: route({
    method: "POST",
    path: "/api/marketplace/verify-purchase",
    tag: "marketplace",
    summary: "Back from the payment: puts what was paid for into the library, if Stripe says so",
    auth: "user",
    keys: false,
    body: SessionBody,
    response: Type.Object({
      agent_id: Nullable(Uuid),
      base_id: Maybe(Uuid),
      in_library: Type.Boolean(),
      checkout_url: Nullable(Type.String()),
      session_id: Nullable(Type.String()),
    }),
    errors: ["not_found", ...paying],
  }),
  subscriptions: route({
    method: "GET",
    path: "/api/marketplace/subscriptions",
    tag: "marketplace",
    summary: "Agents one pays for by the month, the newest first",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(AgentSubscription),
  }),
  cancel: route({
    method: "POST",
    path: "/api/marketplace/subscriptions/{id}/cancel",
    tag: "marketplace",
    summary: "End it with the period that is paid",
    auth: "user",
    keys: false,
    params: IdParams,
    response: AgentSubscription,
    errors: ["not_found", "no_subscription", ...paying],
  }),
  renew: route({
    method: "POST",
    path: "/api/marketplace/subscriptions/{id}/renew",
    tag: "marketplace",
    summary: "Keep one that was going to end",
    auth: "user",
    keys: false,
    params: IdParams,
    response: AgentSubscription,
    errors: ["not_found", "no_subscription", ...paying],
  }),
};
