export { createCredits, type Credits } from "./credits.service.ts";
export { createCreditsStore } from "./credits.store.ts";
export type { UsagePurpose } from "./credits.table.ts";
export { ledgerEntries } from "./ledger.table.ts";
export { post, type LedgerEntry } from "./ledger.ts";
export { allowanceDays, totalOf, type CreditTerms } from "./credits.rules.ts";
