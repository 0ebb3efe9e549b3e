import { kanbanRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Kanban } from "./kanban.service.ts";

/** `runCard` belongs to the feature that runs cards. */
const { runCard: _, ...routes } = kanbanRoutes;

export function mountKanban(mount: Mount, { kanban }: { kanban: Kanban }): void {
  mount("kanban", routes, {
    board: ({ user }, { params }) => kanban.board(user.id, params.project_id),
    createColumn: ({ user }, { params, body }) => kanban.createColumn(user.id, params.project_id, body),
    updateColumn: ({ user }, { params, body }) => kanban.updateColumn(user.id, params.project_id, params.id.toLowerCase(), body),
    removeColumn: ({ user }, { params, query }) => kanban.removeColumn(user.id, params.project_id, params.id.toLowerCase(), query.move_to),
    listCards: ({ user }, { params, query }) => kanban.listCards(user.id, params.project_id, query),
    createCard: ({ user }, { params, body }) => kanban.createCard(user.id, params.project_id, body),
    getCard: ({ user }, { params }) => kanban.getCard(user.id, params.project_id, params.id.toLowerCase()),
    updateCard: ({ user }, { params, body }) => kanban.updateCard(user.id, params.project_id, params.id.toLowerCase(), body),
    removeCard: ({ user }, { params }) => kanban.removeCard(user.id, params.project_id, params.id.toLowerCase()),
    comment: ({ user }, { params, body }) => kanban.comment(user, params.project_id, params.id.toLowerCase(), body.content),
  });
}
