export { createChatPlans } from "./plans.service.ts";
export { createPlansStore } from "./plans.store.ts";
export { mountPlans } from "./plans.routes.ts";
