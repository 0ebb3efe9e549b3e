import { described, IdParams, Maybe, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { CheckoutSession, paymentErrors } from "./billing.ts";
import { route } from "./route.ts";

const tag = "marketplace-agents";

export const AgentSubscription = described(
  "A monthly subscription to an agent.",
  Type.Object({
    id: Uuid,
    agent_id: Uuid,
    agent_name: Type.String(),
    agent_slug: Type.String(),
    price_cents: Type.Integer(),
    status: Type.String(),
    current_period_end: Nullable(Timestamp),
    cancel_at_period_end: Type.Boolean(),
    created_at: Timestamp,
  }),
);
export type AgentSubscription = Static<typeof AgentSubscription>;

export const purchasesRoutes = {
  verify: route({
    method: "POST",
    path: "/api/marketplace/verify-purchase",
    tag,
    summary: "Verify purchase",
    description: "Adds a paid agent or template to your library without waiting for Stripe's webhook. Safe to repeat.",
    auth: "user",
    keys: false,
    body: CheckoutSession,
    response: Type.Object({
      agent_id: Nullable(Uuid),
      base_id: Maybe(Uuid),
      in_library: Type.Boolean(),
      checkout_url: Nullable(Type.String()),
      session_id: Nullable(Type.String()),
    }),
    errors: ["not_found", ...paymentErrors],
  }),
  subscriptions: route({
    method: "GET",
    path: "/api/marketplace/subscriptions",
    tag,
    summary: "List agent subscriptions",
    description: "Agents you pay for by the month, newest first.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(AgentSubscription),
  }),
  cancel: route({
    method: "POST",
    path: "/api/marketplace/subscriptions/{id}/cancel",
    tag,
    summary: "Cancel agent subscription",
    description: "Cancels at the end of the billing period. The agent stays usable until then.",
    auth: "user",
    keys: false,
    params: IdParams,
    response: AgentSubscription,
    errors: ["not_found", "no_subscription", ...paymentErrors],
  }),
  renew: route({
    method: "POST",
    path: "/api/marketplace/subscriptions/{id}/renew",
    tag,
    summary: "Resume agent subscription",
    description: "Keeps an agent subscription that was going to end with its billing period.",
    auth: "user",
    keys: false,
    params: IdParams,
    response: AgentSubscription,
    errors: ["not_found", "no_subscription", ...paymentErrors],
  }),
};
