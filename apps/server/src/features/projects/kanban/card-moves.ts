import type { ProjectEventData, RunStage } from "@tesslate/contract";
import type { CardRow, ColumnRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { withIdAt } from "./kanban.rules.ts";
import { completedOn, refuseOver } from "./kanban.service.ts";
import type { KanbanStore } from "./kanban.store.ts";

/** A place on the board. */
export interface CardPlace {
  column_id: string | null;
  position: number;
}

export type CardMoves = ReturnType<typeof createCardMoves>;
/** Moves cards with the runs that work on them. Everything happens in the caller's transaction, which holds the board's lock. */
export function createCardMoves({ store }: { store: KanbanStore }) {
  const move = async (tx: Queries, card: CardRow, to: ColumnRow, position?: number): Promise<void> => {
    await store.arrangeCards(tx, to.id, withIdAt(await store.cardIds(tx, to.id), card.id, position));
    await store.arrangeCards(tx, card.column_id, await store.cardIds(tx, card.column_id));
    await store.updateCard(tx, card.id, { completed_at: completedOn(to, card) });
  };
  const stageOf = (columns: readonly ColumnRow[], stage: RunStage) => columns.find((column) => column.run_stage === stage);

  return {
    /** Locks the board until the transaction ends. False when it is gone. */
    lock: store.lock,
    /** Undefined when the card was deleted. */
    find: (tx: Queries, boardId: string, cardId: string): Promise<CardRow | undefined> => store.findCard(boardId, cardId, tx),
    /** Moves the card of a run that starts. `isLimited`: throws `task_limit_reached` when the column is full. Returns where the card is now. */
    start: async (tx: Queries, card: CardRow, { isLimited }: { isLimited: boolean }): Promise<string> => {
      const columns = await store.columns(tx, card.board_id);
      const column = stageOf(columns, "in_progress");
      if (!card.started_at) await store.updateCard(tx, card.id, { started_at: new Date().toISOString() });
      if (!column || column.id === card.column_id) return card.column_id;
      if (isLimited) refuseOver(column, (await store.cardIds(tx, column.id)).length + 1);
      await move(tx, card, column);
      return column.id;
    },
    /** Moves the card of a run that has ended well; a full column does not prevent that. Returns where the card is now. */
    finish: async (tx: Queries, card: CardRow): Promise<string> => {
      const columns = await store.columns(tx, card.board_id);
      const column = stageOf(columns, "review") ?? columns.find(({ is_completed }) => is_completed);
      if (!column || column.id === card.column_id) return card.column_id;
      await move(tx, card, column);
      return column.id;
    },
    /** Moves the card of a run that failed to where it was before: if that column is gone, to the backlog. Returns where the card is now. */
    putBack: async (tx: Queries, card: CardRow, { column_id, position }: CardPlace): Promise<string> => {
      const columns = await store.columns(tx, card.board_id);
      const known = columns.find(({ id }) => id === column_id);
      const column = known ?? columns.find(({ is_backlog }) => is_backlog) ?? columns[0];
      if (!column || column.id === card.column_id) return card.column_id;
      await move(tx, card, column, known && position);
      return column.id;
    },
  };
}

export const cardChanged = (cardId: string, op: "moved" | "updated", userId: string | null) => ({
  type: "board_changed" as const,
  data: { subject: "card", id: cardId, op, user_id: userId } satisfies ProjectEventData<"board_changed">,
});
