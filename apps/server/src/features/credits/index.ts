export { createCredits, type Credits } from "./credits.service.ts";
export { createCreditsStore } from "./credits.store.ts";
export { mountCredits } from "./credits.routes.ts";
export type { UsagePurpose } from "./credits.table.ts";
