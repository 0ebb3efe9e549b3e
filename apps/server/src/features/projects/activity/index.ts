export { beforeEdit, createActivity, editSummary } from "./activity.service.ts";
export { createActivityStore } from "./activity.store.ts";
export { mountActivity } from "./activity.routes.ts";
