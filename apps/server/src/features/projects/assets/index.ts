export { createAssetFollower } from "./assets.follow.ts";
export { createAssets } from "./assets.service.ts";
export { createAssetsStore, type AssetsStore } from "./assets.store.ts";
export { mountAssets } from "./assets.routes.ts";
