import { Reason } from "./admin.ts";
import { maxCollectionItems } from "./limits.ts";
import { StoreItem, StoreItemType } from "./marketplace-items.ts";
import { nonBlank } from "./marketplace.ts";
import { route } from "./route.ts";
import { described, extend, listOf, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

export const StoreCategory = described(
  "A category of the store. Items have its slug in `category`.",
  Type.Object({
    slug: Type.String(),
    name: Type.String(),
    item_types: described("The kinds of items that can have it", Type.Array(StoreItemType)),
  }),
);
export type StoreCategory = Static<typeof StoreCategory>;
export const AdminCategory = described(
  "A category as administrators see it.",
  extend(StoreCategory, {
    is_hidden: described("Hidden ones are no filter and are not offered for items; items keep theirs", Type.Boolean()),
    items_count: described("Listed items", Type.Integer()),
  }),
);
export type AdminCategory = Static<typeof AdminCategory>;

export const StoreCollection = described(
  "Items that administrators chose for the front page of the store.",
  Type.Object({ id: Uuid, title: Type.String(), description: Type.String(), items: Type.Array(StoreItem) }),
);
export type StoreCollection = Static<typeof StoreCollection>;
export const AdminCollection = described(
  "A collection as administrators see it.",
  Type.Object({
    id: Uuid,
    title: Type.String(),
    description: Type.String(),
    is_published: Type.Boolean(),
    items: described("Items that are no longer listed are left out", Type.Array(StoreItem)),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type AdminCollection = Static<typeof AdminCollection>;

const ItemIds = Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
  maxItems: maxCollectionItems,
  uniqueItems: true,
  description: "Ids of listed items, in order",
});
export const StoreOrder = Type.Object({
  order: Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
    maxItems: 200,
    uniqueItems: true,
    description: "All of them, in the new order",
  }),
});
const ItemTypes = Type.Array(StoreItemType, { minItems: 1, maxItems: 3, uniqueItems: true });

export const marketplaceCollectionsRoutes = {
  categories: route({
    method: "GET",
    path: "/api/marketplace/categories",
    tag: "marketplace-items",
    summary: "List store categories",
    description: "The categories of agents, templates and themes, in display order.",
    auth: "none",
    query: Type.Object({ ...pageQuery, item_type: Type.Optional(StoreItemType) }),
    response: listOf(StoreCategory),
    errors: ["rate_limited"],
  }),
  list: route({
    method: "GET",
    path: "/api/marketplace/collections",
    tag: "marketplace-items",
    summary: "List store collections",
    description: "The published collections with their items, in display order. Collections without listed items are left out.",
    auth: "optional",
    query: Type.Object(pageQuery),
    response: listOf(StoreCollection),
    errors: ["rate_limited"],
  }),
};

const tag = "admin-content";
const CategoryParams = Type.Object({ slug: Type.String({ minLength: 1, maxLength: 50 }) });
const CollectionParams = Type.Object({ collection_id: Uuid });
export const adminCollectionsRoutes = {
  categories: route({
    method: "GET",
    path: "/api/admin/categories",
    tag,
    summary: "List store categories (admin)",
    description: "All categories in display order, hidden ones included.",
    auth: "superuser",
    query: Type.Object(pageQuery),
    response: listOf(AdminCategory),
  }),
  createCategory: route({
    method: "POST",
    path: "/api/admin/categories",
    tag,
    summary: "Create store category",
    description: "Adds a category at the end. Its slug is made from the name and never changes. Writes to the audit log.",
    auth: "superuser",
    status: 201,
    body: Type.Object({ name: nonBlank(50), item_types: ItemTypes }),
    response: AdminCategory,
    errors: ["conflict"],
  }),
  orderCategories: route({
    method: "PUT",
    path: "/api/admin/categories/order",
    tag,
    summary: "Order store categories",
    description: "Sets the display order of all categories, by slug. Writes to the audit log.",
    auth: "superuser",
    body: StoreOrder,
    response: listOf(AdminCategory),
    errors: ["conflict"],
  }),
  updateCategory: route({
    method: "PATCH",
    path: "/api/admin/categories/{slug}",
    tag,
    summary: "Update store category",
    description: "Renames, hides or shows a category, or changes which kinds can have it. Items keep theirs. Writes to the audit log.",
    auth: "superuser",
    params: CategoryParams,
    body: Type.Object({
      name: Type.Optional(nonBlank(50)),
      is_hidden: Type.Optional(Type.Boolean()),
      item_types: Type.Optional(ItemTypes),
    }),
    response: AdminCategory,
    errors: ["not_found", "nothing_to_change"],
  }),
  collections: route({
    method: "GET",
    path: "/api/admin/collections",
    tag,
    summary: "List store collections (admin)",
    description: "All collections in display order, unpublished ones included.",
    auth: "superuser",
    query: Type.Object(pageQuery),
    response: listOf(AdminCollection),
  }),
  createCollection: route({
    method: "POST",
    path: "/api/admin/collections",
    tag,
    summary: "Create store collection",
    description: "Adds a collection at the end. Writes to the audit log.",
    auth: "superuser",
    status: 201,
    body: Type.Object({
      title: nonBlank(80),
      description: Type.Optional(Type.String({ maxLength: 300 })),
      is_published: Type.Optional(Type.Boolean()),
      items: Type.Optional(ItemIds),
    }),
    response: AdminCollection,
    errors: ["collection_limit_reached"],
  }),
  orderCollections: route({
    method: "PUT",
    path: "/api/admin/collections/order",
    tag,
    summary: "Order store collections",
    description: "Sets the display order of all collections, by id. Writes to the audit log.",
    auth: "superuser",
    body: StoreOrder,
    response: listOf(AdminCollection),
    errors: ["conflict"],
  }),
  updateCollection: route({
    method: "PATCH",
    path: "/api/admin/collections/{collection_id}",
    tag,
    summary: "Update store collection",
    description: "Changes a collection; `items` replaces all of them. Writes to the audit log.",
    auth: "superuser",
    params: CollectionParams,
    body: Type.Object({
      title: Type.Optional(nonBlank(80)),
      description: Type.Optional(Type.String({ maxLength: 300 })),
      is_published: Type.Optional(Type.Boolean()),
      items: Type.Optional(ItemIds),
    }),
    response: AdminCollection,
    errors: ["not_found", "nothing_to_change"],
  }),
  removeCollection: route({
    method: "DELETE",
    path: "/api/admin/collections/{collection_id}",
    tag,
    summary: "Delete store collection",
    description: "Deletes a collection. Its items stay in the store. Writes to the audit log.",
    auth: "superuser",
    status: 204,
    params: CollectionParams,
    body: Type.Object({ reason: Type.Optional(Reason) }),
    bodyOptional: true,
    errors: ["not_found"],
  }),
};
