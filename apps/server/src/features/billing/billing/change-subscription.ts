import type { Stripe } from "stripe";
import { badRequest } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Payments } from "./stripe.ts";
import type { StripeWebhooks } from "./stripe-webhooks.ts";

export const noSubscription = () => badRequest("You have no active subscription.", "no_subscription");

export type ChangeSubscription = ReturnType<typeof createChangeSubscription>;
/** Changes subscriptions at Stripe on behalf of their owner. */
export const createChangeSubscription = ({
  payments,
  webhooks,
  limits,
}: {
  payments: Pick<Payments, "require" | "find">;
  webhooks: Pick<StripeWebhooks, "syncSubscription">;
  limits: RateLimiter;
}) => ({
  /** Throws `payments_not_configured`, and `rate_limited` after ten requests per minute. */
  requireAllowed: async (userId: string): Promise<void> => {
    payments.require();
    await limits.count({ key: `checkout:${userId}`, max: 10, windowSeconds: 60 });
  },
  /** Then stores the new state. Throws `no_subscription`, `stripe_error`. */
  apply: async (id: string, work: (stripe: Stripe) => Promise<unknown>): Promise<void> => {
    if ((await payments.find(work)) === undefined) throw noSubscription();
    await webhooks.syncSubscription(id);
  },
});
