export { sitesQuery } from "./domains.queries.ts";
