import type { Stripe } from "stripe";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Credits } from "../credits/index.ts";
import { activeStates, type BillingStore, type Buyer } from "./billing.store.ts";
import type { SubscriptionRow } from "../../../db/schema/billing.ts";
import { isPaidTier, planOfPrice, type PaidTier } from "./tiers.ts";
import { ownershipOf } from "./metadata.ts";
import type { SoldItemStores } from "./sold-items.ts";
import { idOf, isoOf, type Payments } from "./stripe.ts";

/** A subscription as fetched from Stripe, and the number of the fetch: a later fetch has a higher one. */
export interface FetchedSubscription {
  fetchNumber: number;
  subscription: Stripe.Subscription;
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;
/**
 * Keeps subscriptions in sync with Stripe: any event about one makes the server fetch its current state and apply it, so that events may arrive late,
 * twice, out of order or not at all. An active plan sets the user's tier; an active monthly agent is in the user's library.
 */
export function createSubscriptions({
  store,
  payments,
  credits,
  soldItems,
  log,
}: {
  store: BillingStore;
  payments: Payments;
  credits: Pick<Credits, "changeTier" | "moveTier">;
  soldItems: SoldItemStores;
  log: Logger;
}) {
  const enqueueEnd = (tx: Queries, id: string) =>
    store.enqueue(tx, "end_subscription", { id }, { key: `end_subscription:${id}`, maxAttempts: 25 });
  /**
   * A subscriber keeps their tier when the operator changes the configured prices: the tier of the configured price, else the one it was sold as, else
   * the last known one.
   */
  const tierOf = (subscription: Stripe.Subscription, priceId: string, known: SubscriptionRow | undefined): PaidTier => {
    const { price_id, tier: sold } = subscription.metadata;
    const tier = planOfPrice(payments.require(), priceId)?.tier ?? (price_id === priceId && isPaidTier(sold) ? sold : known?.tier);
    if (tier) return tier;
    log.error({ subscription_id: subscription.id, price_id: priceId }, "unknown plan price");
    return isPaidTier(sold) ? sold : "basic";
  };
  const applyPlan = async (tx: Queries, buyer: Buyer, row: SubscriptionRow): Promise<void> => {
    if (row.tier === null) return;
    const isNew = buyer.stripe_subscription_id !== row.stripe_subscription_id;
    if (isNew) await store.setSubscription(tx, buyer.id, row.stripe_subscription_id);
    if (isNew) await credits.changeTier(tx, buyer.id, row.tier);
    else if (row.tier !== buyer.subscription_tier) await credits.moveTier(tx, buyer.id, row.tier);
  };
  /** The newest active plan applies and older ones are ended; without one, the user returns to the free tier. */
  const reconcilePlan = async (tx: Queries, buyer: Buyer, row: SubscriptionRow): Promise<void> => {
    const [current, ...former] = await store.activePlans(tx, buyer.id);
    for (const plan of former) await enqueueEnd(tx, plan.stripe_subscription_id);
    if (current) return applyPlan(tx, buyer, current);
    if (buyer.stripe_subscription_id !== row.stripe_subscription_id) return;
    await store.setSubscription(tx, buyer.id, null);
    await credits.changeTier(tx, buyer.id, "free");
  };
  const settleItem = async (tx: Queries, userId: string, row: SubscriptionRow, wasLiving: boolean): Promise<void> => {
    const items = row.kind === "subscription" ? undefined : soldItems[row.kind];
    if (!items || row.item_id === null) return;
    const isLiving = activeStates.includes(row.status);
    const subscription_id = row.stripe_subscription_id;
    if (!isLiving) return wasLiving ? items.revoke(tx, userId, row.item_id, { subscription_id }) : undefined;
    // End a monthly subscription of an item that was bought or deleted.
    const isPermanent = (await items.entitlement(tx, userId, row.item_id))?.is_permanent === true;
    if (isPermanent || !(await items.find(row.item_id, tx))) return enqueueEnd(tx, subscription_id);
    if (wasLiving) return;
    await items.grant(tx, {
      user_id: userId,
      item_id: row.item_id,
      purchase_type: "monthly",
      stripe_payment_intent: null,
      stripe_subscription_id: subscription_id,
    });
    // Subscribed twice: end the other one.
    for (const other of await store.activeOfItem(tx, userId, row.item_id))
      if (other.stripe_subscription_id !== subscription_id) await enqueueEnd(tx, other.stripe_subscription_id);
  };

  return {
    /** Undefined when the subscription does not exist. Throws `stripe_error`. */
    retrieve: async (subscriptionId: string): Promise<FetchedSubscription | undefined> => {
      const fetchNumber = await store.nextFetchNumber();
      const subscription = await payments.find((stripe) => stripe.subscriptions.retrieve(subscriptionId));
      return subscription && { fetchNumber, subscription };
    },
    /** Runs in the caller's transaction. Resolves with the owner's id; undefined when no user of this server owns it. */
    apply: async (tx: Queries, { fetchNumber, subscription }: FetchedSubscription): Promise<string | undefined> => {
      const own = ownershipOf(subscription.metadata);
      if (!own || own.kind === "credits" || own.kind === "deploy_slot") return undefined;
      const { kind, user_id: userId, item_id } = own;
      const buyer = await store.lockBuyer(tx, userId);
      if (!buyer) return undefined;
      const known = await store.findSubscription(subscription.id, tx);
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
        asked: fetchNumber,
        created_at: isoOf(subscription.created) ?? new Date().toISOString(),
      } as const;
      const now = await store.upsertSubscription(tx, row);
      if (!now) return userId;
      if (kind === "subscription") await reconcilePlan(tx, buyer, now);
      else await settleItem(tx, userId, now, known !== undefined && activeStates.includes(known.status));
      return userId;
    },
    /** Ends the monthly subscriptions of an item that was bought. Runs in the caller's transaction. */
    endItem: async (tx: Queries, userId: string, itemId: string): Promise<void> => {
      for (const row of await store.activeOfItem(tx, userId, itemId)) await enqueueEnd(tx, row.stripe_subscription_id);
    },
    jobHandlers: {
      /** Cancels a superseded subscription, with a prorated credit. */
      end_subscription: async (payload: unknown) => {
        const { id } = payload as { id: string };
        const fetched = await payments.find((stripe) => stripe.subscriptions.retrieve(id));
        if (fetched && activeStates.includes(fetched.status))
          await payments.call((stripe) => stripe.subscriptions.cancel(id, { prorate: true }));
      },
    },
  };
}
