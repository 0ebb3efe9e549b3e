import type { Stripe } from "stripe";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import { post, type Credits } from "../credits/index.ts";
import type { BillingStore, RefundTotals } from "./billing.store.ts";
import type { PaymentRow } from "../../../db/schema/billing.ts";
import { ownershipOf, type Ownership } from "./metadata.ts";
import type { Subscriptions, FetchedSubscription } from "./subscriptions.ts";
import type { SoldItemStores } from "./sold-items.ts";
import { idOf } from "./stripe.ts";

/** A paid marketplace item. */
export interface Sale {
  buyer_id: string;
  /** An agent or a base. */
  item_id: string;
  creator_id: string;
  type: "one_time" | "subscription";
  total_cents: number;
  creator_cents: number;
  /** One of the two. */
  payment_intent: string | null;
  invoice_id: string | null;
  subscription_id: string | null;
}

/** The sales behind payments. Each call runs in the transaction that books its payment, refund or returned dispute. */
export interface SaleRecords {
  /** The creator's part of a price; the platform keeps the rest. */
  creatorCentsOf(totalCents: number): number;
  record(tx: Queries, sale: Sale): Promise<void>;
  /** Resolves with the creator's share of the refunded sale; `undefined` if there is no sale or it was refunded before. */
  refund(tx: Queries, paymentKey: string): Promise<CreatorShare | undefined>;
  /** Resolves with the creator's share that is owed again; `undefined` if the sale was not refunded. */
  restore(tx: Queries, paymentKey: string): Promise<CreatorShare | undefined>;
}
export interface CreatorShare {
  creator_id: string | null;
  creator_cents: number;
}

/** A checkout session created by this server. */
export interface OwnSession extends Ownership {
  id: string;
  isPaid: boolean;
  amount_cents: number;
  /** The price shown at checkout; null: the price stored at Stripe. */
  agreed_cents: number | null;
  payment_intent: string | null;
  invoice_id: string | null;
  subscription_id: string | null;
}
/** Undefined when this server did not create the session. */
export function ownSessionOf(session: Stripe.Checkout.Session): OwnSession | undefined {
  const own = ownershipOf(session.metadata);
  if (!own) return undefined;
  const agreed = session.metadata?.["amount_cents"];
  return {
    ...own,
    id: session.id,
    isPaid: session.status === "complete" && session.payment_status !== "unpaid",
    amount_cents: session.amount_total ?? 0,
    agreed_cents: agreed === undefined ? null : Number(agreed),
    payment_intent: idOf(session.payment_intent) ?? null,
    invoice_id: idOf(session.invoice) ?? null,
    subscription_id: idOf(session.subscription) ?? null,
  };
}

/** A received payment. */
interface Receipt extends Ownership {
  key: string;
  amount_cents: number;
  subscription_id: string | null;
  /** Of an invoice. */
  period?: { start: string; end: string } | undefined;
}
export interface PaidInvoice extends Ownership {
  id: string;
  amount_cents: number;
  subscription_id: string;
  /** True for the invoice of a new period; others start or change a subscription. */
  isRenewal: boolean;
  /** The period that it is for. */
  period?: { start: string; end: string } | undefined;
}

export type Fulfilment = ReturnType<typeof createFulfilment>;
/**
 * Books payments and grants what was bought. Webhooks, the return page and the reconciliation call the same methods, in any order and any number of
 * times: a session is fulfilled once and a payment booked once. Every method runs in its caller's transaction and locks first the payment, then the
 * buyer's row.
 */
