export { createThemes, swatchesOf, type Themes } from "./themes.service.ts";
export { createThemesStore } from "./themes.store.ts";
export { mountThemes } from "./themes.routes.ts";
