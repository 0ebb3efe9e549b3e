export { createChangeSets } from "./changes.service.ts";
export { createChangesStore } from "./changes.store.ts";
export { parseHunks } from "./hunks.ts";
export { mountChanges } from "./changes.routes.ts";
export { createRunChangeSets } from "./run-change-sets.ts";
