import type { Logger } from "../../../platform/logger.ts";
import type { BillingStore } from "./billing.store.ts";
import { idOf, type Payments } from "./stripe.ts";

const perRun = 100;

/** Reads from Stripe what it kept of each payment. A fee that cannot be read is tried again by the next run, for 90 days. */
export function createPaymentFees({
  store,
  payments,
  log,
}: {
  store: Pick<BillingStore, "listPaymentsWithoutFee" | "setFee">;
  payments: Payments;
  log: Logger;
}) {
  /** Undefined: the balance transaction does not exist yet. */
  const feeOf = async (intentId: string): Promise<number | undefined> => {
    const expand = ["latest_charge.balance_transaction"];
    const intent = await payments.find((stripe) => stripe.paymentIntents.retrieve(intentId, { expand }));
    const charge = intent?.latest_charge;
    const balance = typeof charge === "object" ? charge?.balance_transaction : undefined;
    return typeof balance === "object" ? balance?.fee : undefined;
  };
  /** Undefined for an invoice that was not paid by card, such as one of 0 USD. */
  const intentOfInvoice = async (invoice: string): Promise<string | undefined> => {
    const paid = await payments.find((stripe) => stripe.invoicePayments.list({ invoice, limit: 1 }));
    return idOf(paid?.data[0]?.payment.payment_intent);
  };
  return {
    jobHandlers: {
      read_payment_fees: async (): Promise<void> => {
        if (!payments.account) return;
        for (const { id, key, stripe_subscription_id } of await store.listPaymentsWithoutFee(perRun))
          try {
            const intent = stripe_subscription_id === null ? key : await intentOfInvoice(key);
            const fee = intent === undefined ? 0 : await feeOf(intent);
            if (fee !== undefined) await store.setFee(id, fee);
          } catch (err) {
            log.warn({ err, payment_id: id }, "fee of a payment not read");
          }
      },
    },
  };
}
