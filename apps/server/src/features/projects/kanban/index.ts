export { createKanban } from "./kanban.service.ts";
export { createKanbanStore } from "./kanban.store.ts";
export { mountKanban } from "./kanban.routes.ts";
