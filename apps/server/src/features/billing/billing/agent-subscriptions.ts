import type { AgentSubscription, List } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { activeStates, type BillingStore } from "./billing.store.ts";
import type { SubscriptionRow } from "../../../db/schema/billing.ts";
import { noSubscription, type ChangeSubscription } from "./change-subscription.ts";
import type { SoldItemStores } from "./sold-items.ts";

export type AgentSubscriptions = ReturnType<typeof createAgentSubscriptions>;
/** Monthly payments for agents of the store. */
export function createAgentSubscriptions({
  store,
  soldItems,
  change,
}: {
  store: BillingStore;
  soldItems: SoldItemStores;
  change: ChangeSubscription;
}) {
  const agentSubscription = async (row: SubscriptionRow): Promise<AgentSubscription> => {
    const item = row.item_id === null ? undefined : await soldItems.agent?.find(row.item_id);
    return {
      id: row.id,
      agent_id: row.item_id ?? row.id,
      agent_name: item?.name ?? "Deleted agent",
      agent_slug: item?.slug ?? "",
      price_cents: row.price_cents,
      status: row.status,
      current_period_end: row.current_period_end,
      cancel_at_period_end: row.cancel_at_period_end,
      created_at: row.created_at,
    };
  };
  const changeAgentSubscription = async (userId: string, id: string, cancelAtEnd: boolean): Promise<AgentSubscription> => {
    const row = await store.findOwnSubscription(userId, id);
    if (!row) throw notFound("Subscription");
    await change.requireAllowed(userId);
    if (!activeStates.includes(row.status)) throw noSubscription();
    await change.apply(row.stripe_subscription_id, (stripe) =>
      stripe.subscriptions.update(row.stripe_subscription_id, { cancel_at_period_end: cancelAtEnd }),
    );
    return agentSubscription((await store.findOwnSubscription(userId, id)) ?? row);
  };

  return {
    agentSubscriptions: async (userId: string, query: PageQuery): Promise<List<AgentSubscription>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listAgentSubscriptions(userId, page);
      return page.envelope(await Promise.all(rows.map(agentSubscription)), total);
    },
    cancelAgentSubscription: (userId: string, id: string) => changeAgentSubscription(userId, id, true),
    renewAgentSubscription: (userId: string, id: string) => changeAgentSubscription(userId, id, false),
  };
}
