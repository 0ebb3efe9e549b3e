import { Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "billing";

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
  tier: Literals("free", "basic", "pro", "ultra"),
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
  cost_total_cents: Type.Integer({ description: "Rounded; sums use the exact value" }),
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
  cost_total_cents: Type.Integer(),
});
export const UsageSummary = Type.Object({
  total_cost_cents: Type.Integer(),
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

/** The part of the billing area that needs no payments (marketplace-billing-admin 5.7, 5.9). */
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
    query: Type.Object({
      ...pageQuery,
      start_date: Type.Optional(Type.String({ format: "date-time", description: "Default: the first of this month, UTC" })),
      end_date: Type.Optional(Type.String({ format: "date-time", description: "Default: now" })),
      model: Type.Optional(Type.String({ maxLength: 200 })),
      project_id: Type.Optional(Uuid),
      agent_id: Type.Optional(Uuid),
    }),
    response: Type.Object({ ...listOf(UsageEntry).properties, summary: UsageSummary }),
  }),
};
