export { createPreviewSite } from "./site.ts";
export { createReporting } from "./reports.ts";
export { createVisitors } from "./visitors.ts";
export { mountPreviews } from "./previews.routes.ts";
export { createPreviews } from "./previews.service.ts";
export { createPreviewsStore } from "./previews.store.ts";
export { createShareLinks, createShares } from "./shares.service.ts";
export { createSharesStore } from "./shares.store.ts";