export function createFulfilment({
  store,
  credits,
  sales,
  soldItems,
  subscriptions,
  log,
}: {
  store: BillingStore;
  credits: Pick<Credits, "addPurchased" | "takePurchased" | "renewAllowance">;
  sales: SaleRecords;
  soldItems: SoldItemStores;
  subscriptions: Pick<Subscriptions, "apply" | "endItem">;
  log: Logger;
}) {
  /** What a payment of a subscription is for: the subscription as it was applied before, and the period of the invoice. */
  const periodOf = async (tx: Queries, { subscription_id, period }: Receipt) => {
    const paid = subscription_id === null ? undefined : await store.findSubscription(subscription_id, tx);
    return (
      paid && {
        tier: paid.tier,
        billing_interval: paid.billing_interval,
        period_start: period?.start ?? paid.current_period_start,
        period_end: period?.end ?? paid.current_period_end,
      }
    );
  };
  /** Books a payment in the ledger; undefined when it is already booked. */
  const book = async (tx: Queries, receipt: Receipt): Promise<PaymentRow | undefined> => {
    const { key, user_id, kind, amount_cents, item_id } = receipt;
    const items = kind === "agent" || kind === "base" ? soldItems[kind] : undefined;
    const item = item_id === null ? undefined : await items?.find(item_id, tx);
    const payment = await store.insertPayment(tx, {
      key,
      user_id,
      kind,
      amount_cents,
      credits: kind === "credits" ? amount_cents : 0,
      item_id: item?.id ?? null,
      item_name: item?.name ?? null,
      stripe_subscription_id: receipt.subscription_id,
      ...(await periodOf(tx, receipt)),
    });
    if (!payment) return undefined;
    const creator = item?.creator_id ?? null;
    const share = creator === null ? 0 : sales.creatorCentsOf(amount_cents);
    await post(tx, `payment:${key}`, [
      { account: "stripe", amount_cents },
      ...(kind === "credits"
        ? [{ account: "credits" as const, user_id, amount_cents: -amount_cents }]
        : [
            { account: "creator" as const, user_id: creator, amount_cents: -share },
            { account: "revenue" as const, amount_cents: share - amount_cents },
          ]),
    ]);
    if (kind === "credits") await credits.addPurchased(tx, user_id, amount_cents);
    if (kind !== "subscription") await store.addSpend(tx, user_id, amount_cents, kind === "deploy_slot" ? 1 : 0);
    if (item && creator !== null && amount_cents > 0)
      await sales.record(tx, {
        buyer_id: user_id,
        item_id: item.id,
        creator_id: creator,
        type: receipt.subscription_id === null ? "one_time" : "subscription",
        total_cents: amount_cents,
        creator_cents: share,
        payment_intent: receipt.subscription_id === null ? key : null,
        invoice_id: receipt.subscription_id === null ? null : key,
        subscription_id: receipt.subscription_id,
      });
    return payment;
  };

  const grantPermanently = async (
    tx: Queries,
    kind: "agent" | "base",
    owner: { user_id: string; item_id: string },
    key: string,
  ): Promise<void> => {
    const grant = { ...owner, purchase_type: "one_time" as const, stripe_payment_intent: key, stripe_subscription_id: null };
    await soldItems[kind]?.grant(tx, grant);
    await subscriptions.endItem(tx, owner.user_id, owner.item_id);
  };
  /** Removes a refunded item from the library, or adds it again when the refund was reversed. */
  const settleItem = async (tx: Queries, payment: PaymentRow, isReturned: boolean): Promise<void> => {
    const { user_id, item_id, key } = payment;
    const items = payment.kind === "agent" || payment.kind === "base" ? soldItems[payment.kind] : undefined;
    if (!items || user_id === null || item_id === null || payment.stripe_subscription_id !== null) return;
    if (isReturned) return items.revoke(tx, user_id, item_id, { payment_intent: key });
    const isHeld = (await items.entitlement(tx, user_id, item_id))?.is_permanent === true;
    if (isHeld || !(await items.find(item_id, tx))) return;
    await grantPermanently(tx, payment.kind as "agent" | "base", { user_id, item_id }, key);
  };
  /** Resolves with the credits withdrawn; negative when credits are given back, at most as many as were withdrawn. */
  const settleCredits = async (tx: Queries, userId: string, key: string, fresh: number, back: number): Promise<number> => {
    if (fresh > 0) return credits.takePurchased(tx, userId, fresh);
    const due = Math.max(0, (await store.creditsTaken(tx, userId, key)) - back);
    if (due > 0) await credits.addPurchased(tx, userId, due);
    return -due;
  };
  /** Applies refunds and disputes of a payment that were not applied yet, and reverses those that were won. */
  const applyRefund = async (tx: Queries, payment: PaymentRow): Promise<void> => {
    const { refunded, disputed, won } = await store.refundOf(tx, payment.key);
    const back = Math.min(payment.amount_cents, refunded + Math.max(0, disputed - won));
    // Negative when money comes back in.
    const fresh = back - payment.refunded_cents;
    if (fresh === 0) return;
    await store.setRefunded(tx, payment.id, back);
    const wasWhole = payment.refunded_cents === payment.amount_cents;
    const isWhole = back === payment.amount_cents;
    const userId = payment.user_id;
    const taken = payment.kind === "credits" && userId !== null ? await settleCredits(tx, userId, payment.key, fresh, back) : 0;
    const slots = payment.kind === "deploy_slot" ? Number(wasWhole) - Number(isWhole) : 0;
    if (userId !== null && payment.kind !== "subscription") await store.addSpend(tx, userId, -fresh, slots);
    const sold = isWhole === wasWhole ? undefined : isWhole ? await sales.refund(tx, payment.key) : await sales.restore(tx, payment.key);
    const share = isWhole ? (sold?.creator_cents ?? 0) : -(sold?.creator_cents ?? 0);
    await post(tx, `refund:${payment.key}:${refunded}:${disputed}:${won}`, [
      { account: "stripe", amount_cents: -fresh },
      { account: "credits", user_id: userId, amount_cents: taken },
      { account: "creator", user_id: sold?.creator_id ?? null, amount_cents: share },
      { account: payment.kind === "credits" ? "losses" : "revenue", amount_cents: fresh - taken - share },
    ]);
    if (isWhole !== wasWhole) await settleItem(tx, payment, isWhole);
  };
  const bookInvoice = async (tx: Queries, invoice: PaidInvoice): Promise<PaymentRow | undefined> => {
    // A free renewal still counts as a renewal.
    if (invoice.amount_cents <= 0 && !invoice.isRenewal) return undefined;
    return book(tx, { ...invoice, key: invoice.id });
  };

  /** One-time purchases: credits, deploy slots, items. */
  const fulfilOneTime = async (tx: Queries, session: OwnSession, key: string): Promise<void> => {
    const items = session.kind === "agent" || session.kind === "base" ? soldItems[session.kind] : undefined;
    if (items && session.item_id !== null) {
      const held = await items.entitlement(tx, session.user_id, session.item_id);
      const isTwice = held?.is_permanent === true && held.stripe_payment_intent !== key;
      // Bought twice, or deleted by its creator during checkout: refund the payment.
      if (isTwice || !(await items.find(session.item_id, tx))) {
        log.warn(
          { session_id: session.id, user_id: session.user_id },
          `${isTwice ? "item was bought twice" : "bought item was deleted"}; refunding the payment`,
        );
        const order = { payment_intent: key, reason: isTwice ? "duplicate" : null };
        await store.enqueue(tx, "refund_payment", order, { key: `refund_payment:${key}`, maxAttempts: 25 });
        return;
      }
    }
    const payment = await book(tx, { ...session, key, subscription_id: null });
    if (!payment) return;
    if (items && payment.item_id !== null)
      await grantPermanently(tx, session.kind as "agent" | "base", { user_id: session.user_id, item_id: payment.item_id }, key);
    await applyRefund(tx, payment);
  };

  return {
    /** Grants what a paid session is for. `fetched` is its subscription, if it has one. */
    session: async (tx: Queries, session: OwnSession, fetched: FetchedSubscription | undefined): Promise<void> => {
      const key = session.subscription_id === null ? session.payment_intent : session.invoice_id;
      if (key !== null) await store.lockPayment(tx, key);
      const buyer = await store.lockBuyer(tx, session.user_id);
      if (!buyer) return log.error({ session_id: session.id }, "paid session of an unknown user");
      // Credits must be paid at exactly the price of our checkout.
      const isWrong = session.agreed_cents === null ? session.kind === "credits" : session.agreed_cents !== session.amount_cents;
      if (isWrong)
        log.error({ session_id: session.id, user_id: buyer.id }, "paid amount differs from the agreed price; nothing is granted");
      const isFirst = await store.claimSession(tx, {
        session_id: session.id,
        user_id: buyer.id,
        kind: session.kind,
        subject: session.item_id ?? session.kind,
        amount_cents: session.amount_cents,
        status: isWrong ? "refused" : "fulfilled",
      });
      if (fetched) await subscriptions.apply(tx, fetched);
      if (!isFirst || isWrong) return;
      if (session.subscription_id !== null) {
        if (session.invoice_id === null) return;
        const payment = await bookInvoice(tx, {
          ...session,
          id: session.invoice_id,
          subscription_id: session.subscription_id,
          isRenewal: false,
        });
        if (payment) await applyRefund(tx, payment);
      } else if (key !== null) await fulfilOneTime(tx, session, key);
    },
    /** Books a paid invoice of a subscription; the renewal of a plan renews its allowance. */
    invoice: async (tx: Queries, invoice: PaidInvoice, fetched: FetchedSubscription | undefined): Promise<void> => {
      await store.lockPayment(tx, invoice.id);
      const buyer = await store.lockBuyer(tx, invoice.user_id);
      if (!buyer) return log.error({ invoice_id: invoice.id }, "paid invoice of an unknown user");
      if (fetched) await subscriptions.apply(tx, fetched);
      const payment = await bookInvoice(tx, invoice);
      if (!payment) return;
      const plan = (await store.lockBuyer(tx, buyer.id))?.stripe_subscription_id;
      if (invoice.kind === "subscription" && invoice.isRenewal && plan === invoice.subscription_id)
        await credits.renewAllowance(tx, buyer.id);
      await applyRefund(tx, payment);
    },
    /** Refunds and disputes of a payment, as cumulative totals by the payment's key. */
    refund: async (tx: Queries, key: string, cents: RefundTotals): Promise<void> => {
      await store.lockPayment(tx, key);
      await store.noteRefund(tx, key, cents);
      const payment = await store.findPayment(key, tx);
      if (!payment) return;
      if (payment.user_id !== null) await store.lockBuyer(tx, payment.user_id);
      await applyRefund(tx, payment);
    },
  };
}
