import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents, userPurchasedAgents } from "../../../db/schema/agent/agents.ts";
import type { AcquiringStore } from "./acquiring.store.ts";
import { bases, userPurchasedBases } from "../../../db/schema/store.ts";

/** Paid items of one kind and their library entries, as billing uses them (`features/billing/billing/sold-items.ts`). */
export function createSoldItems(db: Database, entries: Pick<AcquiringStore, "put" | "countDownload">, kind: "agent" | "base") {
  const table = kind === "agent" ? userPurchasedAgents : userPurchasedBases;
  const items = kind === "agent" ? agents : bases;
  const itemId = kind === "agent" ? userPurchasedAgents.agent_id : userPurchasedBases.base_id;
  const creator =
    kind === "agent"
      ? sql<string | null>`coalesce(${agents.created_by_user_id}, ${agents.forked_by_user_id})`
      : sql<string | null>`${bases.created_by_user_id}`;
  const own = (userId: string, id: string) => and(eq(table.user_id, userId), eq(itemId, id));
  return {
    find: async (id: string, q: Queries = db) =>
      (
        await q
          .select({
            id: items.id,
            name: items.name,
            slug: items.slug,
            pricing_type: sql<"free" | "one_time" | "monthly" | "api">`${items.pricing_type}`,
            price_cents: items.price_cents,
            stripe_price_id: items.stripe_price_id,
            creator_id: sql<string | null>`(select u.id from users u where u.id = ${creator} and not u.is_system)`,
          })
          .from(items)
          .where(eq(items.id, id))
      )[0],
    entitlement: async (tx: Queries, userId: string, id: string) =>
      (
        await tx
          .select({
            is_active: sql<boolean>`(${table.is_active} and (${table.expires_at} is null or ${table.expires_at} > now()))`,
            is_permanent: sql<boolean>`(${table.purchase_type} = 'one_time' and (${table.expires_at} is null or ${table.expires_at} > now()))`,
            stripe_payment_intent: table.stripe_payment_intent,
            stripe_subscription_id: table.stripe_subscription_id,
          })
          .from(table)
          .where(own(userId, id))
          .for("update")
      )[0],
    grant: async (
      tx: Queries,
      {
        user_id,
        item_id,
        ...purchase
      }: {
        user_id: string;
        item_id: string;
        purchase_type: "one_time" | "monthly";
        stripe_payment_intent: string | null;
        stripe_subscription_id: string | null;
      },
    ): Promise<void> => {
      if (await entries.put(tx, kind, user_id, item_id, purchase)) await entries.countDownload(tx, kind, item_id);
    },
    revoke: async (
      tx: Queries,
      userId: string,
      id: string,
      by: { payment_intent: string } | { subscription_id: string },
    ): Promise<void> => {
      await tx
        .update(table)
        .set({ is_active: false, expires_at: sql`now()` as never })
        .where(
          and(
            own(userId, id),
            "payment_intent" in by
              ? and(eq(table.purchase_type, "one_time"), eq(table.stripe_payment_intent, by.payment_intent))
              : and(eq(table.purchase_type, "monthly"), eq(table.stripe_subscription_id, by.subscription_id)),
          ),
        );
    },
    expire: async (): Promise<void> => {
      await db
        .update(table)
        .set({ is_active: false })
        .where(and(eq(table.is_active, true), sql`${table.expires_at} <= now()`));
    },
  };
}
