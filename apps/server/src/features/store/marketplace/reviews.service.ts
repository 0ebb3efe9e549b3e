import type { List, ReceivedReview, Review, WrittenReview } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { forbidden, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { displayNameOf } from "./creator.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { ItemKind, ReviewRow, ReviewsStore } from "./reviews.store.ts";
import type { Viewer } from "./viewer.ts";

/** Access to the reviewed items. Both throw 404 for an item the viewer cannot see. */
export interface ReviewedItems {
  requireId(viewer: Viewer, ref: string): Promise<string>;
  /** Locks the item until the transaction ends. */
  lock(tx: Queries, viewer: Viewer, ref: string): Promise<{ id: string; isOwn: boolean }>;
}

export type Reviews = ReturnType<typeof createReviews>;
/** Reviews of agents and bases. */
export function createReviews({
  store,
  items,
  limits,
  transaction,
  creatorNamed,
}: {
  store: ReviewsStore;
  items: Record<ItemKind, ReviewedItems>;
  limits: MarketplaceLimits;
  transaction: <T>(work: (tx: Queries) => Promise<T>) => Promise<T>;
  creatorNamed: (username: string) => Promise<{ id: string }>;
}) {
  return {
    list: async (kind: ItemKind, viewer: Viewer, ip: string, ref: string, query: PageQuery): Promise<List<Review>> => {
      await limits.browse(ip);
      const page = pageOf(query);
      const { rows, total } = await store.list(kind, await items[kind].requireId(viewer, ref), page);
      return page.envelope(
        rows.map((row) => presentReview(row, viewer)),
        total,
      );
    },
    /** What others wrote about the listed items of a creator. Throws 404 for an unknown user. */
    received: async (viewer: Viewer, ip: string, username: string, query: PageQuery): Promise<List<ReceivedReview>> => {
      await limits.browse(ip);
      const { id } = await creatorNamed(username);
      const page = pageOf(query);
      const { rows, total } = await store.listReceived(id, page);
      return page.envelope(
        rows.map((row) => ({ ...presentReview(row, viewer), item: row.item })),
        total,
      );
    },
    /** Throws `not_in_library`, and `own_item` for the user's own item. `isNew`: it replaced no earlier review. */
    write: async (
      kind: ItemKind,
      user: NonNullable<Viewer>,
      ref: string,
      { rating, comment }: { rating: number; comment?: string | null },
    ): Promise<{ review: WrittenReview; isNew: boolean }> => {
      await limits.write(user.id, "review");
      return transaction(async (tx) => {
        const { id, isOwn } = await items[kind].lock(tx, user, ref);
        if (isOwn) throw forbidden("own_item", "You cannot review your own item.");
        if (!(await store.isInLibrary(tx, kind, id, user.id)))
          throw forbidden("not_in_library", "Add it to your library before reviewing it.");
        const isNew = await store.put(tx, kind, id, user.id, { rating, comment: comment?.trim() || null });
        const item = await store.recount(tx, kind, id);
        const row = await store.find(tx, kind, id, user.id);
        if (!row) throw new Error("review not stored");
        return { review: { ...presentReview(row, user), item_rating: item.rating, item_reviews_count: item.reviews_count }, isNew };
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

/** The short form in an item's detail. */
export const newestOf = ({ rows }: { rows: ReviewRow[] }) =>
  rows.map(({ review: { id, rating, comment, created_at } }) => ({ id, rating, comment, created_at }));

function presentReview({ review: { id, rating, comment, created_at, user_id }, author }: ReviewRow, viewer: Viewer): Review {
  return {
    id,
    rating,
    comment,
    created_at,
    user_id,
    user_name: author.is_deleted ? "Deleted user" : displayNameOf(author),
    user_avatar_url: author.is_deleted ? null : author.avatar_url,
    is_own_review: viewer?.id === user_id,
  };
}
