import { described, AverageRating, Literals, Maybe, Nullable, Timestamp, Type, Uuid, extend, pageQuery, type Static } from "./schema.ts";

/** Shared by agents and templates of the store. */
export const PricingType = Literals("free", "monthly", "one_time", "api");
export const CreatorType = Literals("official", "community");
export const ItemRef = Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" });
export const ItemParams = Type.Object({ id: ItemRef });
export const SlugParams = Type.Object({ slug: ItemRef });

export const nonBlank = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "\\S" });
export const Names = Type.Array(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }), { maxItems: 50 });
export const Category = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: "\\S",
  description: "Slug of a category, as in `GET /api/marketplace/categories`; an item may keep one that is not offered any more",
});
/** An emoji or the name of an icon. */
export const Icon = Type.String({ minLength: 1, maxLength: 50 });
/** An `https:` URL, or a small image as a data URL; never SVG. */
export const PictureUrl = Type.String({
  maxLength: 8192,
  pattern: "^(https://[^\\s\"'<>]+|data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=]+)$",
});

/** Addresses of a template's pictures, WebP of 640 × 400 pixels. The addresses change when the pictures do. */
export const BasePictures = Nullable(Type.Object({ light: Type.String(), dark: Type.String() }));

/** Default: `relevance` with `search`, `featured` without. */
export const MarketplaceSort = Literals("featured", "popular", "newest", "name", "rating", "price_asc", "price_desc", "relevance");
export type MarketplaceSort = Static<typeof MarketplaceSort>;
/** `skip`+`limit` or `page`+`limit`; 12 on a page by default. */
export const browsePage = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 12, description: "Entries on a page" })),
  skip: pageQuery.skip,
  page: pageQuery.page,
};
export const browseFilter = {
  category: Type.Optional(Type.String({ maxLength: 50 })),
  creator_type: Type.Optional(CreatorType),
  search: Type.Optional(Type.String({ maxLength: 200 })),
  sort: Type.Optional(MarketplaceSort),
};

/** Matches of each filter value with the other filters as they are; most first, at most 50. */
const Facet = Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() }));
export const MarketplaceFacets = Type.Object({ category: Facet, pricing_type: Facet, creator_type: Facet });
export type MarketplaceFacets = Static<typeof MarketplaceFacets>;

/** Who made it: official (bundled), or a person. */
export const creatorFields = {
  creator_type: CreatorType,
  creator_name: Type.String(),
  creator_username: Nullable(Type.String()),
  creator_avatar_url: Nullable(Type.String()),
};

export const ShortReview = Type.Object({ id: Uuid, rating: Type.Integer(), comment: Nullable(Type.String()), created_at: Timestamp });
export const Review = extend(ShortReview, {
  user_id: Uuid,
  user_name: Type.String(),
  user_avatar_url: Nullable(Type.String()),
  is_own_review: Type.Boolean(),
});
export type Review = Static<typeof Review>;
export const WriteReview = Type.Object({
  rating: Type.Integer({ minimum: 1, maximum: 5 }),
  comment: Maybe(Type.String({ maxLength: 2000 })),
});
export const WrittenReview = extend(Review, { item_rating: AverageRating, item_reviews_count: Type.Integer() });
export type WrittenReview = Static<typeof WrittenReview>;

export const PurchaseBody = described(
  "Where the checkout returns to; another origin than the app's is ignored.",
  Type.Object({ return_url: Maybe(Type.String({ maxLength: 2000 })) }),
);
export const purchaseFields = {
  in_library: described("True: nothing is left to pay", Type.Boolean()),
  checkout_url: Nullable(Type.String()),
  session_id: Nullable(Type.String()),
};
export const RelatedQuery = Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 12, default: 6 })) });
