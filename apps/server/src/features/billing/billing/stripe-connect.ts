import { isRejection, type Payments } from "./stripe.ts";

/** Moves money to creators. Each `key` moves money once, however often it is sent. */
export interface PayoutProvider {
  /** False: every other call throws `payments_not_configured`. */
  readonly isOn: boolean;
  /** Creates the user's account once. Resolves with its id. */
  createAccount(user: { id: string; email: string }): Promise<string>;
  /** URL of the page on which the owner enters identity and bank details. */
  onboardingUrl(accountId: string): Promise<string>;
  /** Whether the account can receive money. */
  isReady(accountId: string): Promise<boolean>;
  /** `isRepeat`: look for a transfer that was sent before. Resolves with the transfer's id. Throws `stripe_error`. */
  transfer(order: {
    key: string;
    account_id: string;
    amount_cents: number;
    metadata: Record<string, string>;
    isRepeat: boolean;
  }): Promise<string>;
  /** Takes back a part of a transfer. */
  reverseTransfer(order: { key: string; transfer_id: string; amount_cents: number }): Promise<void>;
  /** Whether an error of these calls means that nothing was moved and a retry will not help. */
  isRejection(error: unknown): boolean;
}

/** Creators' Stripe Connect Express accounts, and transfers to them. */
export function createStripeConnect({ payments, appBaseUrl }: { payments: Payments; appBaseUrl: string }): PayoutProvider {
  return {
    isOn: payments.account !== undefined,
    createAccount: async (user) =>
      (
        await payments.once(`account:${user.id}`, (stripe, options) =>
          stripe.accounts.create(
            { type: "express", email: user.email, capabilities: { transfers: { requested: true } }, metadata: { user_id: user.id } },
            options,
          ),
        )
      ).id,
    onboardingUrl: async (account) =>
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
    transfer: async ({ key, account_id, amount_cents, metadata, isRepeat }) => {
      // Stripe idempotency keys expire after a day, so look for the transfer itself first.
      const known = isRepeat ? await payments.call((stripe) => stripe.transfers.list({ transfer_group: key, limit: 1 })) : undefined;
      const sent = known?.data[0];
      if (sent) return sent.id;
      const transfer = await payments.once(`transfer:${key}`, (stripe, options) =>
        stripe.transfers.create({ amount: amount_cents, currency: "usd", destination: account_id, transfer_group: key, metadata }, options),
      );
      return transfer.id;
    },
    reverseTransfer: async ({ key, transfer_id, amount_cents }) => {
      const known = await payments.call((stripe) => stripe.transfers.listReversals(transfer_id, { limit: 100 }));
      if (known.data.some(({ metadata }) => metadata?.["key"] === key)) return;
      await payments.once(`reversal:${transfer_id}:${key}`, (stripe, options) =>
        stripe.transfers.createReversal(transfer_id, { amount: amount_cents, metadata: { key } }, options),
      );
    },
    isRejection,
  };
}
