import type { Bank } from "../../store/creators/index.ts";
import { isRefusal, type Payments } from "./stripe.ts";

/** Creators' accounts and transfers at Stripe (marketplace-billing-admin 9.4): Connect Express. */
export function createBank({ payments, appBaseUrl }: { payments: Payments; appBaseUrl: string }): Bank {
  return {
    isOn: payments.account !== undefined,
    open: async (user) =>
      (
        await payments.once(`account:${user.id}`, (stripe, options) =>
          stripe.accounts.create(
            { type: "express", email: user.email, capabilities: { transfers: { requested: true } }, metadata: { user_id: user.id } },
            options,
          ),
        )
      ).id,
    onboarding: async (account) =>
      (
        await payments.call((stripe) =>
          stripe.accountLinks.create({
            account,
            type: "account_onboarding",
            refresh_url: `${appBaseUrl}/billing/connect/refresh`,
            return_url: `${appBaseUrl}/billing/connect/complete`,
          }),
        )
      ).url,
    isReady: async (account) => (await payments.find((stripe) => stripe.accounts.retrieve(account)))?.payouts_enabled === true,
    send: async ({ key, account_id, amount_cents, metadata, isRepeat }) => {
      // Stripe forgets an idempotency key after a day; the transfer itself it does not forget.
      const known = isRepeat ? await payments.call((stripe) => stripe.transfers.list({ transfer_group: key, limit: 1 })) : undefined;
      const sent = known?.data[0];
      if (sent) return sent.id;
      const transfer = await payments.once(`transfer:${key}`, (stripe, options) =>
        stripe.transfers.create({ amount: amount_cents, currency: "usd", destination: account_id, transfer_group: key, metadata }, options),
      );
      return transfer.id;
    },
    takeBack: async ({ key, transfer_id, amount_cents }) => {
      const known = await payments.call((stripe) => stripe.transfers.listReversals(transfer_id, { limit: 100 }));
      if (known.data.some(({ metadata }) => metadata?.["key"] === key)) return;
      await payments.once(`reversal:${transfer_id}:${key}`, (stripe, options) =>
        stripe.transfers.createReversal(transfer_id, { amount: amount_cents, metadata: { key } }, options),
      );
    },
    isRefusal,
  };
}
