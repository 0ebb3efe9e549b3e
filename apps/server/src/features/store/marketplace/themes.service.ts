import type { LibraryTheme, List, StoreItem, StoreTheme } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Queries } from "../../../platform/database.ts";
import { presentListItem, swatchesOf, type Themes } from "../../accounts/themes/index.ts";
import { creatorOf } from "./creator.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { FoundTheme, ThemeListings } from "./themes.store.ts";
import type { Viewer } from "./viewer.ts";

export type ThemeCatalogue = ReturnType<typeof createThemeCatalogue>;
/** Themes of the store: their pages, and adding them to libraries. */
export function createThemeCatalogue({
  listings,
  themes,
  resetThemeOf,
  limits,
}: {
  listings: ThemeListings;
  themes: Pick<Themes, "lockUsable" | "isUsable">;
  /** The user gets the default theme if they use this one. */
  resetThemeOf: (tx: Queries, userId: string, themeId: string) => Promise<void>;
  limits: MarketplaceLimits;
}) {
  /** Throws 404 for a theme that the viewer cannot use. */
  const get = async (viewer: Viewer, id: string): Promise<StoreTheme> => {
    const [found] = (await themes.isUsable(viewer?.id, id)) ? await listings.cardsOf([id], viewer?.id) : [];
    if (!found) throw notFound("Theme");
    return presentStoreTheme(found, viewer);
  };
  return {
    get: async (viewer: Viewer, ip: string, id: string): Promise<StoreTheme> => {
      await limits.browse(ip);
      return get(viewer, id);
    },
    library: async (userId: string, query: PageQuery): Promise<List<LibraryTheme>> => {
      const page = pageOf(query);
      const { rows, total } = await listings.listLibrary(userId, page);
      return page.envelope(rows.map(presentLibraryTheme), total);
    },
    /** `isNew`: it was not in the library. Downloads count users, so adding it again does not count. Throws 404. */
    add: async (user: NonNullable<Viewer>, id: string): Promise<{ theme: StoreTheme; isNew: boolean }> => {
      await limits.write(user.id, "theme");
      const isNew = await listings.transaction(async (tx) => {
        if (!(await themes.lockUsable(tx, user.id, id))) throw notFound("Theme");
        const added = await listings.add(tx, user.id, id);
        if (added.isFirst) await listings.countDownload(tx, id);
        return added.isNew;
      });
      return { theme: await get(user, id), isNew };
    },
    /** Throws 404 for one that is not in the library. */
    remove: async (userId: string, id: string): Promise<void> => {
      await listings.transaction(async (tx) => {
        if (!(await listings.remove(tx, userId, id))) throw notFound("Theme");
        await resetThemeOf(tx, userId, id);
      });
    },
  };
}

/** A theme as lists of the store show it. */
export const presentThemeItem = ({ theme, creator, added_at }: FoundTheme): StoreItem => ({
  item_type: "theme",
  id: theme.id,
  slug: theme.id,
  name: theme.name,
  description: theme.description ?? "",
  category: theme.category,
  ...creatorOf(creator, theme.created_by_user_id === null),
  // The author of a bundled theme.
  ...(theme.created_by_user_id === null && theme.author !== null && { creator_name: theme.author }),
  pricing_type: theme.pricing_type,
  price_cents: theme.price_cents,
  api_pricing_input: null,
  api_pricing_output: null,
  downloads: theme.downloads,
  rating: theme.rating,
  reviews_count: theme.reviews_count,
  is_featured: theme.is_featured,
  is_purchased: added_at !== null,
  stack: [],
  features: [],
  avatar_url: null,
  preview_image: null,
  pictures: null,
  swatches: swatchesOf(theme),
  created_at: theme.created_at,
});
const presentStoreTheme = (found: FoundTheme, viewer: Viewer): StoreTheme => ({
  ...presentThemeItem(found),
  mode: found.theme.mode,
  is_owner: viewer !== undefined && found.theme.created_by_user_id === viewer.id,
  revision: found.theme.revision,
  ...found.theme.theme_json,
  updated_at: found.theme.updated_at,
});
const presentLibraryTheme = ({ theme, creator, added_at }: FoundTheme): LibraryTheme => ({
  ...presentListItem(theme),
  ...creatorOf(creator, false),
  purchase_date: added_at ?? theme.created_at,
});
