export { createMetrics, type Metrics } from "./metrics.ts";
export { createSystemStore } from "./system.store.ts";
export { mountSystem, type Checks, type SystemFacts } from "./system.routes.ts";
