export { createAssets, type Assets } from "./assets.service.ts";
export { createAssetsStore, type AssetsStore } from "./assets.store.ts";
export { mountAssets } from "./assets.routes.ts";
