export { BranchBar } from "./on-demand.ts";
export { BranchesSection } from "./BranchesSection.tsx";
export { branchesKey, projectBranchesQuery, useBranchOfChat } from "./branches.queries.ts";
