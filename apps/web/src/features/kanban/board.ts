import type { Board, BoardColumn, Card } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";

/** The reference of a card: `TSK-0012`. */
export const refOf = (card: Pick<Card, "ref_number">): string => `TSK-${String(card.ref_number).padStart(4, "0")}`;

export const cardsOf = (board: Board): Card[] => board.columns.flatMap((column) => column.tasks);
export const findCard = (board: Board, id: string): Card | undefined => cardsOf(board).find((card) => card.id === id);
export const columnOf = (board: Board, cardId: string): BoardColumn | undefined =>
  board.columns.find((column) => column.tasks.some((card) => card.id === cardId));

/** Whether the column is at its limit; never for a card that is already in it. */
export const isFull = (column: BoardColumn, cardId?: string): boolean =>
  column.task_limit !== null && column.tasks.length >= column.task_limit && !column.tasks.some((card) => card.id === cardId);
export const fullSentence = (column: BoardColumn): string =>
  `“${column.name}” has a limit of ${counted(column.task_limit ?? 0, "card")}. Move a card to another column or raise the limit.`;

const placed = <T extends { id: string }>(list: readonly T[], item: T, position: number): T[] => {
  const others = list.filter((other) => other.id !== item.id);
  const at = Math.max(0, Math.min(position, others.length));
  return [...others.slice(0, at), item, ...others.slice(at)];
};
const numbered = <T extends { position: number }>(list: readonly T[]): T[] =>
  list.map((item, position) => (item.position === position ? item : { ...item, position }));
const withColumn = (board: Board, id: string, change: (column: BoardColumn) => BoardColumn): Board => ({
  ...board,
  columns: board.columns.map((column) => (column.id === id ? change(column) : column)),
});
const withCards = (board: Board, columnId: string, change: (cards: Card[]) => Card[]): Board =>
  withColumn(board, columnId, (column) => ({ ...column, tasks: numbered(change(column.tasks)) }));

/* The same changes as on the server. The board may be newer than the change: items that no longer exist are ignored. */

export function removeCard(board: Board, id: string): Board {
  const column = columnOf(board, id);
  return column ? withCards(board, column.id, (cards) => cards.filter((card) => card.id !== id)) : board;
}
export function moveCard(board: Board, id: string, columnId: string, position: number): Board {
  const card = findCard(board, id);
  if (!card || !board.columns.some((column) => column.id === columnId)) return board;
  const lifted = card.column_id === columnId ? board : removeCard(board, id);
  return withCards(lifted, columnId, (cards) => placed(cards, { ...card, column_id: columnId }, position));
}
export function patchCard(board: Board, id: string, patch: Partial<Card>): Board {
  const column = columnOf(board, id);
  return column ? withCards(board, column.id, (cards) => cards.map((card) => (card.id === id ? { ...card, ...patch } : card))) : board;
}
/** Puts a card at its own position; replaces the card of the same ID. */
export const putCard = (board: Board, card: Card): Board =>
  withCards(removeCard(board, card.id), card.column_id, (cards) => placed(cards, card, card.position));

/** Only one column of a board has a stage. */
export const patchColumn = (board: Board, id: string, patch: Partial<BoardColumn>): Board => ({
  ...board,
  columns: board.columns.map((column) =>
    column.id === id
      ? { ...column, ...patch }
      : patch.run_stage && column.run_stage === patch.run_stage
        ? { ...column, run_stage: null }
        : column,
  ),
});
export function moveColumn(board: Board, id: string, position: number): Board {
  const column = board.columns.find((known) => known.id === id);
  return column ? { ...board, columns: numbered(placed(board.columns, column, position)) } : board;
}
export const putColumn = (board: Board, column: BoardColumn): Board => ({
  ...board,
  columns: numbered(placed(board.columns, column, column.position)),
});
/** With `moveTo` its cards move to the end of that column, otherwise they are deleted. */
export function removeColumn(board: Board, id: string, moveTo?: string): Board {
  const cards = board.columns.find((column) => column.id === id)?.tasks ?? [];
  const kept =
    moveTo === undefined ? board : cards.reduce((next, card) => moveCard(next, card.id, moveTo, Number.POSITIVE_INFINITY), board);
  return { ...kept, columns: numbered(kept.columns.filter((column) => column.id !== id)) };
}

export interface CardFilter {
  text: string;
  priority: string;
  type: string;
  tag: string;
  /** A user's id, or `none`. */
  assignee: string;
}
export const noFilter: CardFilter = { text: "", priority: "", type: "", tag: "", assignee: "" };
export const isFiltering = (filter: CardFilter): boolean => Object.values(filter).some((value: string) => value.trim() !== "");
export function matches(card: Card, filter: CardFilter): boolean {
  const words = filter.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${refOf(card)} ${card.title} ${card.description ?? ""} ${(card.tags ?? []).join(" ")}`.toLowerCase();
  return (
    words.every((word) => text.includes(word)) &&
    (filter.priority === "" || card.priority === filter.priority) &&
    (filter.type === "" || card.task_type === filter.type) &&
    (filter.tag === "" || (card.tags ?? []).includes(filter.tag)) &&
    (filter.assignee === "" || (filter.assignee === "none" ? card.assignee === null : card.assignee?.id === filter.assignee))
  );
}

/**
 * The index of a dropped card among all other cards of the column, including cards that the filter hides: before or after the card it was
 * dropped on, or, dropped on the column itself, after the last visible card.
 */
export function dropPosition(
  column: BoardColumn,
  movedId: string,
  isVisible: (card: Card) => boolean,
  at?: { cardId: string; edge: "top" | "bottom" },
): number {
  const others = column.tasks.filter((card) => card.id !== movedId);
  if (at?.cardId === movedId) return column.tasks.findIndex((card) => card.id === movedId);
  const found = at ? others.findIndex((card) => card.id === at.cardId) : -1;
  if (at && found >= 0) return at.edge === "top" ? found : found + 1;
  const last = others.findLastIndex(isVisible);
  return last < 0 ? others.length : last + 1;
}

/** One step up or down among the visible cards; `undefined` at the end. */
export function stepPosition(column: BoardColumn, cardId: string, isVisible: (card: Card) => boolean, step: -1 | 1): number | undefined {
  const shown = column.tasks.filter((card) => card.id === cardId || isVisible(card));
  const neighbour = shown[shown.findIndex((card) => card.id === cardId) + step];
  return neighbour && dropPosition(column, cardId, isVisible, { cardId: neighbour.id, edge: step < 0 ? "top" : "bottom" });
}

/** Today as `2025-03-14`, where the reader is. */
export const todayOf = (now = new Date()): string =>
  `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
/** A due date is a day, stored as midnight UTC. */
export const dayOf = (timestamp: string | null): string => timestamp?.slice(0, 10) ?? "";
export const timestampOf = (day: string): string | null => (day === "" ? null : `${day}T00:00:00.000Z`);
