export { createCredits, type Credits } from "./credits.service.ts";
export { createCreditsStore } from "./credits.store.ts";
export type { UsagePurpose } from "./credits.table.ts";
export { ledgerEntries } from "./ledger.table.ts";
export { post } from "./ledger.ts";
