export { answerAad, createIdempotency } from "./idempotency.ts";
export { createIdempotencyStore } from "./idempotency.store.ts";
