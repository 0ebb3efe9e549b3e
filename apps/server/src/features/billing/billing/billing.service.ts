import type { Stripe } from "stripe";
import type { AgentSubscription, BillingConfig, List, Subscription, Transaction } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Credits } from "../credits/index.ts";
import { activeStates, type BillingStore } from "./billing.store.ts";
import type { PaymentRow, SubscriptionRow } from "../../../db/schema/billing.ts";
import { billingConfigOf, limitOf, mayUseOwnKeys } from "./tiers.ts";
import { ownSessionOf, type OwnSession } from "./fulfilment.ts";
import type { SoldItemStores } from "./sold-items.ts";
import type { Payments } from "./stripe.ts";
import type { StripeWebhooks } from "./stripe-webhooks.ts";

export interface VerifiedPurchase {
  agent_id: string | null;
  base_id: string | null;
  in_library: boolean;
  checkout_url: string | null;
  session_id: string | null;
}

export type Billing = ReturnType<typeof createBilling>;
/** Plans, checkouts and transactions of a user. */
export function createBilling({
  config,
  store,
  payments,
  credits,
  webhooks,
  soldItems,
  limits,
}: {
  config: Pick<Config, "billing" | "projects">;
  store: BillingStore;
  payments: Payments;
  credits: Pick<Credits, "balance">;
  webhooks: Pick<StripeWebhooks, "fulfil" | "syncSubscription">;
  soldItems: SoldItemStores;
  limits: RateLimiter;
}) {
  const limit = (userId: string) => limits.count({ key: `checkout:${userId}`, max: 10, windowSeconds: 60 });

  const subscription = async (userId: string): Promise<Subscription> => {
    const [buyer, balance] = await Promise.all([store.findBuyer(userId), credits.balance(userId)]);
    if (!buyer) throw notFound("User");
    const { subscription_tier: tier, stripe_subscription_id } = buyer;
    const fetched = stripe_subscription_id === null ? undefined : await store.findSubscription(stripe_subscription_id);
    return {
      tier,
      is_active: tier !== "free",
      subscription_id: stripe_subscription_id,
      stripe_customer_id: buyer.stripe_customer_id,
      status: fetched?.status ?? null,
      billing_interval: fetched?.billing_interval ?? null,
      current_period_start: fetched?.current_period_start ?? null,
      current_period_end: fetched?.current_period_end ?? null,
      cancel_at_period_end: fetched?.cancel_at_period_end ?? null,
      cancel_at: fetched?.cancel_at ?? null,
      max_projects: limitOf(config.projects.maxCount[tier]),
      max_deploys: limitOf(config.projects.maxDeploys[tier] + buyer.purchased_deploy_slots),
      purchased_deploy_slots: buyer.purchased_deploy_slots,
      bundled_credits: balance.bundled_credits,
      purchased_credits: balance.purchased_credits,
      signup_bonus_credits: balance.signup_bonus_credits,
      daily_credits: balance.daily_credits,
      total_credits: balance.total_credits,
      monthly_allowance: balance.monthly_allowance,
      credits_reset_date: balance.credits_reset_date,
      byok_enabled: mayUseOwnKeys(config.billing, tier),
      support_tier: buyer.support_tier,
    };
  };

  /** Changes one of the caller's subscriptions at Stripe, then stores its new state. */
  const change = async (id: string, work: (stripe: Stripe) => Promise<unknown>): Promise<void> => {
    if ((await payments.find(work)) === undefined) throw noSubscription();
    await webhooks.syncSubscription(id);
  };
  const planOf = async (userId: string): Promise<string> => {
    payments.require();
    await limit(userId);
    const id = (await store.findBuyer(userId))?.stripe_subscription_id;
    if (!id) throw noSubscription();
    return id;
  };

  /** One of the caller's checkout sessions; 404 for any other. */
  const sessionOf = async (userId: string, sessionId: string): Promise<OwnSession> => {
    payments.require();
    await limit(userId);
    const session = await payments.find((stripe) => stripe.checkout.sessions.retrieve(sessionId));
    const own = session && ownSessionOf(session);
    if (!own || own.user_id !== userId) throw notFound("Payment");
    return own;
  };

  const agentSubscription = async (row: SubscriptionRow): Promise<AgentSubscription> => {
    const item = row.item_id === null ? undefined : await soldItems.agent?.find(row.item_id);
    return {
      id: row.id,
      agent_id: row.item_id ?? row.id,
      agent_name: item?.name ?? "Deleted agent",
      agent_slug: item?.slug ?? "",
      price_cents: row.price_cents,
      status: row.status,
      current_period_end: row.current_period_end,
      cancel_at_period_end: row.cancel_at_period_end,
      created_at: row.created_at,
    };
  };
  const changeAgentSubscription = async (userId: string, id: string, cancelAtEnd: boolean): Promise<AgentSubscription> => {
    const row = await store.findOwnSubscription(userId, id);
    if (!row) throw notFound("Subscription");
    payments.require();
    await limit(userId);
    if (!activeStates.includes(row.status)) throw noSubscription();
    await change(row.stripe_subscription_id, (stripe) =>
      stripe.subscriptions.update(row.stripe_subscription_id, { cancel_at_period_end: cancelAtEnd }),
    );
    return agentSubscription((await store.findOwnSubscription(userId, id)) ?? row);
  };

  return {
    config: (): BillingConfig => billingConfigOf(config),
    subscription,
    /** Throws `no_subscription`, `payments_not_configured`, `stripe_error`. */
    cancel: async (userId: string, atPeriodEnd: boolean): Promise<Subscription> => {
      const id = await planOf(userId);
      await change(id, (stripe) =>
        atPeriodEnd ? stripe.subscriptions.update(id, { cancel_at_period_end: true }) : stripe.subscriptions.cancel(id),
      );
      return subscription(userId);
    },
    renew: async (userId: string): Promise<Subscription> => {
      const id = await planOf(userId);
      await change(id, (stripe) => stripe.subscriptions.update(id, { cancel_at_period_end: false }));
      return subscription(userId);
    },
    /** Fulfils the session if Stripe reports it as paid. Throws 404 for another user's session. */
    verifyCheckout: async (userId: string, sessionId: string): Promise<{ status: "fulfilled" | "pending" }> => {
      const own = await sessionOf(userId, sessionId);
      if (!own.isPaid) return { status: "pending" };
      await webhooks.fulfil(own);
      return { status: (await store.findSession(own.id))?.status === "fulfilled" ? "fulfilled" : "pending" };
    },
    verifyPurchase: async (userId: string, sessionId: string): Promise<VerifiedPurchase> => {
      const own = await sessionOf(userId, sessionId);
      if (own.kind !== "agent" && own.kind !== "base") throw notFound("Payment");
      const items = soldItems[own.kind];
      const itemId = own.item_id ?? "";
      if (own.isPaid) await webhooks.fulfil(own);
      const held = own.item_id === null ? undefined : await store.transaction(async (tx) => items?.entitlement(tx, userId, itemId));
      return {
        agent_id: own.kind === "agent" ? itemId : null,
        base_id: own.kind === "base" ? itemId : null,
        in_library: held?.is_active === true,
        checkout_url: null,
        session_id: own.id,
      };
    },
    transactions: async (userId: string, query: PageQuery): Promise<List<Transaction>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listPayments(userId, page);
      return page.envelope(rows.map(presentTransaction), total);
    },
    agentSubscriptions: async (userId: string, query: PageQuery): Promise<List<AgentSubscription>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listAgentSubscriptions(userId, page);
      return page.envelope(await Promise.all(rows.map(agentSubscription)), total);
    },
    cancelAgentSubscription: (userId: string, id: string) => changeAgentSubscription(userId, id, true),
    renewAgentSubscription: (userId: string, id: string) => changeAgentSubscription(userId, id, false),
    jobHandlers: {
      refund_payment: async (payload: unknown) => {
        const { payment_intent, reason = "duplicate" } = payload as { payment_intent: string; reason?: "duplicate" | null };
        try {
          await payments.once(`refund:${payment_intent}`, (stripe, options) =>
            stripe.refunds.create({ payment_intent, ...(reason !== null && { reason }) }, options),
          );
        } catch (error) {
          const cause = error instanceof AppError ? (error.cause as { code?: string } | undefined) : undefined;
          if (cause?.code !== "charge_already_refunded") throw error;
        }
      },
      lapse_library: async () => {
        for (const items of Object.values(soldItems)) await items.expire();
      },
    },
  };
}

const noSubscription = () => badRequest("You have no active subscription.", "no_subscription");
const presentTransaction = (row: PaymentRow): Transaction => ({
  id: row.id,
  kind: row.kind,
  status: row.refunded_cents >= row.amount_cents && row.amount_cents > 0 ? "refunded" : "completed",
  amount_cents: row.amount_cents,
  refunded_cents: row.refunded_cents,
  credits: row.credits,
  item: row.item_name,
  agent_id: row.kind === "agent" ? row.item_id : null,
  created_at: row.created_at,
});
