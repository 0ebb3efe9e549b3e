export { mountCardRuns } from "./card-runs.routes.ts";
export { createCardRuns } from "./card-runs.service.ts";
export { createCardRunsStore } from "./card-runs.store.ts";
