export { offersQuery } from "./billing.queries.ts";
export { billingSearch } from "./billing-search.ts";
