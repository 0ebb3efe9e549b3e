import type { Stripe } from "stripe";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Credits } from "../credits/index.ts";
import { livingStates, type BillingStore, type Buyer } from "./billing.store.ts";
import type { SubscriptionRow } from "../../../db/schema/billing.ts";
import { isPaidTier, planOfPrice, type PaidTier } from "./tiers.ts";
import { ownershipOf } from "./metadata.ts";
import type { Shelves } from "./sold-items.ts";
import { idOf, isoOf, type Payments } from "./stripe.ts";

/** What Stripe said of a subscription, and to which of our questions. */
export interface ToldSubscription {
  asked: number;
  subscription: Stripe.Subscription;
}

export type Plans = ReturnType<typeof createPlans>;
/**
 * Subscriptions follow Stripe: whatever event or page tells of one, it is asked what the subscription is now, and that is applied. So events may come
 * late, twice, in any order or not at all. A plan gives its tier while it lives, an agent paid by the month its place in the library.
 */
export function createPlans({
  store,
  payments,
  credits,
  shelves,
  log,
}: {
  store: BillingStore;
  payments: Payments;
  credits: Pick<Credits, "changeTier" | "moveTier">;
  shelves: Shelves;
  log: Logger;
}) {
  const endLater = (tx: Queries, id: string) =>
    store.enqueue(tx, "end_subscription", { id }, { key: `end_subscription:${id}`, maxAttempts: 25 });
  /**
   * What somebody on a plan pays for does not change when the operator sells it at another price: by the price as it is configured now, else as what
   * it was sold, else what it was when it was heard of last.
   */
  const tierOf = (subscription: Stripe.Subscription, priceId: string, known: SubscriptionRow | undefined): PaidTier => {
    const { price_id, tier: sold } = subscription.metadata;
    const tier = planOfPrice(payments.require(), priceId)?.tier ?? (price_id === priceId && isPaidTier(sold) ? sold : known?.tier);
    if (tier) return tier;
    log.error({ subscription_id: subscription.id, price_id: priceId }, "price of a plan is not known here");
    return isPaidTier(sold) ? sold : "basic";
  };
  const takePlan = async (tx: Queries, buyer: Buyer, row: SubscriptionRow): Promise<void> => {
    if (row.tier === null) return;
    const isNew = buyer.stripe_subscription_id !== row.stripe_subscription_id;
    if (isNew) await store.setSubscription(tx, buyer.id, row.stripe_subscription_id);
    if (isNew) await credits.changeTier(tx, buyer.id, row.tier);
    else if (row.tier !== buyer.subscription_tier) await credits.moveTier(tx, buyer.id, row.tier);
  };
  /** The newest plan that lives is the one that counts; when none does, somebody whose plan it was is free again. */
  const settlePlan = async (tx: Queries, buyer: Buyer, row: SubscriptionRow): Promise<void> => {
    const [current, ...former] = await store.livingPlans(tx, buyer.id);
    for (const plan of former) await endLater(tx, plan.stripe_subscription_id);
    if (current) return takePlan(tx, buyer, current);
    if (buyer.stripe_subscription_id !== row.stripe_subscription_id) return;
    await store.setSubscription(tx, buyer.id, null);
    await credits.changeTier(tx, buyer.id, "free");
  };
  const settleItem = async (tx: Queries, userId: string, row: SubscriptionRow, wasLiving: boolean): Promise<void> => {
    const shelf = row.kind === "subscription" ? undefined : shelves[row.kind];
    if (!shelf || row.item_id === null) return;
    const isLiving = livingStates.includes(row.status);
    const subscription_id = row.stripe_subscription_id;
    if (!isLiving) return wasLiving ? shelf.revoke(tx, userId, row.item_id, { subscription_id }) : undefined;
    // Nobody pays by the month for what is theirs for good, or gone.
    const isForever = (await shelf.possession(tx, userId, row.item_id))?.is_forever === true;
    if (isForever || !(await shelf.find(row.item_id, tx))) return endLater(tx, subscription_id);
    if (wasLiving) return;
    await shelf.grant(tx, {
      user_id: userId,
      item_id: row.item_id,
      purchase_type: "monthly",
      stripe_payment_intent: null,
      stripe_subscription_id: subscription_id,
    });
    // Paid on two pages: the one that was heard of last takes the place of the other.
    for (const other of await store.livingOfItem(tx, userId, row.item_id))
      if (other.stripe_subscription_id !== subscription_id) await endLater(tx, other.stripe_subscription_id);
  };

  return {
    /** Undefined: there is no such subscription. Throws `stripe_error`. */
    ask: async (subscriptionId: string): Promise<ToldSubscription | undefined> => {
      const asked = await store.nextQuestion();
      const subscription = await payments.find((stripe) => stripe.subscriptions.retrieve(subscriptionId));
      return subscription && { asked, subscription };
    },
    /** In the caller's transaction. Resolves with whose it is; undefined: nobody's here. */
    apply: async (tx: Queries, { asked, subscription }: ToldSubscription): Promise<string | undefined> => {
      const own = ownershipOf(subscription.metadata);
      if (!own || own.kind === "credits" || own.kind === "deploy_slot") return undefined;
      const { kind, user_id: userId, item_id } = own;
      const buyer = await store.lockBuyer(tx, userId);
      if (!buyer) return undefined;
      const known = await store.findMirror(subscription.id, tx);
      const [item] = subscription.items.data;
      const priceId = idOf(item?.price) ?? "";
      const row = {
        stripe_subscription_id: subscription.id,
        user_id: userId,
        kind,
        item_id,
        tier: kind === "subscription" ? tierOf(subscription, priceId, known) : null,
        billing_interval: item?.price.recurring?.interval === "year" ? "annual" : "monthly",
        price_cents: item?.price.unit_amount ?? 0,
        status: subscription.status,
        current_period_start: isoOf(item?.current_period_start),
        current_period_end: isoOf(item?.current_period_end),
        cancel_at_period_end: subscription.cancel_at_period_end,
        cancel_at: isoOf(subscription.cancel_at),
        asked,
        created_at: isoOf(subscription.created) ?? new Date().toISOString(),
      } as const;
      const now = await store.putMirror(tx, row);
      if (!now) return userId;
      if (kind === "subscription") await settlePlan(tx, buyer, now);
      else await settleItem(tx, userId, now, known !== undefined && livingStates.includes(known.status));
      return userId;
    },
    /** What was paid by the month is theirs for good from now on: nobody pays for it again. In the caller's transaction. */
    endItem: async (tx: Queries, userId: string, itemId: string): Promise<void> => {
      for (const row of await store.livingOfItem(tx, userId, itemId)) await endLater(tx, row.stripe_subscription_id);
    },
    jobHandlers: {
      /** One too many, beside another or a purchase for good, or for what is gone: it ends, and what is left of it is given back. */
      end_subscription: async (payload: unknown) => {
        const { id } = payload as { id: string };
        const told = await payments.find((stripe) => stripe.subscriptions.retrieve(id));
        if (told && livingStates.includes(told.status)) await payments.call((stripe) => stripe.subscriptions.cancel(id, { prorate: true }));
      },
    },
  };
}
