export { createFeedback } from "./feedback.service.ts";
export { createFeedbackStore, forgetVoicesOf } from "./feedback.store.ts";
export { mountFeedback } from "./feedback.routes.ts";
