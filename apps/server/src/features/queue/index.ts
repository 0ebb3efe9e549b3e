export { createQueue, type Queue } from "./queue.service.ts";
export { createQueueStore, type StoredSteering } from "./queue.store.ts";
export { mountQueue } from "./queue.routes.ts";
