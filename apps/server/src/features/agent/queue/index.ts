export { createMessageQueue, type MessageQueue } from "./queue.service.ts";
export { createQueueStore } from "./queue.store.ts";
export { mountQueue } from "./queue.routes.ts";
