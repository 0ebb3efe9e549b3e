export { createExternalApi, type ExternalApi } from "./external.service.ts";
export { mountExternal } from "./external.routes.ts";
export { createRunWebhooks, runWebhookAad, type RunWebhooks } from "./run-webhooks.ts";
export { createRunWebhooksStore } from "./run-webhooks.store.ts";
