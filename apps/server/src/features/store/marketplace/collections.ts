import type { AdminCategory, AdminCollection, List, StoreCategory, StoreCollection, StoreItemType } from "@tesslate/contract";
import { AppError, badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { slugify } from "../../../platform/slug.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { CategoryRow, CollectionRow, CollectionsStore } from "./collections.store.ts";
import type { ItemCatalogue } from "./items.service.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

const maxCollections = 30;

/** Throws 422 for a category that items of this kind cannot have; an item keeps the one it has. */
export type RequireCategory = (itemType: StoreItemType, slug: string, current?: string) => Promise<void>;

export type StoreCategories = ReturnType<typeof createStoreCategories>;
/** The one source of categories: what items can have, and what filters and forms show. */
export function createStoreCategories({ store }: { store: Pick<CollectionsStore, "listCategories"> }) {
  const offered = async (itemType: StoreItemType | undefined): Promise<CategoryRow[]> =>
    (await store.listCategories()).filter((row) => !row.is_hidden && (itemType === undefined || row.item_types.includes(itemType)));
  const require: RequireCategory = async (itemType, slug, current) => {
    if (slug === current) return;
    const all = await offered(itemType);
    if (!all.some((row) => row.slug === slug))
      throw invalid(["body", "category"], `Must be one of: ${all.map((row) => row.slug).join(", ")}`);
  };
  return {
    require,
    list: async ({ item_type, ...query }: PageQuery & { item_type?: StoreItemType }): Promise<List<StoreCategory>> => {
      const page = pageOf({ limit: 200, ...query });
      const all = (await offered(item_type)).map(({ slug, name, item_types }) => ({ slug, name, item_types }));
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
  };
}

export type Collections = ReturnType<typeof createCollections>;
/** Collections of the front page, and the administration of both. */
export function createCollections({
  store,
  audit,
  items,
  limits,
}: {
  store: CollectionsStore;
  audit: Audit;
  items: Pick<ItemCatalogue, "listed">;
  limits: MarketplaceLimits;
}) {
  const categories = async (): Promise<AdminCategory[]> => {
    const [rows, counts] = await Promise.all([store.listCategories(), store.countItems()]);
    return rows.map(({ slug, name, item_types, is_hidden }) => ({ slug, name, item_types, is_hidden, items_count: counts.get(slug) ?? 0 }));
  };
  const category = async (slug: string): Promise<AdminCategory> => {
    const found = (await categories()).find((row) => row.slug === slug);
    if (!found) throw notFound("Category");
    return found;
  };
  /** The items of all rows are read together. */
  const present = async (rows: readonly CollectionRow[], viewer: Viewer): Promise<AdminCollection[]> => {
    const byId = new Map((await items.listed([...new Set(rows.flatMap(({ itemIds }) => itemIds))], viewer)).map((item) => [item.id, item]));
    return rows.map(({ collection: { id, title, description, is_published, created_at, updated_at }, itemIds }) => ({
      id,
      title,
      description,
      is_published,
      items: itemIds.flatMap((itemId) => byId.get(itemId) ?? []),
      created_at,
      updated_at,
    }));
  };
  const collections = async (viewer: Viewer) => present(await store.listCollections(), viewer);
  const collection = async (id: string, viewer: Viewer): Promise<AdminCollection> => {
    const found = (await collections(viewer)).find((row) => row.id === id);
    if (!found) throw notFound("Collection");
    return found;
  };
  const checkItems = async (tx: Queries, ids: readonly string[] | undefined, known: readonly string[] = []): Promise<void> => {
    if (!ids) return;
    const listed = await store.listedOf(tx, ids);
    const strange = ids.findIndex((id) => !listed.has(id) && !known.includes(id));
    if (strange >= 0) throw invalid(["body", "items", strange], "No listed item has this id");
  };
  const checkOrder = (order: readonly string[], all: readonly string[]): void => {
    if (order.length !== all.length || !all.every((id) => order.includes(id)))
      throw conflict("conflict", "The list changed since you loaded it. Reload it and try again.");
  };
  const listOf = async <T>(all: T[], query: PageQuery): Promise<List<T>> => {
    const page = pageOf({ limit: 200, ...query });
    return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
  };
  const server = (name: string, id: string) => ({ type: "store" as const, id, name });

  return {
    published: async (viewer: Viewer, ip: string, query: PageQuery): Promise<List<StoreCollection>> => {
      await limits.browse(ip);
      const rows = (await store.listCollections()).filter((row) => row.collection.is_published);
      const all = (await present(rows, viewer)).map(({ id, title, description, items }) => ({ id, title, description, items }));
      return listOf(
        all.filter(({ items }) => items.length > 0),
        query,
      );
    },
    categories: async (query: PageQuery) => listOf(await categories(), query),
    /** Throws `conflict` for a name that is in use. */
    createCategory: async (actor: Actor, { name, item_types }: { name: string; item_types: StoreItemType[] }): Promise<AdminCategory> => {
      const slug = slugify(name, 50);
      if (slug === "") throw invalid(["body", "name"], "Must contain a letter or a digit");
      await audit.change(actor, async ({ tx, record }) => {
        if (!(await store.insertCategory(tx, { slug, name: name.trim(), item_types })))
          throw conflict("conflict", `There is a category “${slug}” already.`);
        await record({ action: "store.category_created", target: server(name.trim(), slug), details: { item_types } });
      });
      return category(slug);
    },
    /** Throws 404, `nothing_to_change`. */
    updateCategory: async (
      actor: Actor,
      slug: string,
      { name, is_hidden, item_types }: { name?: string; is_hidden?: boolean; item_types?: StoreItemType[] },
    ): Promise<AdminCategory> => {
      const change = {
        ...(name !== undefined && { name: name.trim() }),
        ...(is_hidden !== undefined && { is_hidden }),
        ...(item_types !== undefined && { item_types }),
      };
      if (Object.keys(change).length === 0) throw badRequest("No changes given.", "nothing_to_change");
      await audit.change(actor, async ({ tx, record }) => {
        const before = await store.findCategory(slug, tx);
        if (!before) throw notFound("Category");
        await store.updateCategory(tx, slug, change);
        await record({ action: "store.category_updated", target: server(before.name, slug), details: change });
      });
      return category(slug);
    },
    /** Throws `conflict` when the order is not one of all categories. */
    orderCategories: async (actor: Actor, order: string[]): Promise<List<AdminCategory>> => {
      await audit.change(actor, async ({ tx, record }) => {
        checkOrder(
          order,
          (await store.listCategories(tx)).map(({ slug }) => slug),
        );
        await store.orderCategories(tx, order);
        await record({ action: "store.categories_ordered", target: server("Categories", "categories"), details: { order } });
      });
      return listOf(await categories(), {});
    },
    collections: async (viewer: Viewer, query: PageQuery) => listOf(await collections(viewer), query),
    /** Throws `collection_limit_reached`, and 422 for items that are not listed. */
    createCollection: async (
      actor: Actor,
      viewer: Viewer,
      body: { title: string; description?: string; is_published?: boolean; items?: string[] },
    ): Promise<AdminCollection> => {
      const id = await audit.change(actor, async ({ tx, record }) => {
        if ((await store.countCollections(tx)) >= maxCollections)
          throw new AppError("collection_limit_reached", `The store has at most ${maxCollections} collections. Delete one first.`);
        await checkItems(tx, body.items);
        const title = body.title.trim();
        const made = await store.insertCollection(tx, {
          title,
          description: body.description?.trim() ?? "",
          is_published: body.is_published ?? true,
        });
        await store.setItems(tx, made, body.items ?? []);
        await record({ action: "store.collection_created", target: server(title, made), details: { items: body.items ?? [] } });
        return made;
      });
      return collection(id, viewer);
    },
    /** Throws 404, `nothing_to_change`, and 422 for items that are not listed. */
    updateCollection: async (
      actor: Actor,
      viewer: Viewer,
      id: string,
      {
        items: itemIds,
        title,
        description,
        is_published,
      }: { title?: string; description?: string; is_published?: boolean; items?: string[] },
    ): Promise<AdminCollection> => {
      const change = {
        ...(title !== undefined && { title: title.trim() }),
        ...(description !== undefined && { description: description.trim() }),
        ...(is_published !== undefined && { is_published }),
      };
      if (Object.keys(change).length === 0 && itemIds === undefined) throw badRequest("No changes given.", "nothing_to_change");
      await audit.change(actor, async ({ tx, record }) => {
        const before = await store.lockCollection(tx, id);
        if (!before) throw notFound("Collection");
        await checkItems(tx, itemIds, before.itemIds);
        await store.updateCollection(tx, id, change);
        if (itemIds) await store.setItems(tx, id, itemIds);
        await record({
          action: "store.collection_updated",
          target: server(before.collection.title, id),
          details: { ...change, ...(itemIds && { items: itemIds }) },
        });
      });
      return collection(id, viewer);
    },
    orderCollections: async (actor: Actor, viewer: Viewer, order: string[]): Promise<List<AdminCollection>> => {
      await audit.change(actor, async ({ tx, record }) => {
        checkOrder(
          order,
          (await store.listCollections(tx)).map((row) => row.collection.id),
        );
        await store.orderCollections(tx, order);
        await record({ action: "store.collections_ordered", target: server("Collections", "collections"), details: { order } });
      });
      return listOf(await collections(viewer), {});
    },
    removeCollection: (actor: Actor, id: string, reason: string | undefined): Promise<void> =>
      audit.change(actor, async ({ tx, record }) => {
        const before = await store.lockCollection(tx, id);
        if (!before) throw notFound("Collection");
        await store.removeCollection(tx, id);
        await record({
          action: "store.collection_deleted",
          target: server(before.collection.title, id),
          ...(reason !== undefined && { reason }),
          details: { description: before.collection.description, items: before.itemIds },
        });
      }),
  };
}
