import { asc, eq, inArray, sql } from "drizzle-orm";
import type { StoreItemType } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import {
  marketplaceCategories as categories,
  marketplaceCollectionItems as entries,
  marketplaceCollections as collections,
  marketplaceItems as items,
} from "../../../db/schema/store.ts";

export type CategoryRow = typeof categories.$inferSelect;
export interface CollectionRow {
  collection: typeof collections.$inferSelect;
  /** In order, also those that are not listed any more. */
  itemIds: string[];
}

export type CollectionsStore = ReturnType<typeof createCollectionsStore>;
/** Categories and collections of the store. */
export function createCollectionsStore(db: Database) {
  const next = (table: typeof categories | typeof collections) => sql`(select coalesce(max(${table.position}), 0) + 1 from ${table})`;
  const itemIdsOf = async (ids: readonly string[], q: Queries): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>(ids.map((id) => [id, []]));
    if (ids.length === 0) return found;
    const rows = await q
      .select()
      .from(entries)
      .where(inArray(entries.collection_id, [...ids]))
      .orderBy(asc(entries.position));
    for (const { collection_id, item_id } of rows) found.get(collection_id)?.push(item_id);
    return found;
  };
  const withItems = async (rows: (typeof collections.$inferSelect)[], q: Queries): Promise<CollectionRow[]> => {
    const itemIds = await itemIdsOf(
      rows.map(({ id }) => id),
      q,
    );
    return rows.map((collection) => ({ collection, itemIds: itemIds.get(collection.id) ?? [] }));
  };

  return {
    listCategories: (q: Queries = db): Promise<CategoryRow[]> =>
      q.select().from(categories).orderBy(asc(categories.position), categories.slug),
    findCategory: async (slug: string, q: Queries = db): Promise<CategoryRow | undefined> =>
      (await q.select().from(categories).where(eq(categories.slug, slug)))[0],
    countItems: async (): Promise<Map<string, number>> =>
      new Map(
        (
          await db
            .select({ category: items.category, n: sql<number>`count(*)::int` })
            .from(items)
            .groupBy(items.category)
        ).map((row) => [row.category, row.n]),
      ),
    /** `undefined` when the slug is taken. */
    insertCategory: async (
      tx: Queries,
      values: { slug: string; name: string; item_types: StoreItemType[] },
    ): Promise<CategoryRow | undefined> =>
      (
        await tx
          .insert(categories)
          .values({ ...values, position: next(categories) as never })
          .onConflictDoNothing()
          .returning()
      )[0],
    updateCategory: async (tx: Queries, slug: string, values: Partial<CategoryRow>): Promise<void> => {
      await tx.update(categories).set(values).where(eq(categories.slug, slug));
    },
    orderCategories: async (tx: Queries, order: readonly string[]): Promise<void> => {
      await tx
        .update(categories)
        .set({ position: sql`array_position(${sql.param([...order])}::text[], ${categories.slug})` })
        .where(inArray(categories.slug, [...order]));
    },

    listCollections: async (q: Queries = db): Promise<CollectionRow[]> =>
      withItems(await q.select().from(collections).orderBy(asc(collections.position), collections.id), q),
    /** Locks the collection until the transaction ends. */
    lockCollection: async (tx: Queries, id: string): Promise<CollectionRow | undefined> =>
      (await withItems(await tx.select().from(collections).where(eq(collections.id, id)).for("no key update"), tx))[0],
    countCollections: (tx: Queries): Promise<number> => tx.$count(collections),
    insertCollection: async (tx: Queries, values: { title: string; description: string; is_published: boolean }): Promise<string> => {
      const [row] = await tx
        .insert(collections)
        .values({ ...values, position: next(collections) as never })
        .returning({ id: collections.id });
      if (!row) throw new Error("no collection inserted");
      return row.id;
    },
    updateCollection: async (
      tx: Queries,
      id: string,
      values: Partial<Pick<typeof collections.$inferSelect, "title" | "description" | "is_published">>,
    ): Promise<void> => {
      await tx
        .update(collections)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(collections.id, id));
    },
    setItems: async (tx: Queries, id: string, itemIds: readonly string[]): Promise<void> => {
      await tx.delete(entries).where(eq(entries.collection_id, id));
      if (itemIds.length > 0)
        await tx.insert(entries).values(itemIds.map((item_id, position) => ({ collection_id: id, item_id, position })));
    },
    /** Those of the ids that the store lists. */
    listedOf: async (tx: Queries, ids: readonly string[]): Promise<Set<string>> =>
      ids.length === 0
        ? new Set()
        : new Set(
            (
              await tx
                .select({ id: items.id })
                .from(items)
                .where(inArray(items.id, [...ids]))
            ).map((row) => row.id),
          ),
    orderCollections: async (tx: Queries, order: readonly string[]): Promise<void> => {
      await tx
        .update(collections)
        .set({ position: sql`array_position(${sql.param([...order])}::text[], ${collections.id}::text)` })
        .where(inArray(collections.id, [...order]));
    },
    removeCollection: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(collections).where(eq(collections.id, id));
    },
  };
}
