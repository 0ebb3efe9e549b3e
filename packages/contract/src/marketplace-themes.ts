import { creatorFields } from "./marketplace.ts";
import { StoreItem } from "./marketplace-items.ts";
import { route } from "./route.ts";
import { described, extend, listOf, pageQuery, Timestamp, Type, type Static } from "./schema.ts";
import { ThemeListItem, ThemeMode, ThemeParams, themeSections } from "./themes.ts";

const tag = "marketplace-themes";

export const StoreTheme = described(
  "A theme as its page in the store shows it.",
  extend(StoreItem, {
    mode: ThemeMode,
    is_owner: described("You made it", Type.Boolean()),
    revision: ThemeListItem.properties.revision,
    ...themeSections,
    updated_at: Timestamp,
  }),
);
export type StoreTheme = Static<typeof StoreTheme>;

export const LibraryTheme = described(
  "A theme of another user in your library.",
  Type.Object({ ...ThemeListItem.properties, ...creatorFields, purchase_date: Timestamp }),
);
export type LibraryTheme = Static<typeof LibraryTheme>;

export const marketplaceThemesRoutes = {
  get: route({
    method: "GET",
    path: "/api/marketplace/themes/{id}",
    tag,
    summary: "Get theme of the store",
    description: "A bundled theme or one that a user published, with all its values. Your own and those of your library are returned, too.",
    auth: "optional",
    params: ThemeParams,
    response: StoreTheme,
    errors: ["not_found", "rate_limited"],
  }),
  library: route({
    method: "GET",
    path: "/api/marketplace/library/themes",
    tag,
    summary: "List library themes",
    description:
      "Themes of other users that you added, newest first. Bundled themes and your own are always available and not listed here.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(LibraryTheme),
  }),
  add: route({
    method: "PUT",
    path: "/api/marketplace/library/themes/{id}",
    tag,
    summary: "Add theme to library",
    description: "Adds a published theme to your library, where it stays when its creator unpublishes it. 201, or 200 if it was there.",
    auth: "user",
    params: ThemeParams,
    status: [201, 200],
    response: StoreTheme,
    errors: ["not_found", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/marketplace/library/themes/{id}",
    tag,
    summary: "Remove theme from library",
    description: "Removes a theme from your library. If you use it, the default theme is applied instead.",
    auth: "user",
    status: 204,
    params: ThemeParams,
    errors: ["not_found"],
  }),
};
