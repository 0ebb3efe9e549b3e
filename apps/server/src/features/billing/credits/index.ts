export { createCredits, type Credits } from "./credits.service.ts";
export { createBalanceFeed, type BalanceFeed } from "./balance-feed.ts";
export { anonymizeUsageOf, createCreditsStore, detachUsageFromAgent } from "./credits.store.ts";
export type { UsagePurpose } from "../../../db/schema/billing.ts";
export { ledgerEntries } from "../../../db/schema/billing.ts";
export { post } from "./ledger.ts";
