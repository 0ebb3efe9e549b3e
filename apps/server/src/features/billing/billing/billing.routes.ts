import { billingRoutes, purchasesRoutes, type UsageEntry } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { csvOf } from "../../../platform/csv.ts";
import { AppError } from "../../../platform/errors.ts";
import type { BalanceFeed, Credits } from "../credits/index.ts";
import type { Billing } from "./billing.service.ts";
import type { Checkouts } from "./checkouts.ts";
import type { StripeWebhooks } from "./stripe-webhooks.ts";

const usageColumns = [
  "id",
  "created_at",
  "model",
  "purpose",
  "tokens_input",
  "tokens_output",
  "cost_total_cents",
  "credits_deducted",
  "is_byok",
  "billed_status",
  "project_id",
  "agent_id",
  "chat_id",
] as const satisfies (keyof UsageEntry)[];

/** Routes of credits, plans, checkouts, Stripe webhooks and purchases. */
export function mountBilling(
  mount: Mount,
  {
    billing,
    checkouts,
    credits,
    balances,
    webhooks,
  }: { billing: Billing; checkouts: Checkouts; credits: Credits; balances: BalanceFeed; webhooks: StripeWebhooks },
): void {
  mount("billing", billingRoutes, {
    credits: ({ user }) => credits.balance(user.id),
    creditEvents: async ({ user, signal }) => balances.follow(user.id, signal),
    usage: ({ user }, { query }) => credits.usage(user.id, query),
    usageGroups: ({ user }, { query }) => credits.usageGroups(user.id, query),
    usageExport: async ({ user, setHeader }, { query }, { reply }) => {
      const rows = csvOf<UsageEntry>(usageColumns, credits.usagePages(user.id, query));
      setHeader("content-disposition", attachment("usage.csv"));
      setHeader("cache-control", "no-store");
      return reply.type("text/csv; charset=utf-8").send(rows);
    },
    config: async () => billing.config(),
    subscription: ({ user }) => billing.subscription(user.id),
    checkout: ({ user }, { body }) => checkouts.plan(user.id, body.tier ?? "pro", body.billing_interval ?? "monthly"),
    verifyCheckout: ({ user }, { body }) => billing.verifyCheckout(user.id, body.session_id),
    portal: ({ user }) => checkouts.portal(user.id),
    cancel: ({ user }, { body }) => billing.cancel(user.id, body.at_period_end ?? true),
    renew: ({ user }) => billing.renew(user.id),
    purchaseCredits: ({ user }, { body }) => checkouts.credits(user.id, body.package),
    purchaseDeploySlot: ({ user }) => checkouts.deploySlot(user.id),
    transactions: ({ user }, { query }) => billing.transactions(user.id, query),
    transaction: ({ user }, { params }) => billing.transaction(user.id, params.id),
    documents: ({ user }, { params }) => billing.documents(user.id, params.id),
    webhook: async ({ headers }, _input, { request, reply }) => {
      const signature = headers["stripe-signature"];
      if (typeof signature !== "string" || !Buffer.isBuffer(request.body)) {
        webhooks.requireConfigured();
        throw new AppError("invalid_signature", "The Stripe-Signature header is missing.");
      }
      await webhooks.receive(request.body, signature);
      return reply.send({ received: true });
    },
  });
  mount("purchases", purchasesRoutes, {
    verify: ({ user }, { body }) => billing.verifyPurchase(user.id, body.session_id),
    subscriptions: ({ user }, { query }) => billing.agentSubscriptions(user.id, query),
    cancel: ({ user }, { params }) => billing.cancelAgentSubscription(user.id, params.id),
    renew: ({ user }, { params }) => billing.renewAgentSubscription(user.id, params.id),
  });
}
