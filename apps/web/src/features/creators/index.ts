export { creatorSearch } from "./creator-search.ts";
export { dashboardQuery } from "./creators.queries.ts";
