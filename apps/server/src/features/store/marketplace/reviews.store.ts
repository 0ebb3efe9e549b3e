import { and, desc, eq, sql } from "drizzle-orm";
import type { ReceivedReview } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents, isAgentListed, isEntryActive, userPurchasedAgents } from "../../../db/schema/agent/agents.ts";
import { users } from "../../../db/schema/accounts.ts";
import { bases, isBaseEntryActive, isBaseListed, userPurchasedBases, marketplaceReviews as reviews } from "../../../db/schema/store.ts";
import { creatorColumns } from "./creator.store.ts";
import type { CreatorRow } from "./creator.ts";

export type ItemKind = "agent" | "base";
export interface ReviewRow {
  review: typeof reviews.$inferSelect;
  author: CreatorRow;
}

export interface ReceivedReviewRow extends ReviewRow {
  item: ReceivedReview["item"];
}

export type ReviewsStore = ReturnType<typeof createReviewsStore>;
export function createReviewsStore(db: Database) {
  const of = (kind: ItemKind, itemId: string) => eq(kind === "agent" ? reviews.agent_id : reviews.base_id, itemId);
  const ownOf = (kind: ItemKind, itemId: string, userId: string) => and(of(kind, itemId), eq(reviews.user_id, userId));
  const select = (q: Queries) =>
    q.select({ review: reviews, author: creatorColumns }).from(reviews).innerJoin(users, eq(users.id, reviews.user_id));
  return {
    list: async (
      kind: ItemKind,
      itemId: string,
      page: { limit: number; offset: number },
    ): Promise<{ rows: ReviewRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        select(db).where(of(kind, itemId)).orderBy(desc(reviews.created_at), reviews.id).limit(page.limit).offset(page.offset),
        db.$count(reviews, of(kind, itemId)),
      ]);
      return { rows, total };
    },
    /** Reviews of the listed items of a creator, newest first. */
    listReceived: async (
      creatorId: string,
      page: { limit: number; offset: number },
    ): Promise<{ rows: ReceivedReviewRow[]; total: number }> => {
      // Arrays, so that the indexes on both columns are used.
      const isOfListed = sql`(${reviews.agent_id} = any(array(select ${agents.id} from ${agents} where ${agents.forked_by_user_id} = ${creatorId} and ${isAgentListed(agents)}))
        or ${reviews.base_id} = any(array(select ${bases.id} from ${bases} where ${bases.created_by_user_id} = ${creatorId} and ${isBaseListed(bases)})))`;
      const [rows, total] = await Promise.all([
        db
          .select({
            review: reviews,
            author: creatorColumns,
            item: {
              item_type: sql<ItemKind>`case when ${reviews.agent_id} is null then 'base' else 'agent' end`,
              slug: sql<string>`coalesce(${agents.slug}, ${bases.slug})`,
              name: sql<string>`coalesce(${agents.name}, ${bases.name})`,
            },
          })
          .from(reviews)
          .innerJoin(users, eq(users.id, reviews.user_id))
          .leftJoin(agents, eq(agents.id, reviews.agent_id))
          .leftJoin(bases, eq(bases.id, reviews.base_id))
          .where(isOfListed)
          .orderBy(desc(reviews.created_at), reviews.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(reviews, isOfListed),
      ]);
      return { rows, total };
    },
    find: async (tx: Queries, kind: ItemKind, itemId: string, userId: string): Promise<ReviewRow | undefined> =>
      (await select(tx).where(ownOf(kind, itemId, userId)))[0],
    /** Whether the user has it enabled in their library. */
    isInLibrary: async (tx: Queries, kind: ItemKind, itemId: string, userId: string): Promise<boolean> =>
      kind === "agent"
        ? (await tx.$count(
            userPurchasedAgents,
            and(eq(userPurchasedAgents.agent_id, itemId), eq(userPurchasedAgents.user_id, userId), isEntryActive),
          )) > 0
        : (await tx.$count(
            userPurchasedBases,
            and(eq(userPurchasedBases.base_id, itemId), eq(userPurchasedBases.user_id, userId), isBaseEntryActive),
          )) > 0,
    /** Requires the item's lock. True for the user's first review of it. */
    put: async (
      tx: Queries,
      kind: ItemKind,
      itemId: string,
      userId: string,
      { rating, comment }: { rating: number; comment: string | null },
    ): Promise<boolean> => {
      const replaced = await tx
        .update(reviews)
        .set({ rating, comment, created_at: sql`now()` })
        .where(ownOf(kind, itemId, userId))
        .returning({ id: reviews.id });
      if (replaced.length > 0) return false;
      await tx
        .insert(reviews)
        .values({ user_id: userId, rating, comment, ...(kind === "agent" ? { agent_id: itemId } : { base_id: itemId }) });
      return true;
    },
    /** Requires the item's lock. False when there was none. */
    remove: async (tx: Queries, kind: ItemKind, itemId: string, userId: string): Promise<boolean> =>
      (
        await tx
          .delete(reviews)
          .where(ownOf(kind, itemId, userId))
          .returning({ id: reviews.id })
      ).length > 0,
    recount,
  };
}

/** Requires the item's lock. The mean of all reviews, null without any. */
export async function recount(tx: Queries, kind: ItemKind, itemId: string): Promise<{ rating: number | null; reviews_count: number }> {
  const item = kind === "agent" ? agents : bases;
  const isOfIt = eq(kind === "agent" ? reviews.agent_id : reviews.base_id, itemId);
  const [row] = await tx
    .update(item)
    .set({
      rating: sql`(select avg(${reviews.rating})::float8 from ${reviews} where ${isOfIt})`,
      reviews_count: sql`(select count(*)::int from ${reviews} where ${isOfIt})`,
    })
    .where(eq(item.id, itemId))
    .returning({ rating: item.rating, reviews_count: item.reviews_count });
  if (!row) throw new Error("item not found");
  return row;
}

/** Deletes the user's reviews and recounts the reviewed items. */
export async function deleteReviewsOf(tx: Queries, userId: string): Promise<void> {
  for (const [items, key] of [
    ["agents", "agent_id"],
    ["bases", "base_id"],
  ] as const)
    await tx.execute(
      sql`select 1 from ${sql.identifier(items)} i where i.id in (select r.${sql.identifier(key)} from marketplace_reviews r where r.user_id = ${userId}) order by i.id for no key update`,
    );
  const removed = await tx
    .delete(reviews)
    .where(eq(reviews.user_id, userId))
    .returning({ agent_id: reviews.agent_id, base_id: reviews.base_id });
  for (const { agent_id, base_id } of removed)
    await (agent_id === null ? recount(tx, "base", base_id ?? "") : recount(tx, "agent", agent_id));
}
