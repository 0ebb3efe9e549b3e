export { cardChanged, createCardMoves, type CardMoves } from "./card-moves.ts";
export { createKanban, type Kanban } from "./kanban.service.ts";
export { createKanbanStore } from "./kanban.store.ts";
export { mountKanban } from "./kanban.routes.ts";
