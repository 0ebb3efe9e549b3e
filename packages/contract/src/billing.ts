import { described, IdParams, Literals, ModelCost, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { Tier } from "./users.ts";
import { route } from "./route.ts";

const tag = "billing";
const PaidTier = Literals("basic", "pro", "ultra");
const Interval = Literals("monthly", "annual");
export type BillingInterval = Static<typeof Interval>;

export const CreditBalance = described(
  "Credits by source, in whole credits. One credit is one US cent.",
  Type.Object({
    daily_credits: Type.Integer(),
    bundled_credits: Type.Integer(),
    signup_bonus_credits: described("0 after it has expired", Type.Integer()),
    purchased_credits: Type.Integer(),
    total_credits: Type.Integer(),
    monthly_allowance: Type.Integer(),
    credits_reset_date: Nullable(Timestamp),
    signup_bonus_expires_at: Nullable(Timestamp),
    tier: Tier,
    threshold: Type.Integer({
      description: "The balance counts as low at or below this: a fifth of what the plan gives in 30 days, monthly or daily",
    }),
    is_low: Type.Boolean(),
    is_empty: Type.Boolean(),
    is_billed: described("False: billing is off on this server", Type.Boolean()),
  }),
);
export type CreditBalance = Static<typeof CreditBalance>;

export const CreditBalanceEvent = Type.Object({ seq: Type.Integer(), type: Type.Literal("credits"), data: CreditBalance });
export type CreditBalanceEvent = Static<typeof CreditBalanceEvent>;

export const UsageEntry = described(
  "One model call.",
  Type.Object({
    id: Uuid,
    model: Type.String(),
    purpose: Literals("turn", "compaction", "subagent", "title", "commit_message", "probe"),
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
  }),
);
export type UsageEntry = Static<typeof UsageEntry>;

const UsageSum = Type.Object({
  requests: Type.Integer(),
  tokens_input: Type.Integer(),
  tokens_output: Type.Integer(),
  cost_total_cents: ModelCost,
});

export const UsageGroup = described(
  "Usage with something in common: `key` is the day (2026-01-31, UTC) or an id, null for calls without one.",
  Type.Object({
    key: Nullable(Type.String()),
    name: Nullable(Type.String()),
    ...UsageSum.properties,
    credits_deducted: Type.Integer(),
  }),
);
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

export const Subscription = described(
  "Plan and subscription. A limit is null if there is none; the period is the one that Stripe last reported.",
  Type.Object({
    tier: Tier,
    is_active: Type.Boolean({ description: "Whether the plan is a paid one" }),
    subscription_id: Nullable(Type.String()),
    stripe_customer_id: Nullable(Type.String()),
    status: described("Stripe's status (`active`, `past_due`, …); null without a subscription", Nullable(Type.String())),
    billing_interval: Nullable(Interval),
    current_period_start: Nullable(Timestamp),
    current_period_end: Nullable(Timestamp),
    cancel_at_period_end: Nullable(Type.Boolean()),
    cancel_at: Nullable(Timestamp),
    max_projects: Nullable(Type.Integer()),
    max_deploys: Nullable(Type.Integer({ description: "Including purchased slots" })),
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
  }),
);
export type Subscription = Static<typeof Subscription>;

export const BillingConfig = described(
  "Prices of this server. With `is_enabled: false` nothing can be bought (`payments_not_configured`).",
  Type.Object({
    is_enabled: Type.Boolean(),
    publishable_key: Nullable(Type.String()),
    currency: Type.Literal("usd"),
    packages: Type.Array(Type.Object({ id: Type.String(), credits: Type.Integer(), price_cents: Type.Integer() })),
    tiers: Type.Array(
      Type.Object({
        tier: Tier,
        price_cents: Type.Integer({ description: "Per month. Stripe's price; the one of the settings while Stripe doesn't respond" }),
        annual_price_cents: described(
          "Per year. Null if it is not sold, and while Stripe doesn't respond",
          Nullable(Type.Integer({ minimum: 0 })),
        ),
        intervals: Type.Array(Interval, { description: "Available intervals" }),
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
  }),
);
export type BillingConfig = Static<typeof BillingConfig>;

export const CheckoutPage = described("A Stripe checkout page.", Type.Object({ session_id: Type.String(), checkout_url: Type.String() }));
export type CheckoutPage = Static<typeof CheckoutPage>;

export const Transaction = described(
  "A payment and how much of it was refunded. `refunded`: all of it.",
  Type.Object({
    id: Uuid,
    kind: Literals("credits", "subscription", "agent", "base", "deploy_slot"),
    status: Literals("completed", "refunded"),
    amount_cents: Type.Integer(),
    refunded_cents: Type.Integer(),
    credits: Type.Integer(),
    item: Nullable(Type.String({ description: "Name of what was bought" })),
    agent_id: Nullable(Uuid),
    tier: described("Plan that was paid for; null for other payments", Nullable(PaidTier)),
    billing_interval: described("Of a subscription", Nullable(Interval)),
    period_start: described("The period that a subscription was paid for", Nullable(Timestamp)),
    period_end: Nullable(Timestamp),
    created_at: Timestamp,
  }),
);
export type Transaction = Static<typeof Transaction>;

export const PaymentDocuments = described(
  "Pages and files of a payment at Stripe. Each is null if Stripe has none.",
  Type.Object({
    receipt_url: Nullable(Type.String()),
    invoice_url: Nullable(Type.String()),
    invoice_pdf_url: Nullable(Type.String()),
  }),
);
export type PaymentDocuments = Static<typeof PaymentDocuments>;

export const CheckoutSession = Type.Object({ session_id: Type.String({ minLength: 1, maxLength: 200, pattern: "^cs_[A-Za-z0-9_]+$" }) });
const window = {
  start_date: Type.Optional(Type.String({ format: "date-time", description: "Default: the first of this month, UTC" })),
  end_date: Type.Optional(Type.String({ format: "date-time", description: "Default: now" })),
  model: Type.Optional(Type.String({ maxLength: 200 })),
  project_id: Type.Optional(Uuid),
  agent_id: Type.Optional(Uuid),
};
/** Of every route that calls Stripe. */
export const paymentErrors = ["payments_not_configured", "stripe_error", "rate_limited"] as const;

export const billingRoutes = {
  credits: route({
    method: "GET",
    path: "/api/billing/credits",
    tag,
    summary: "Get credit balance",
    description: "Your credits by source, and whether the balance is low. One credit is one US cent.",
    auth: "user",
    response: CreditBalance,
  }),
  creditEvents: route({
    method: "GET",
    path: "/api/billing/credits/events",
    tag,
    summary: "Stream credit balance",
    description: "Your balance now and after each change, as server-sent events.",
    auth: "user",
    kind: "sse",
    events: CreditBalanceEvent,
  }),
  usage: route({
    method: "GET",
    path: "/api/billing/usage",
    tag,
    summary: "List usage",
    description: "Your model calls within a period, newest first, with totals over the whole period.",
    auth: "user",
    query: Type.Object({ ...pageQuery, ...window }),
    response: Type.Object({ ...listOf(UsageEntry).properties, summary: UsageSummary }),
  }),
  usageGroups: route({
    method: "GET",
    path: "/api/billing/usage/groups",
    tag,
    summary: "Group usage",
    description: "Your usage within a period, grouped by day, project, model or agent. Days are in order, other groups by cost.",
    auth: "user",
    query: Type.Object({ by: Literals("day", "project", "model", "agent"), ...window }),
    response: Type.Object({ items: Type.Array(UsageGroup), period_start: Timestamp, period_end: Timestamp }),
  }),
  usageExport: route({
    method: "GET",
    path: "/api/billing/usage/export",
    tag,
    summary: "Export usage",
    description: "All model calls of a period as CSV, oldest first.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(window),
  }),
  config: route({
    method: "GET",
    path: "/api/billing/config",
    tag,
    summary: "Get prices",
    description: "Plans, credit packages and prices of this server. `is_enabled` is false where nothing can be bought.",
    auth: "none",
    response: BillingConfig,
  }),
  subscription: route({
    method: "GET",
    path: "/api/billing/subscription",
    tag,
    summary: "Get subscription",
    description: "Your plan, its limits, its billing period, and the state of the Stripe subscription.",
    auth: "user",
    response: Subscription,
  }),
  checkout: route({
    method: "POST",
    path: "/api/billing/checkout",
    tag,
    summary: "Create checkout session",
    description:
      "Returns a Stripe page on which to subscribe to a plan. A person with a plan changes it in the customer portal instead (`already_subscribed`).",
    auth: "user",
    keys: false,
    bodyOptional: true,
    body: Type.Object({ tier: Type.Optional(PaidTier), billing_interval: Type.Optional(Interval) }),
    response: CheckoutPage,
    errors: ["already_subscribed", ...paymentErrors],
  }),
  verifyCheckout: route({
    method: "POST",
    path: "/api/billing/verify-checkout",
    tag,
    summary: "Verify checkout",
    description: "Fulfils a paid checkout session without waiting for Stripe's webhook. Safe to repeat; each session is fulfilled once.",
    auth: "user",
    keys: false,
    body: CheckoutSession,
    response: Type.Object({ status: Literals("fulfilled", "pending") }),
    errors: ["not_found", ...paymentErrors],
  }),
  portal: route({
    method: "POST",
    path: "/api/billing/portal",
    tag,
    summary: "Create customer portal session",
    description: "Returns a Stripe page with your payment methods, invoices and plan.",
    auth: "user",
    keys: false,
    response: Type.Object({ portal_url: Type.String() }),
    errors: ["no_stripe_customer", ...paymentErrors],
  }),
  cancel: route({
    method: "POST",
    path: "/api/billing/cancel",
    tag,
    summary: "Cancel subscription",
    description:
      "Cancels your plan at the end of the billing period, or immediately with `at_period_end: false`. Plan credits expire with the plan; purchased credits do not.",
    auth: "user",
    keys: false,
    bodyOptional: true,
    body: Type.Object({ at_period_end: Type.Optional(Type.Boolean({ default: true })) }),
    response: Subscription,
    errors: ["no_subscription", ...paymentErrors],
  }),
  renew: route({
    method: "POST",
    path: "/api/billing/renew",
    tag,
    summary: "Resume subscription",
    description: "Keeps a plan that was going to end with its billing period.",
    auth: "user",
    keys: false,
    response: Subscription,
    errors: ["no_subscription", ...paymentErrors],
  }),
  purchaseCredits: route({
    method: "POST",
    path: "/api/billing/credits/purchase",
    tag,
    summary: "Create credit checkout",
    description: "Returns a Stripe page on which to buy a package of credits.",
    auth: "user",
    keys: false,
    body: Type.Object({ package: Literals("small", "medium", "large", "team") }),
    response: CheckoutPage,
    errors: paymentErrors,
  }),
  purchaseDeploySlot: route({
    method: "POST",
    path: "/api/billing/deploy-slots",
    tag,
    summary: "Create deploy-slot checkout",
    description: "Returns a Stripe page on which to buy one more always-on project.",
    auth: "user",
    keys: false,
    response: CheckoutPage,
    errors: paymentErrors,
  }),
  transactions: route({
    method: "GET",
    path: "/api/billing/transactions",
    tag,
    summary: "List transactions",
    description: "Your payments and refunds, newest first.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(Transaction),
  }),
  transaction: route({
    method: "GET",
    path: "/api/billing/transactions/{id}",
    tag,
    summary: "Get transaction",
    description: "One of your payments, with what was refunded of it.",
    auth: "user",
    params: IdParams,
    response: Transaction,
    errors: ["not_found"],
  }),
  documents: route({
    method: "GET",
    path: "/api/billing/transactions/{id}/documents",
    tag,
    summary: "Get receipt and invoice",
    description: "Where Stripe shows the receipt and the invoice of one of your payments. Asks Stripe; the addresses expire.",
    auth: "user",
    params: IdParams,
    response: PaymentDocuments,
    errors: ["not_found", ...paymentErrors],
  }),
  webhook: route({
    method: "POST",
    path: "/api/webhooks/stripe",
    tag,
    summary: "Receive Stripe event",
    description:
      "Webhook for Stripe. The body must carry a valid signature of the endpoint's signing secret. Events are handled once, in any order.",
    auth: "none",
    kind: "raw",
    rawBody: true,
    takesUnknown: { query: "The URL registered at Stripe may have a query.", body: "Stripe defines the fields of an event." },
    contentType: "application/json",
    response: Type.Object({ received: Type.Literal(true) }),
    errors: ["invalid_signature", "payments_not_configured", "stripe_error"],
  }),
};
