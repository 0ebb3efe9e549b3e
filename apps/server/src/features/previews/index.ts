export { createPreviewSite } from "./site.ts";
export { createReporting } from "./reports.ts";
export { createVisitors } from "./visitors.ts";
export { mountPreviews } from "./previews.routes.ts";
