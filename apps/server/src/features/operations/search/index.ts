export { createSearch } from "./search.service.ts";
export { createSearchStore } from "./search.store.ts";
export { mountSearch } from "./search.routes.ts";
