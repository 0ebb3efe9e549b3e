export { checkDisk } from "./disk.ts";
export { createPrometheusMetrics } from "./metrics.ts";
export { createSystemStore } from "./system.store.ts";
export { mountSystem } from "./system.routes.ts";
