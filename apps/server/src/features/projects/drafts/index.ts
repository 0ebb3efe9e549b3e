export { createDrafts } from "./drafts.service.ts";
export { createDraftsStore } from "./drafts.store.ts";
export { mountDrafts } from "./drafts.routes.ts";
