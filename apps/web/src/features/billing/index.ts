export { offersQuery } from "./billing.queries.ts";
export type { BillingSearch } from "./PaymentReturn.tsx";
