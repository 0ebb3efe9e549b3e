export { mountElementEdits } from "./element-edits.routes.ts";
export { createElementEdits } from "./element-edits.service.ts";
export { createElementEditsStore } from "./element-edits.store.ts";
