export { createCreators, type Creators } from "./creators.service.ts";
export { createCreatorsStore } from "./creators.store.ts";
export { createPayoutAdmin } from "./payout-admin.ts";
export { mountCreators } from "./creators.routes.ts";
export { createSales, type Sales } from "./sales.ts";
export { createSalesStore, detachSalesFromAgent } from "./sales.store.ts";
