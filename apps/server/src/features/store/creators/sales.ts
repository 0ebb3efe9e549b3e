import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PayoutProvider, Sale } from "../../billing/billing/index.ts";
import { post } from "../../billing/credits/index.ts";
import type { PayoutRow } from "../../../db/schema/store.ts";
import type { SalesStore } from "./sales.store.ts";

const tries = 25;
/** Treats it as never sent. */
const unpaid = { payout_status: "pending" as const, payout_id: null, payout_date: null, stripe_payout_id: null, reversed_at: null };

export type Sales = ReturnType<typeof createSales>;
/**
 * Sales and the transfer of creators' shares. A sale is recorded in the transaction that posts its payment; a job transfers the share to the
 * creator's connected account. The share of a refunded sale is not sent, or reversed.
 */
export function createSales({
  store,
  payoutProvider,
  isSent,
  log,
}: {
  store: SalesStore;
  payoutProvider: PayoutProvider;
  /** Shares are transferred automatically. */ isSent: boolean;
  log: Logger;
}) {
  /** `undefined`: nothing to send, no account, or the owner is suspended. */
  const begin = (id: string) =>
    store.transaction(async (tx) => {
      const sale = await store.lock(tx, id);
      if (!sale || sale.payout_id !== null || sale.creator_id === null) return undefined;
      const isRepeat = sale.payout_status === "processing";
      if (!isRepeat && (sale.payout_status !== "pending" || sale.refunded_at !== null)) return undefined;
      const owner = await store.accountOf(sale.creator_id, tx);
      if (!owner?.account_id || owner.is_suspended) return undefined;
      if (!isRepeat) await store.update(tx, id, { payout_status: "processing" });
      return { sale, account_id: owner.account_id, isRepeat };
    });
  const cancelPayout = (id: string) =>
    store.transaction(async (tx) => {
      const sale = await store.lock(tx, id);
      if (sale?.payout_status === "processing" && sale.payout_id === null)
        await store.update(tx, id, { payout_status: sale.refunded_at === null ? "pending" : "failed" });
    });
  const takeBackLater = (tx: Queries, id: string) =>
    store.enqueue(tx, "reverse_transfer", { id }, { key: `reverse_transfer:${id}`, maxAttempts: tries });

  /** Transfers one sale's share. Throws when it should be retried. */
  const transfer = async (id: string): Promise<void> => {
    const pending = await begin(id);
    if (!pending) return;
    const { sale, account_id, isRepeat } = pending;
    let transferId: string;
    try {
      if (!isRepeat && !(await payoutProvider.isReady(account_id))) return await cancelPayout(id);
      transferId = await payoutProvider.transfer({
        key: `sale:${id}`,
        account_id,
        amount_cents: sale.amount_creator_cents,
        metadata: { transaction_id: id, agent_id: sale.agent_id ?? "", user_id: sale.user_id ?? "" },
        isRepeat,
      });
    } catch (err) {
      if (!payoutProvider.isRejection(err)) throw err;
      log.warn({ err, transaction_id: id }, "creator share not transferred");
      return cancelPayout(id);
    }
    await store.transaction(async (tx) => {
      const now = await store.lock(tx, id);
      if (now?.payout_status !== "processing") return;
      await store.update(tx, id, { payout_status: "paid", payout_date: new Date().toISOString(), stripe_payout_id: transferId });
      await postPayout(tx, `sale:${id}`, sale.creator_id, sale.amount_creator_cents);
      if (now.refunded_at !== null) await takeBackLater(tx, id);
    });
  };

  const reverseTransfer = async (id: string): Promise<void> => {
    const sale = await store.transaction((tx) => store.lock(tx, id));
    if (!sale?.stripe_payout_id || sale.refunded_at === null || sale.reversed_at !== null || sale.payout_status !== "paid") return;
    await payoutProvider.reverseTransfer({
      key: `sale:${id}`,
      transfer_id: sale.stripe_payout_id,
      amount_cents: sale.amount_creator_cents,
    });
    await store.transaction(async (tx) => {
      const now = await store.lock(tx, id);
      if (!now || now.reversed_at !== null) return;
      // The dispute was won in the meantime, so the share is due again.
      await store.update(tx, id, now.refunded_at === null ? unpaid : { reversed_at: new Date().toISOString() });
      await post(tx, `reversal:${id}:${sale.stripe_payout_id ?? ""}`, [
        { account: "stripe", amount_cents: sale.amount_creator_cents },
        { account: "creator", user_id: sale.creator_id, amount_cents: -sale.amount_creator_cents },
      ]);
    });
  };

  /** Sends a pending payout. Throws `stripe_error`: either nothing was sent and the payout was canceled, or it is retried later. */
  const sendPayout = async (id: string, isRepeat: boolean): Promise<PayoutRow | undefined> => {
    const payout = await store.transaction((tx) => store.lockPayout(tx, id));
    if (!payout || payout.status !== "processing" || payout.creator_id === null) return payout;
    const owner = await store.accountOf(payout.creator_id);
    // It stays pending until they are reinstated.
    if (!owner?.account_id || owner.is_suspended) return payout;
    let transferId: string;
    try {
      transferId = await payoutProvider.transfer({
        key: `payout:${id}`,
        account_id: owner.account_id,
        amount_cents: payout.amount_cents,
        metadata: { payout_id: id, user_id: payout.creator_id },
        isRepeat,
      });
    } catch (err) {
      if (payoutProvider.isRejection(err))
        await store.transaction(async (tx) => {
          if ((await store.lockPayout(tx, id))?.status === "processing") await store.failPayout(tx, id);
        });
      throw err;
    }
    return store.transaction(async (tx) => {
      if ((await store.lockPayout(tx, id))?.status !== "processing") return payout;
      const done = await store.finishPayout(tx, id, transferId);
      await postPayout(tx, `payout:${id}`, payout.creator_id, payout.amount_cents);
      return done;
    });
  };

  return {
    /** Records a sale in the transaction that posts its payment. */
    record: async (tx: Queries, sale: Sale): Promise<void> => {
      const row = await store.insert(tx, {
        user_id: sale.buyer_id,
        agent_id: sale.item_id,
        creator_id: sale.creator_id,
        transaction_type: sale.type,
        amount_total_cents: sale.total_cents,
        amount_creator_cents: sale.creator_cents,
        amount_platform_cents: sale.total_cents - sale.creator_cents,
        stripe_payment_intent: sale.payment_intent,
        stripe_invoice_id: sale.invoice_id,
        stripe_subscription_id: sale.subscription_id,
      });
      if (isSent) await store.enqueue(tx, "transfer_share", { id: row.id }, { key: `transfer_share:${row.id}`, maxAttempts: tries });
    },
    /** Handles a refund in the transaction that posts it. Resolves with the creator and their share. */
    refund: async (tx: Queries, paymentKey: string): Promise<{ creator_id: string | null; creator_cents: number } | undefined> => {
      // Lock order: the payout before its sales.
      const payoutId = await store.payoutOf(tx, paymentKey);
      const payout = payoutId === null ? undefined : await store.lockPayout(tx, payoutId);
      const sale = await store.lockByPayment(tx, paymentKey);
      if (!sale || sale.refunded_at !== null) return undefined;
      const refunded_at = new Date().toISOString();
      // A manual payout that has not been sent yet.
      const isWaiting = payout?.status === "pending" && sale.payout_status === "processing";
      await store.update(tx, sale.id, {
        refunded_at,
        ...((isWaiting || sale.payout_status === "pending") && { payout_status: "failed" as const, payout_id: null }),
      });
      if (isWaiting && payout.amount_cents > sale.amount_creator_cents) await store.reducePayout(tx, payout.id, sale.amount_creator_cents);
      else if (isWaiting) await store.failPayout(tx, payout.id);
      if (sale.payout_status === "paid" && sale.stripe_payout_id !== null) await takeBackLater(tx, sale.id);
      return { creator_id: sale.creator_id, creator_cents: sale.amount_creator_cents };
    },
    /** Handles a won dispute in the transaction that posts it. Resolves with the creator whose share is due again. */
    restore: async (tx: Queries, paymentKey: string): Promise<{ creator_id: string | null; creator_cents: number } | undefined> => {
      const sale = await store.lockByPayment(tx, paymentKey);
      if (!sale || sale.refunded_at === null) return undefined;
      const isUnpaid = sale.payout_status === "failed" || sale.reversed_at !== null;
      await store.update(tx, sale.id, { refunded_at: null, ...(isUnpaid && unpaid) });
      // A reversed share becomes part of the next payout.
      if (isSent && sale.payout_status === "failed")
        await store.enqueue(tx, "transfer_share", { id: sale.id }, { key: `transfer_share:${sale.id}`, maxAttempts: tries });
      return { creator_id: sale.creator_id, creator_cents: sale.amount_creator_cents };
    },
    /** URL where a creator opens or completes their payout account. Throws `payments_not_configured`, `stripe_error`. */
    connect: async (userId: string): Promise<string> => {
      const owner = await store.accountOf(userId);
      if (!owner) throw new AppError("not_found", "User not found.");
      return payoutProvider.onboardingUrl(owner.account_id ?? (await store.setAccount(userId, await payoutProvider.createAccount(owner))));
    },
    /** Throws `payout_onboarding_required` with the onboarding URL, `payments_not_configured`, `stripe_error`. */
    requireAccount: async (userId: string): Promise<void> => {
      const owner = await store.accountOf(userId);
      if (owner?.account_id && (await payoutProvider.isReady(owner.account_id))) return;
      if (!owner) throw new AppError("not_found", "User not found.");
      const account = owner.account_id ?? (await store.setAccount(userId, await payoutProvider.createAccount(owner)));
      throw new AppError("payout_onboarding_required", "Set up your payout account first.", {
        details: { onboarding_url: await payoutProvider.onboardingUrl(account) },
      });
    },
    /** Whether the creator has an account that can receive transfers. */
    canEarn: async (userId: string): Promise<boolean> => {
      if (!payoutProvider.isOn) return false;
      const account = (await store.accountOf(userId))?.account_id;
      return Boolean(account) && (await payoutProvider.isReady(account ?? ""));
    },
    accountOf: async (userId: string): Promise<string | null> => (await store.accountOf(userId))?.account_id ?? null,
    sendPayout,
    jobHandlers: {
      transfer_share: async (payload: unknown) => transfer((payload as { id: string }).id),
      reverse_transfer: async (payload: unknown) => reverseTransfer((payload as { id: string }).id),
      send_payout: async (payload: unknown) => void (await sendPayout((payload as { id: string }).id, true)),
      /** Turns usage earnings into sales. */
      settle_usage: async () =>
        store.transaction(async (tx) => {
          for (const { creator_id, agent_id, creator_cents, platform_cents, tokens_in, tokens_out } of await store.unsettledUse(tx)) {
            const { id } = await store.insert(tx, {
              agent_id,
              creator_id,
              transaction_type: "usage",
              amount_total_cents: creator_cents + platform_cents,
              amount_creator_cents: creator_cents,
              amount_platform_cents: platform_cents,
              tokens_input: tokens_in,
              tokens_output: tokens_out,
            });
            await post(tx, `use:${id}`, [
              { account: "creator", user_id: creator_id, amount_cents: -creator_cents },
              { account: "revenue", amount_cents: creator_cents },
            ]);
          }
        }),
      /** Retries transfers that a job gave up on or a crash interrupted. */
      sweep_transfers: async () => {
        if (!payoutProvider.isOn) return;
        await store.transaction(async (tx) => {
          for (const { id } of await store.unfinished(500))
            await store.enqueue(tx, "transfer_share", { id }, { key: `transfer_share:${id}`, maxAttempts: tries });
          for (const { id } of await store.unfinishedPayouts(500))
            await store.enqueue(tx, "send_payout", { id }, { key: `send_payout:${id}`, maxAttempts: tries });
          for (const { id } of await store.toTakeBack(500)) await takeBackLater(tx, id);
        });
      },
    },
  };
}

/** Posts a payment to a creator, by Stripe or manually. */
export const postPayout = (
  tx: Queries,
  posting: string,
  creatorId: string | null,
  cents: number,
  from: "stripe" | "by_hand" = "stripe",
): Promise<boolean> =>
  post(tx, `paid:${posting}`, [
    { account: "creator", user_id: creatorId, amount_cents: cents },
    { account: from, amount_cents: -cents },
  ]);
