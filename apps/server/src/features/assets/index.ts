export { createAssets, type Assets } from "./assets.service.ts";
export { createAssetsStore } from "./assets.store.ts";
export { mountAssets } from "./assets.routes.ts";
