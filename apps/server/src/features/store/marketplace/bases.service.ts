import type { BaseCard, BaseDetail, List, MarketplaceFacets } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { BaseFilter, BaseListings, FoundBase } from "./bases.store.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import { baseCardOf, baseDetailOf, isBaseOwner, type TemplatePicturesOf } from "./bases.present.ts";
import { facetsOf, filtersOf } from "./facets.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { ReviewsStore } from "./reviews.store.ts";
import { newestOf } from "./reviews.service.ts";
import type { Viewer } from "./viewer.ts";

const browseLimit = 12;

/** Visibility of bases: a private one is visible to its creator only, a disabled one to administrators only. */
const isVisible = ({ base }: FoundBase, viewer: Viewer): boolean =>
  base.is_active ? base.visibility === "public" || isBaseOwner(viewer, base) : viewer?.is_superuser === true;

export type BaseCatalogue = ReturnType<typeof createBaseCatalogue>;
/** Lists and details of the marketplace's bases. */
export function createBaseCatalogue({
  listings,
  reviews,
  limits,
  templatePictures,
}: {
  listings: BaseListings;
  reviews: ReviewsStore;
  templatePictures: TemplatePicturesOf;
  limits: MarketplaceLimits;
}) {
  const require = async (viewer: Viewer, ref: string, q?: Queries): Promise<FoundBase> => {
    const found = await listings.find(ref, viewer?.id, q);
    if (!found || !isVisible(found, viewer)) throw notFound("Base");
    return found;
  };
  const detail = async (viewer: Viewer, ref: string): Promise<BaseDetail> => {
    const found = await require(viewer, ref);
    return baseDetailOf(found, viewer, {
      reviews: newestOf(await reviews.list("base", found.base.id, { limit: 5, offset: 0 })),
      ofTemplate: templatePictures,
    });
  };
  return {
    /** By UUID or slug; throws 404 for a base the viewer cannot see. */
    require,
    browse: async (viewer: Viewer, ip: string, query: PageQuery & BaseFilter): Promise<List<BaseCard> & { facets: MarketplaceFacets }> => {
      await limits.browse(ip);
      const page = pageOf({ ...query, limit: query.limit ?? browseLimit });
      const { rows, cells } = await listings.browse(query, page, viewer?.id);
      const { total, facets } = facetsOf(cells, filtersOf(query));
      return {
        ...page.envelope(
          rows.map((row) => baseCardOf(row, templatePictures)),
          total,
        ),
        facets,
      };
    },
    get: async (viewer: Viewer, ip: string, ref: string): Promise<BaseDetail> => {
      await limits.browse(ip);
      return detail(viewer, ref);
    },
    /** The same without counting a view, after a change. */
    detail,
    related: async (viewer: Viewer, ip: string, ref: string, limit = 6): Promise<List<BaseCard>> => {
      await limits.browse(ip);
      const { base } = await require(viewer, ref);
      const items = (await listings.related(base, viewer?.id, limit)).map((row) => baseCardOf(row, templatePictures));
      return { items, total: items.length, page: 1, total_pages: items.length === 0 ? 0 : 1 };
    },
    /** Locks the base until the transaction ends. */
    lock: async (tx: Queries, viewer: Viewer, ref: string): Promise<{ base: BaseRow; isOwn: boolean }> => {
      const locked = await listings.lock(tx, ref);
      if (!locked) throw notFound("Base");
      const { base } = await require(viewer, locked.id, tx);
      return { base, isOwn: isBaseOwner(viewer, base) };
    },
  };
}
