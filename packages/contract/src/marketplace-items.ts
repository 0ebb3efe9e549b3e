import { AbilityFilter } from "./agent-abilities.ts";
import { BasePictures, browsePage, creatorFields, CreatorType, MarketplaceSort, PricingType, Review } from "./marketplace.ts";
import { route } from "./route.ts";
import { described, AverageRating, extend, listOf, Literals, Nullable, pageQuery, Timestamp, Type, type Static } from "./schema.ts";

const tag = "marketplace-items";
export const StoreItemType = Literals("agent", "base", "theme");
export type StoreItemType = Static<typeof StoreItemType>;

export const StoreItem = described(
  "An agent, a project template (`base`) or a theme, as the store lists it.",
  Type.Object({
    item_type: StoreItemType,
    id: Type.String(),
    slug: Type.String(),
    name: Type.String(),
    description: Type.String(),
    category: Type.String(),
    ...creatorFields,
    pricing_type: PricingType,
    price_cents: Type.Integer(),
    api_pricing_input: described("US dollars per million tokens, of agents paid by use", Nullable(Type.Number())),
    api_pricing_output: Nullable(Type.Number()),
    downloads: Type.Integer({ description: "Number of libraries it was added to" }),
    rating: AverageRating,
    reviews_count: Type.Integer(),
    is_featured: Type.Boolean(),
    is_purchased: described("You have an active library entry", Type.Boolean()),
    stack: described("Of a template: what its apps are built with", Type.Array(Type.String())),
    features: Type.Array(Type.String()),
    avatar_url: described("Of an agent: its icon", Nullable(Type.String())),
    preview_image: Nullable(Type.String()),
    pictures: described("Of a template", BasePictures),
    swatches: described(
      "Of a theme",
      Nullable(Type.Object({ primary: Type.String(), accent: Type.String(), background: Type.String(), surface: Type.String() })),
    ),
    created_at: Timestamp,
  }),
);
export type StoreItem = Static<typeof StoreItem>;

const Facet = Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }));
export const StoreFacets = described(
  "Matches of each filter value with the other filters as they are; most first, at most 50 of each. `rating` counts items with at least so many stars; `ability` counts agents by what they may do, and only with `item_type=agent`.",
  Type.Object({ item_type: Facet, category: Facet, pricing_type: Facet, rating: Facet, creator_type: Facet, stack: Facet, ability: Facet }),
);
export type StoreFacets = Static<typeof StoreFacets>;

/** A page of items, with the numbers for the filters. */
export const StoreCatalog = Type.Object({ ...listOf(StoreItem).properties, facets: StoreFacets });

export const ReceivedReview = described(
  "A review with the item that it is about.",
  extend(Review, {
    item: Type.Object({ item_type: Literals("agent", "base"), slug: Type.String(), name: Type.String() }),
  }),
);
export type ReceivedReview = Static<typeof ReceivedReview>;

export const marketplaceItemsRoutes = {
  list: route({
    method: "GET",
    path: "/api/marketplace/items",
    tag,
    summary: "Search store",
    description:
      "Agents, project templates and themes of the store in one list, with filters and sorting; 12 on a page by default. `facets` counts the matches of each filter value.",
    auth: "optional",
    query: Type.Object({
      ...browsePage,
      search: Type.Optional(Type.String({ maxLength: 200 })),
      item_type: Type.Optional(StoreItemType),
      category: Type.Optional(Type.String({ maxLength: 50 })),
      pricing_type: Type.Optional(PricingType),
      rating: Type.Optional({ ...Literals("4", "3"), description: "At least so many stars" }),
      creator_type: Type.Optional(CreatorType),
      stack: Type.Optional(Type.String({ maxLength: 100, description: "Templates with this technology, in any case" })),
      ability: Type.Optional({ ...AbilityFilter, description: "Agents that may do this; `read_only`: that can change nothing" }),
      creator: Type.Optional(
        Type.String({ minLength: 1, maxLength: 50, description: "Items of the creator with this username, in any case" }),
      ),
      sort: Type.Optional(MarketplaceSort),
    }),
    response: StoreCatalog,
    errors: ["not_found", "rate_limited"],
  }),
  creatorReviews: route({
    method: "GET",
    path: "/api/creators/{username}/reviews",
    tag: "creators",
    summary: "List reviews of creator",
    description: "What others wrote about the published agents and templates of a creator, newest first.",
    auth: "optional",
    params: Type.Object({ username: Type.String({ minLength: 1, maxLength: 50 }) }),
    query: Type.Object(pageQuery),
    response: listOf(ReceivedReview),
    errors: ["not_found", "rate_limited"],
  }),
};
