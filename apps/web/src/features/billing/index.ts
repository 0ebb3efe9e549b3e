export { offersQuery } from "./billing.queries.ts";
export { billingSearch } from "./billing-search.ts";
export { revenueSearch } from "./revenue-search.ts";
export { LimitNotice } from "./LimitNotice.tsx";
export { isLimit, type LimitError } from "./limits.ts";
export { BalanceLink, BalanceRow, WaysOut } from "./on-demand.ts";
export { useBalance } from "./use-balance.ts";
