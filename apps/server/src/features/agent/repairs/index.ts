export { createRepairs } from "./repairs.service.ts";
export { createRepairsStore } from "./repairs.store.ts";
