export { dashboardQuery } from "./creators.queries.ts";
