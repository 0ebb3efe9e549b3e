import { AppError } from "../../../platform/errors.ts";
import type { SoldItemStores } from "./sold-items.ts";
import type { Payments } from "./stripe.ts";

/** Background jobs of payments. */
export const createBillingJobs = ({ payments, soldItems }: { payments: Pick<Payments, "once">; soldItems: SoldItemStores }) => ({
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
    expire_library: async () => {
      for (const items of Object.values(soldItems)) await items.expire();
    },
  },
});
