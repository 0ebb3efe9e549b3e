export { createFeedback } from "./feedback.service.ts";
export { createFeedbackStore, deleteVotesAndComments } from "./feedback.store.ts";
export { mountFeedback } from "./feedback.routes.ts";
