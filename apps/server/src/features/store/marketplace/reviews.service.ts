import type { List, Review, WrittenReview } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { forbidden, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { nameOf } from "./creator.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { ItemKind, ReviewRow, ReviewsStore } from "./reviews.store.ts";
import type { Viewer } from "./viewer.ts";

/** What reviews ask of the items that they are about. Both throw 404 for what the viewer may not know of. */
export interface ReviewedItems {
  requireId(viewer: Viewer, ref: string): Promise<string>;
  /** Held until the transaction ends. */
  lock(tx: Queries, viewer: Viewer, ref: string): Promise<{ id: string; isOwn: boolean }>;
}

export type Reviews = ReturnType<typeof createReviews>;
/** What people say of agents and of bases (marketplace-billing-admin 2.8, 2.9, 3.6, 3.7). */
export function createReviews({
  store,
  items,
  limits,
  transaction,
}: {
  store: ReviewsStore;
  items: Record<ItemKind, ReviewedItems>;
  limits: MarketplaceLimits;
  transaction: <T>(work: (tx: Queries) => Promise<T>) => Promise<T>;
}) {
  return {
    list: async (kind: ItemKind, viewer: Viewer, ip: string, ref: string, query: PageQuery): Promise<List<Review>> => {
      await limits.browse(ip);
      const page = pageOf(query);
      const { rows, total } = await store.list(kind, await items[kind].requireId(viewer, ref), page);
      return page.envelope(
        rows.map((row) => wireOf(row, viewer)),
        total,
      );
    },
    /** Throws `not_in_library`, and `own_item` for one's own. `isNew`: it replaces none. */
    write: async (
      kind: ItemKind,
      user: NonNullable<Viewer>,
      ref: string,
      { rating, comment }: { rating: number; comment?: string | null },
    ): Promise<{ review: WrittenReview; isNew: boolean }> => {
      await limits.write(user.id, "review");
      return transaction(async (tx) => {
        const { id, isOwn } = await items[kind].lock(tx, user, ref);
        if (isOwn) throw forbidden("own_item", "What you made yourself is for others to judge.");
        if (!(await store.isInLibrary(tx, kind, id, user.id)))
          throw forbidden("not_in_library", "Only who has it in their library can review it.");
        const isNew = await store.put(tx, kind, id, user.id, { rating, comment: comment?.trim() || null });
        const item = await store.recount(tx, kind, id);
        const row = await store.find(tx, kind, id, user.id);
        if (!row) throw new Error("review not stored");
        return { review: { ...wireOf(row, user), item_rating: item.rating, item_reviews_count: item.reviews_count }, isNew };
      });
    },
    remove: (kind: ItemKind, user: NonNullable<Viewer>, ref: string): Promise<void> =>
      transaction(async (tx) => {
        const { id } = await items[kind].lock(tx, user, ref);
        if (!(await store.remove(tx, kind, id, user.id))) throw notFound("Review");
        await store.recount(tx, kind, id);
      }),
  };
}

/** The short form that stands in an item's detail. */
export const newestOf = ({ rows }: { rows: ReviewRow[] }) =>
  rows.map(({ review: { id, rating, comment, created_at } }) => ({ id, rating, comment, created_at }));

function wireOf({ review: { id, rating, comment, created_at, user_id }, author }: ReviewRow, viewer: Viewer): Review {
  return {
    id,
    rating,
    comment,
    created_at,
    user_id,
    user_name: author.is_deleted ? "Somebody who left" : nameOf(author),
    user_avatar_url: author.is_deleted ? null : author.avatar_url,
    is_own_review: viewer?.id === user_id,
  };
}
