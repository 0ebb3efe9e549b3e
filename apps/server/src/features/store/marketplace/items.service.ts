import type { List, StoreFacets, StoreItem } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { cardOf } from "./agents.present.ts";
import { baseCardOf, type TemplatePicturesOf } from "./bases.present.ts";
import { facetsOf } from "./facets.ts";
import type { FoundItem, ItemFilter, ItemListings } from "./items.store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import { presentThemeItem } from "./themes.service.ts";
import type { Viewer } from "./viewer.ts";

const browseLimit = 12;

export type ItemCatalogue = ReturnType<typeof createItemCatalogue>;
/** Search over everything that the store lists. */
export function createItemCatalogue({
  listings,
  limits,
  templatePictures,
  creatorNamed,
}: {
  listings: ItemListings;
  limits: MarketplaceLimits;
  templatePictures: TemplatePicturesOf;
  /** Throws 404 for an unknown user. */
  creatorNamed: (username: string) => Promise<{ id: string }>;
}) {
  return {
    /** Those of the ids that are listed, in their order. */
    listed: async (ids: readonly string[], viewer: Viewer): Promise<StoreItem[]> =>
      (await listings.load(ids, viewer?.id)).map((row) => storeItemOf(row, templatePictures)),
    browse: async (
      viewer: Viewer,
      ip: string,
      { page: number, skip, limit = browseLimit, creator, ...filter }: PageQuery & Omit<ItemFilter, "creatorId"> & { creator?: string },
    ): Promise<List<StoreItem> & { facets: StoreFacets }> => {
      await limits.browse(ip);
      const page = pageOf({ page: number, skip, limit });
      const { rows, cells, stack, ability } = await listings.browse(
        { ...filter, ...(creator !== undefined && { creatorId: (await creatorNamed(creator)).id }) },
        page,
        viewer?.id,
      );
      const { item_type, category, pricing_type, rating, creator_type } = filter;
      const { total, facets } = facetsOf(cells, { item_type, category, pricing_type, rating, creator_type });
      const items = rows.map((row) => storeItemOf(row, templatePictures));
      return { ...page.envelope(items, total), facets: { ...facets, stack, ability } };
    },
  };
}

const none = {
  api_pricing_input: null,
  api_pricing_output: null,
  stack: [],
  features: [],
  avatar_url: null,
  preview_image: null,
  pictures: null,
  swatches: null,
};
/** An item as the store lists it. */
function storeItemOf(found: FoundItem, templatePictures: TemplatePicturesOf): StoreItem {
  if (found.item_type === "theme") return presentThemeItem(found);
  const card = found.item_type === "agent" ? cardOf(found.agent) : baseCardOf(found.base, templatePictures);
  return {
    ...none,
    item_type: found.item_type,
    id: card.id,
    slug: card.slug,
    name: card.name,
    description: card.description,
    category: card.category,
    creator_type: card.creator_type,
    creator_name: card.creator_name,
    creator_username: card.creator_username,
    creator_avatar_url: card.creator_avatar_url,
    pricing_type: card.pricing_type,
    price_cents: card.price_cents,
    downloads: card.downloads,
    rating: card.rating,
    reviews_count: card.reviews_count,
    is_featured: card.is_featured,
    is_purchased: card.is_purchased,
    features: card.features,
    created_at: card.created_at,
    ...("pictures" in card
      ? { stack: card.tech_stack, pictures: card.pictures, preview_image: card.preview_image }
      : { avatar_url: card.avatar_url, api_pricing_input: card.api_pricing_input, api_pricing_output: card.api_pricing_output }),
  };
}
