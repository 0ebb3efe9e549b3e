import type { BillingInterval } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { Payments } from "./stripe.ts";
import type { PaidTier, PricesOfPlans } from "./tiers.ts";

const freshMs = 10 * 60_000;
const retryMs = 60_000;

export type PlanPrices = ReturnType<typeof createPlanPrices>;
/** What the plans cost at Stripe, read at most every ten minutes. Keeps the last known prices while Stripe does not respond. */
export function createPlanPrices({ payments, log, now = Date.now }: { payments: Payments; log: Logger; now?: () => number }) {
  let known: PricesOfPlans = {};
  let nextRead = 0;
  let reading: Promise<PricesOfPlans> | undefined;

  const read = async (): Promise<PricesOfPlans> => {
    const sold = Object.entries(payments.require().prices).flatMap(([tier, intervals]) =>
      Object.entries(intervals).flatMap(([interval, id]) =>
        id ? [{ tier: tier as PaidTier, interval: interval as BillingInterval, id }] : [],
      ),
    );
    const next: PricesOfPlans = {};
    try {
      const found = await Promise.all(sold.map(({ id }) => payments.find((stripe) => stripe.prices.retrieve(id))));
      for (const [index, { tier, interval, id }] of sold.entries()) {
        const cents = found[index]?.unit_amount;
        if (typeof cents === "number") (next[tier] ??= {})[interval] = cents;
        else log.error({ price_id: id }, "Stripe has no such price with a fixed amount");
      }
      known = next;
      nextRead = now() + freshMs;
    } catch (err) {
      log.warn({ err }, "prices of the plans not read");
      nextRead = now() + retryMs;
    }
    return known;
  };
  return {
    /** Empty without Stripe. Never throws. */
    get: async (): Promise<PricesOfPlans> => {
      if (!payments.account || now() < nextRead) return known;
      reading ??= read().finally(() => (reading = undefined));
      return reading;
    },
  };
}
