export { offersQuery } from "./billing.queries.ts";
export { billingSearch } from "./billing-search.ts";
export { revenueSearch } from "./revenue-search.ts";
export { LimitNotice } from "./LimitNotice.tsx";
export { isLimit, type LimitError } from "./limits.ts";
export { BalanceLink, BalanceRow, LimitDialog, WaysOut } from "./on-demand.ts";
export { forgetReturnPlace, keepReturnPlace, returnPlace } from "./return-place.ts";
export { useBalance } from "./use-balance.ts";
