export { createThemes, presentListItem, swatchesOf, type Themes } from "./themes.service.ts";
export { createThemesStore, giveAwayThemesOf } from "./themes.store.ts";
export { mountThemes } from "./themes.routes.ts";
