import type { Logger } from "../../../platform/logger.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { BillingStore } from "./billing.store.ts";
import { ownSessionOf } from "./fulfilment.ts";
import type { Payments } from "./stripe.ts";
import { eventTypes, type StripeWebhooks } from "./stripe-webhooks.ts";

const cursorKey = "billing.reconciled_until";
/** Events of the same second may become visible later than newer ones. */
const overlapSeconds = 3600;
/** Stripe keeps events for 30 days. */
const memorySeconds = 29 * 86_400;
const perRun = 200;

/**
 * Repairs missed webhooks: processes every event since the last run that was not received, and checks open checkout sessions and overdue
 * subscriptions. Safe to run twice and concurrently with webhooks.
 */
export function createReconciliation({
  store,
  payments,
  webhooks,
  settings,
  log,
}: {
  store: BillingStore;
  payments: Payments;
  webhooks: StripeWebhooks;
  settings: ServerSettings;
  log: Logger;
}) {
  /** Logs a failure instead of stopping the run. Resolves with whether the work succeeded. */
  const attempt = async (what: object, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (err) {
      log.error({ err, ...what }, "reconciliation step failed");
      return false;
    }
  };

  const events = async (): Promise<void> => {
    const now = Math.floor(Date.now() / 1000);
    const since = Math.max((await settings.get<number>(cursorKey)) ?? 0, now - memorySeconds) - overlapSeconds;
    let isWhole = true;
    let newest = 0;
    for (let after: string | undefined; ;) {
      const page = await payments.call((stripe) =>
        stripe.events.list({
          types: [...eventTypes],
          created: { gte: since },
          limit: 100,
          ...(after !== undefined && { starting_after: after }),
        }),
      );
      const missed = await store.unknownEvents(page.data.map(({ id }) => id));
      for (const event of page.data) {
        newest = Math.max(newest, event.created);
        if (!missed.has(event.id)) continue;
        log.warn({ event_id: event.id, type: event.type }, "stripe webhook was missed");
        isWhole = (await attempt({ event_id: event.id }, () => webhooks.process(event))) && isWhole;
      }
      after = page.data.at(-1)?.id;
      if (!page.has_more || after === undefined) break;
    }
    // After a failure the window is not advanced. Uses Stripe's timestamps.
    if (isWhole && newest > 0) await settings.set(cursorKey, newest);
  };
  const sessions = async (): Promise<void> => {
    for (const { id, session_id } of await store.listPendingSessions(300, perRun))
      await attempt({ session_id }, async () => {
        const session = await payments.find((stripe) => stripe.checkout.sessions.retrieve(session_id ?? ""));
        const own = session && ownSessionOf(session);
        if (!session || session.status === "expired") await store.expireSession(id);
        else if (own?.isPaid) await webhooks.fulfil(own);
      });
    await store.expireLostCheckouts();
  };
  const subscriptions = async (): Promise<void> => {
    for (const { stripe_subscription_id } of await store.overdueSubscriptions(perRun))
      await attempt({ subscription_id: stripe_subscription_id }, () => webhooks.syncSubscription(stripe_subscription_id));
  };
  /** Subscriptions of closed accounts end with their period; those of deleted accounts end at once. */
  const orphans = async (): Promise<void> => {
    for (const { id, isDeleted } of await store.subscriptionsOfClosedAccounts(perRun))
      await attempt({ subscription_id: id }, async () => {
        await payments.find((stripe) =>
          isDeleted ? stripe.subscriptions.cancel(id) : stripe.subscriptions.update(id, { cancel_at_period_end: true }),
        );
        await (isDeleted ? store.markEnded(id) : webhooks.syncSubscription(id));
      });
  };

  /** Syncing a subscription of a deleted item ends it. */
  const leftovers = async (): Promise<void> => {
    for (const { id } of await store.subscriptionsOfDeletedItems(perRun))
      await attempt({ subscription_id: id }, () => webhooks.syncSubscription(id));
  };

  const run = async (): Promise<void> => {
    if (!payments.account) return;
    await events();
    await sessions();
    await subscriptions();
    await orphans();
    await leftovers();
    await store.pruneEvents(60);
    await store.pruneRejections(30);
  };
  return { run, jobHandlers: { reconcile_payments: run } };
}
