export { createFeedback, type Feedback } from "./feedback.service.ts";
export { createFeedbackStore } from "./feedback.store.ts";
export { mountFeedback } from "./feedback.routes.ts";
