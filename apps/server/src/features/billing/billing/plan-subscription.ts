import type { BillingConfig, Subscription } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { notFound } from "../../../platform/errors.ts";
import type { Credits } from "../credits/index.ts";
import type { BillingStore } from "./billing.store.ts";
import { noSubscription, type ChangeSubscription } from "./change-subscription.ts";
import type { PlanPrices } from "./plan-prices.ts";
import { billingConfigOf, limitOf, mayUseOwnKeys } from "./tiers.ts";

export type PlanSubscriptions = ReturnType<typeof createPlanSubscriptions>;
/** The plan of a user. */
export function createPlanSubscriptions({
  config,
  store,
  credits,
  prices,
  change,
}: {
  config: Pick<Config, "billing" | "projects">;
  store: BillingStore;
  credits: Pick<Credits, "balance">;
  prices: PlanPrices;
  change: ChangeSubscription;
}) {
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

  const planOf = async (userId: string): Promise<string> => {
    await change.requireAllowed(userId);
    const id = (await store.findBuyer(userId))?.stripe_subscription_id;
    if (!id) throw noSubscription();
    return id;
  };

  return {
    config: async (): Promise<BillingConfig> => billingConfigOf(config, await prices.get()),
    subscription,
    /** Throws `no_subscription`, `payments_not_configured`, `stripe_error`. */
    cancel: async (userId: string, atPeriodEnd: boolean): Promise<Subscription> => {
      const id = await planOf(userId);
      await change.apply(id, (stripe) =>
        atPeriodEnd ? stripe.subscriptions.update(id, { cancel_at_period_end: true }) : stripe.subscriptions.cancel(id),
      );
      return subscription(userId);
    },
    renew: async (userId: string): Promise<Subscription> => {
      const id = await planOf(userId);
      await change.apply(id, (stripe) => stripe.subscriptions.update(id, { cancel_at_period_end: false }));
      return subscription(userId);
    },
  };
}
