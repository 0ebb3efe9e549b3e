export { BranchBar } from "./on-demand.ts";
export { BranchesSection } from "./BranchesSection.tsx";
export { useBranchOfChat } from "./branches.queries.ts";
