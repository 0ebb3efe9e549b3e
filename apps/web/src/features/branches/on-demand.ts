import { lazyComponent } from "../../lib/chunks.ts";

export const BranchBar = lazyComponent(async () => (await import("./BranchBar.tsx")).BranchBar);
