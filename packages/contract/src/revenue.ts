import { route } from "./route.ts";
import { described, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin-operations";
const Month = Type.String({ pattern: "^\\d{4}-(0[1-9]|1[0-2])$", description: "2026-01, UTC" });
export const PaymentKind = Literals("subscription", "credits", "deploy_slot", "agent", "base");
export type PaymentKind = Static<typeof PaymentKind>;

const sums = {
  plans_cents: Type.Integer(),
  credits_cents: described("Credit packages", Type.Integer()),
  deploy_slots_cents: Type.Integer(),
  agents_cents: Type.Integer(),
  bases_cents: described("Templates", Type.Integer()),
  gross_cents: described("All payments: the sum of the five kinds", Type.Integer()),
  refunds_cents: described("Refunds and lost disputes, minus won disputes", Type.Integer()),
  creator_shares_cents: described("What creators earned: by sales, minus refunded ones, and by the use of their agents", Type.Integer()),
  fees_cents: described("What Stripe kept of the payments, as far as it is known", Type.Integer()),
  net_cents: described("Payments minus refunds, creators' shares and fees", Type.Integer()),
  payouts_cents: described("Paid to creators, minus what was taken back", Type.Integer()),
  payments: described("Number of payments", Type.Integer()),
  fees_missing: described("Payments whose fee is not known yet", Type.Integer()),
};
export const RevenueMonth = described("The books of one month (UTC), in US cents.", Type.Object({ month: Month, ...sums }));
export type RevenueMonth = Static<typeof RevenueMonth>;
export const RevenueTotals = Type.Object(sums);
export type RevenueTotals = Static<typeof RevenueTotals>;
export const Revenue = described(
  "Revenue by month, oldest first, and its sums.",
  Type.Object({ months: Type.Array(RevenueMonth), totals: RevenueTotals, currency: Type.Literal("usd") }),
);
export type Revenue = Static<typeof Revenue>;

export const RevenuePayment = described(
  "A payment as the administrators see it. Null user: the account was deleted.",
  Type.Object({
    id: Uuid,
    created_at: Timestamp,
    kind: PaymentKind,
    item: described("Name of the agent or template", Nullable(Type.String())),
    tier: Nullable(Type.String()),
    billing_interval: Nullable(Literals("monthly", "annual")),
    user_id: Nullable(Uuid),
    user_email: Nullable(Type.String()),
    amount_cents: Type.Integer(),
    refunded_cents: Type.Integer(),
    creator_share_cents: Type.Integer(),
    fee_cents: Nullable(Type.Integer()),
    stripe_id: described("Payment intent or invoice at Stripe", Type.String()),
  }),
);
export type RevenuePayment = Static<typeof RevenuePayment>;

const period = {
  from: Type.Optional({ ...Month, description: "First month. Default: eleven months before `to`" }),
  to: Type.Optional({ ...Month, description: "Last month. Default: this month" }),
};
const kinds = { kind: Type.Optional(PaymentKind) };

export const adminRevenueRoutes = {
  get: route({
    method: "GET",
    path: "/api/admin/revenue",
    tag,
    summary: "Get revenue",
    description: "Payments, refunds, creators' shares, fees and payouts by month, from the ledger. At most 60 months.",
    auth: "superuser",
    query: Type.Object(period),
    response: Revenue,
  }),
  payments: route({
    method: "GET",
    path: "/api/admin/revenue/payments",
    tag,
    summary: "List payments",
    description: "All payments of a period, newest first.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...period, ...kinds }),
    response: listOf(RevenuePayment),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/revenue/export",
    tag,
    summary: "Export revenue",
    description: "The months as CSV, or with `of=payments` all payments, oldest first. Amounts are US cents.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object({ ...period, ...kinds, of: Type.Optional(Literals("months", "payments")) }),
  }),
};
