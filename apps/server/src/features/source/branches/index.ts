export { createBranches, type Branches } from "./branches.service.ts";
export { createBranchesStore } from "./branches.store.ts";
export { mountBranches } from "./branches.routes.ts";
