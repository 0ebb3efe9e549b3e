import { isRefusal, type Payments } from "./stripe.ts";

/** Whoever can move money to creators. Each `key` moves money once, however often and whenever it is asked again. */
export interface Bank {
  /** False: `payments_not_configured` from everything else. */
  readonly isOn: boolean;
  /** Opens an account for somebody, once. Resolves with its id. */
  open(user: { id: string; email: string }): Promise<string>;
  /** A page on which its owner says who they are and where the money goes. */
  onboarding(accountId: string): Promise<string>;
  /** Money can arrive there. */
  isReady(accountId: string): Promise<boolean>;
  /** `isRepeat`: it may have been sent already; then that one is found. Throws `stripe_error`. */
  send(order: {
    key: string;
    account_id: string;
    amount_cents: number;
    metadata: Record<string, string>;
    isRepeat: boolean;
  }): Promise<string>;
  /** Takes back a part of what was sent. */
  takeBack(order: { key: string; transfer_id: string; amount_cents: number }): Promise<void>;
  /** Of an error of these: nothing was moved, and asking again will not help. */
  isRefusal(error: unknown): boolean;
}

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
