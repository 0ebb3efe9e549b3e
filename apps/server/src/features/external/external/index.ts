export { createExternal, type External } from "./external.service.ts";
export { mountExternal } from "./external.routes.ts";
export { createWebhooks, webhookPlace, type Webhooks } from "./webhooks.ts";
export { createWebhooksStore } from "./webhooks.store.ts";
