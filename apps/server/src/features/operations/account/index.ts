export { createAccountStore } from "./account.store.ts";
export { createDeletion } from "./deletion.ts";
export { createErasure } from "./erasure.ts";
export { createAccountExports } from "./export.ts";
export { mountAccount } from "./account.routes.ts";
