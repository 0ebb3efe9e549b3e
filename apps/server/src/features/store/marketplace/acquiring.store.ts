import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents, userPurchasedAgents, type PurchaseType } from "../../../db/schema/agent/agents.ts";
import { bases, userPurchasedBases } from "../../../db/schema/store.ts";
import type { ItemKind } from "./reviews.store.ts";

/** Values of a new library entry. */
export interface EntryGrant {
  purchase_type: PurchaseType;
  stripe_payment_intent?: string | null;
  stripe_subscription_id?: string | null;
  /** Null: never expires. */
  expires_at?: string | null;
}
export interface EntryState {
  is_active: boolean;
  has_expired: boolean;
  purchase_type: PurchaseType;
}

export type AcquiringStore = ReturnType<typeof createAcquiringStore>;
/** Library entries of agents and bases. */
export function createAcquiringStore(db: Database) {
  const tableOf = (kind: ItemKind) =>
    kind === "agent"
      ? {
          entries: userPurchasedAgents,
          itemId: userPurchasedAgents.agent_id,
          items: agents,
          name: "user_purchased_agents",
          column: "agent_id",
        }
      : { entries: userPurchasedBases, itemId: userPurchasedBases.base_id, items: bases, name: "user_purchased_bases", column: "base_id" };
  const own = (kind: ItemKind, userId: string, itemId: string) => {
    const { entries, itemId: column } = tableOf(kind);
    return and(eq(entries.user_id, userId), eq(column, itemId));
  };
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (q: Queries, kind: ItemKind, userId: string, itemId: string): Promise<EntryState | undefined> => {
      const { entries } = tableOf(kind);
      const [row] = await q
        .select({
          is_active: entries.is_active,
          purchase_type: entries.purchase_type,
          has_expired: sql<boolean>`coalesce(${entries.expires_at} <= now(), false)`,
        })
        .from(entries)
        .where(own(kind, userId, itemId));
      return row;
    },
    /** Creates or reactivates the entry; a reactivated one gets today's date. True when the user never had one. */
    put: async (tx: Queries, kind: ItemKind, userId: string, itemId: string, grant: EntryGrant): Promise<boolean> => {
      const { name, column } = tableOf(kind);
      const table = sql.identifier(name);
      // An entry keeps the version it was taken with, also when it is added or paid for again.
      const isAgent = kind === "agent";
      const { rows } = await tx.execute<{ is_new: boolean }>(sql`
        insert into ${table} as e (user_id, ${sql.identifier(column)}, purchase_type, stripe_payment_intent, stripe_subscription_id, expires_at${isAgent ? sql`, version_id` : sql``})
        values (${userId}, ${itemId}, ${grant.purchase_type}, ${grant.stripe_payment_intent ?? null}, ${grant.stripe_subscription_id ?? null}, ${grant.expires_at ?? null}${
          isAgent ? sql`, (select v.id from agent_versions v where v.agent_id = ${itemId} order by v.number desc limit 1)` : sql``
        })
        on conflict (user_id, ${sql.identifier(column)}) do update set
          is_active = true, removed_at = null, purchase_type = excluded.purchase_type, expires_at = excluded.expires_at,
          stripe_payment_intent = coalesce(excluded.stripe_payment_intent, e.stripe_payment_intent),
          stripe_subscription_id = coalesce(excluded.stripe_subscription_id, e.stripe_subscription_id),
          created_at = case when e.is_active and e.removed_at is null then e.created_at else now() end
        returning (xmax = 0) as is_new`);
      return rows[0]?.is_new === true;
    },
    /** Enables the entry again, unchanged. */
    reactivate: async (tx: Queries, kind: ItemKind, userId: string, itemId: string): Promise<void> => {
      const { entries } = tableOf(kind);
      await tx
        .update(entries)
        .set({ is_active: true, removed_at: null, created_at: sql`now()` as never })
        .where(own(kind, userId, itemId));
    },
    /** False when there is no entry or it was removed. */
    change: async (
      tx: Queries,
      kind: ItemKind,
      userId: string,
      itemId: string,
      values: { is_active: boolean; isRemoved?: true },
    ): Promise<boolean> => {
      const { entries } = tableOf(kind);
      const changed = await tx
        .update(entries)
        .set({
          is_active: values.is_active,
          ...(values.isRemoved && { removed_at: sql`now()` as never }),
        })
        .where(and(own(kind, userId, itemId), values.isRemoved ? sql`${entries.removed_at} is null` : undefined))
        .returning({ user_id: entries.user_id });
      return changed.length > 0;
    },
    countDownload: async (tx: Queries, kind: ItemKind, itemId: string): Promise<void> => {
      const { items } = tableOf(kind);
      await tx
        .update(items)
        .set({ downloads: sql`${items.downloads} + 1` })
        .where(eq(items.id, itemId));
    },
    unassign: async (tx: Queries, userId: string, agentId: string): Promise<void> => {
      await tx.execute(
        sql`delete from project_agents where agent_id = ${agentId} and project_id in (select id from projects where owner_id = ${userId})`,
      );
    },
  };
}
