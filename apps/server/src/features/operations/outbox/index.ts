export { mountOutbox } from "./outbox.routes.ts";
