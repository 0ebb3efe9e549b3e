import type { Logger } from "../../../platform/logger.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { BillingStore } from "./billing.store.ts";
import { ownSessionOf } from "./fulfilment.ts";
import type { Payments } from "./stripe.ts";
import { eventTypes, type Webhooks } from "./stripe-webhooks.ts";

const cursorKey = "billing.reconciled_until";
/** Events of one second may become visible one after the other. */
const overlapSeconds = 3600;
/** Stripe keeps events for 30 days. */
const memorySeconds = 29 * 86_400;
const perRun = 200;

/**
 * Heals what webhooks did not tell: every event since the last run that is not in the books is worked off as if it had come; pages that were paid and
 * subscriptions whose period is over are asked for by themselves. May run twice, and beside webhooks.
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
  webhooks: Webhooks;
  settings: ServerSettings;
  log: Logger;
}) {
  /** One thing that fails must not keep the others from being healed. Resolves with whether it went well. */
  const attempt = async (what: object, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (err) {
      log.error({ err, ...what }, "not reconciled");
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
        log.warn({ event_id: event.id, type: event.type }, "webhook of stripe was missed");
        isWhole = (await attempt({ event_id: event.id }, () => webhooks.work(event))) && isWhole;
      }
      after = page.data.at(-1)?.id;
      if (!page.has_more || after === undefined) break;
    }
    // What failed is looked for again. Stripe's clock counts, not ours.
    if (isWhole && newest > 0) await settings.set(cursorKey, newest);
  };
  const sessions = async (): Promise<void> => {
    for (const { id, session_id } of await store.waitingSessions(300, perRun))
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
      await attempt({ subscription_id: stripe_subscription_id }, () => webhooks.follow(stripe_subscription_id));
  };
  /** Nobody pays for an account that is closed: it ends with its period, or at once when there is nobody left to keep it. */
  const orphans = async (): Promise<void> => {
    for (const { id, isGone } of await store.orphanedSubscriptions(perRun))
      await attempt({ subscription_id: id }, async () => {
        await payments.find((stripe) =>
          isGone ? stripe.subscriptions.cancel(id) : stripe.subscriptions.update(id, { cancel_at_period_end: true }),
        );
        await (isGone ? store.markEnded(id) : webhooks.follow(id));
      });
  };

  /** Nor for what its maker deleted: it ends when it is looked at. */
  const leftovers = async (): Promise<void> => {
    for (const { id } of await store.subscriptionsOfNothing(perRun)) await attempt({ subscription_id: id }, () => webhooks.follow(id));
  };

  const run = async (): Promise<void> => {
    if (!payments.account) return;
    await events();
    await sessions();
    await subscriptions();
    await orphans();
    await leftovers();
    await store.pruneEvents(60);
    await store.pruneRefusals(30);
  };
  return { run, jobHandlers: { reconcile_payments: run } };
}
