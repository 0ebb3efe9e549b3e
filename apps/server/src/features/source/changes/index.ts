export { createApplyChangeSet, createDiffChangeSet, createListRuns } from "./changes.service.ts";
export { createChangeSetLookup } from "./change-set-lookup.ts";
export { changesBetween, shownFile } from "./change-set.ts";
export { prepareMerge } from "./reject.ts";
export { createChangesStore } from "./changes.store.ts";
export { parseHunks } from "./hunks.ts";
export { mountChanges } from "./changes.routes.ts";
export { createRunChangeSets } from "./run-change-sets.ts";
