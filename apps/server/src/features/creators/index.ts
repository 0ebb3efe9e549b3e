export { createCreators, type Creators } from "./creators.service.ts";
export { createCreatorsStore } from "./creators.store.ts";
export { mountCreators } from "./creators.routes.ts";
