export { createExternal, type External } from "./external.service.ts";
export { mountExternal } from "./external.routes.ts";
export { createWebhooks, webhookPlace, type Webhooks } from "./run-webhooks.ts";
export { createWebhooksStore } from "./run-webhooks.store.ts";
