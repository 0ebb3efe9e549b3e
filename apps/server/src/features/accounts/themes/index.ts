export { createThemes, presentListItem, swatchesOf, type Themes } from "./themes.service.ts";
export { countThemeDownload, createThemesStore, giveAwayThemesOf, moderateTheme } from "./themes.store.ts";
export { mountThemes } from "./themes.routes.ts";
