import type { BillingConfig, BillingInterval, Tier } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import type { StripeAccount } from "./stripe.ts";

/** Credit packages for sale; one credit costs one cent. */
export type CreditPackages = Config["billing"]["packages"];

export const tierOrder: readonly Tier[] = ["free", "basic", "pro", "ultra"];
export type PaidTier = Exclude<Tier, "free">;
const paidTiers: readonly PaidTier[] = ["basic", "pro", "ultra"];
const intervals: readonly BillingInterval[] = ["monthly", "annual"];
/** Prices in cents by plan and interval; one that is not sold, or that Stripe did not return, is missing. */
export type PricesOfPlans = Partial<Record<PaidTier, Partial<Record<BillingInterval, number>>>>;
export const isPaidTier = (value: unknown): value is PaidTier => paidTiers.includes(value as PaidTier);

/** The plan and interval a Stripe price stands for; undefined for unknown prices. */
export function planOfPrice(account: StripeAccount, priceId: string): { tier: PaidTier; interval: BillingInterval } | undefined {
  for (const tier of paidTiers) for (const interval of intervals) if (account.prices[tier][interval] === priceId) return { tier, interval };
  return undefined;
}

/** In the API, null means no limit. */
export const limitOf = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);
/** Without billing, every plan may use its own keys. */
export const mayUseOwnKeys = ({ isOn, byokTiers }: Config["billing"], tier: Tier): boolean => !isOn || byokTiers.includes(tier);

export function billingConfigOf({ billing, projects }: Pick<Config, "billing" | "projects">, prices: PricesOfPlans): BillingConfig {
  const { stripe, packages, terms, welcome } = billing;
  return {
    is_enabled: stripe !== undefined,
    publishable_key: stripe?.publishableKey ?? null,
    currency: "usd",
    packages: Object.entries(packages).map(([id, cents]) => ({ id, credits: cents, price_cents: cents })),
    tiers: tierOrder.map((tier) => ({
      tier,
      price_cents: (tier === "free" ? undefined : prices[tier]?.monthly) ?? billing.tierPrices[tier],
      annual_price_cents: (tier === "free" ? undefined : prices[tier]?.annual) ?? null,
      intervals: tier === "free" ? [] : intervals.filter((interval) => Boolean(stripe?.prices[tier][interval])),
      monthly_allowance: terms.allowance[tier],
      daily_credits: tier === "free" ? terms.dailyCredits : 0,
      max_projects: limitOf(projects.maxCount[tier]),
      max_deploys: limitOf(projects.maxDeploys[tier]),
      byok_enabled: mayUseOwnKeys(billing, tier),
      support_tier: terms.support[tier],
    })),
    signup_bonus_credits: welcome.bonusCredits,
    signup_bonus_days: welcome.bonusDays,
    deploy_slot_price_cents: billing.deploySlotCents,
    creator_share: terms.creatorSharePercent / 100,
  };
}
