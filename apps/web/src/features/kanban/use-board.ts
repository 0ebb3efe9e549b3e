import { useQueryClient } from "@tanstack/react-query";
import type { BoardColumn, Card, CardComment, CardRun, CardDetail, UpdateCard, UpdateColumn, UserRef } from "@tesslate/contract";
import { hasCode } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { usePendingChanges } from "../../lib/use-pending-changes.ts";
import { useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import type { WorkbenchActions } from "../../project/workbench-actions.ts";
import { toast, toastError } from "../../ui/toast.tsx";
import { useUndoableDeletes } from "../../ui/use-undoable-deletes.ts";
import {
  fullSentence,
  moveCard,
  moveColumn,
  patchCard,
  patchColumn,
  putCard,
  putColumn,
  refOf,
  removeCard,
  removeColumn,
} from "./board.ts";
import { boardKey, boardQuery, cardKey } from "./kanban.queries.ts";

/** Changes to the board. They show at once and are reverted with a toast if the server rejects them. */
export interface BoardActions {
  addCard: (column: BoardColumn, title: string) => Promise<Card | undefined>;
  /** Rejects if the request fails: the changed field shows the error. */
  updateCard: (id: string, change: UpdateCard) => Promise<Card>;
  moveCard: (id: string, columnId: string, position: number) => void;
  /** Starts a run of the agent with the mode, model and agent of the next message; the server moves the card. */
  runCard: (card: Card) => Promise<void>;
  stopRun: (run: CardRun) => Promise<void>;
  deleteCard: (card: Card) => void;
  /** Rejects if the request fails. */
  comment: (cardId: string, content: string) => Promise<CardComment>;
  addColumn: (name: string) => Promise<BoardColumn | undefined>;
  /** Rejects if the request fails. */
  updateColumn: (id: string, change: UpdateColumn) => Promise<BoardColumn>;
  moveColumn: (id: string, position: number) => void;
  /** Rejects if the request fails. */
  deleteColumn: (id: string, moveTo: string | undefined) => Promise<void>;
}

/** The board of the server with pending changes applied on top. */
export function useBoard(projectId: string, me: UserRef, { openChat, runOptions }: Pick<WorkbenchActions, "openChat" | "runOptions">) {
  const { api } = useServices();
  const queries = useQueryClient();
  const query = useProjectQuery(boardQuery(api, projectId));
  const { shown: board, change: run } = usePendingChanges(boardKey(projectId), query.data);
  const orNotice = <T>(work: Promise<T>, what: string): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      toastError(error, hasCode(error, "task_limit_reached") ? {} : { before: what });
      return undefined;
    });

  const params = { project_id: projectId };
  const deletes = useUndoableDeletes<Card>({
    said: (name) => `${name} deleted.`,
    send: async (card, options) => {
      const call = () => api.kanban.removeCard({ params: { ...params, id: card.id } }, options);
      // A closing page can't wait for its pending changes.
      if (options.keepalive) await call();
      else await run({ apply: (board) => removeCard(board, card.id), call, commit: (board) => removeCard(board, card.id) });
    },
  });

  const actions: BoardActions = {
    addCard: useHandler((column, title) => {
      if (column.task_limit !== null && column.tasks.length >= column.task_limit) {
        toast(fullSentence(column), { kind: "failed" });
        return Promise.resolve(undefined);
      }
      const now = new Date().toISOString();
      const draft = draftCard(column, title, me, now);
      return orNotice(
        run({
          apply: (board) => putCard(board, draft),
          call: () => api.kanban.createCard({ params, body: { column_id: column.id, title } }),
          commit: (board, card) => putCard(board, card),
        }),
        "Couldn't add the card.",
      );
    }),
    updateCard: useHandler(async (id, change) => {
      const { assignee_id, column_id: _column, position: _position, ...fields } = change;
      const card = await run({
        apply: (board) =>
          patchCard(board, id, {
            ...(fields as Partial<Card>),
            ...(assignee_id !== undefined && { assignee: assignee_id === me.id ? me : null }),
          }),
        call: () => api.kanban.updateCard({ params: { ...params, id }, body: change }),
        commit: (board, updated) => (change.column_id === undefined ? patchCard(board, id, updated) : putCard(board, updated)),
      });
      queries.setQueryData<CardDetail>(cardKey(projectId, id), (known) => known && { ...known, ...card });
      return card;
    }),
    moveCard: useHandler((id, columnId, position) => {
      void orNotice(
        run({
          apply: (board) => moveCard(board, id, columnId, position),
          call: () => api.kanban.updateCard({ params: { ...params, id }, body: { column_id: columnId, position } }),
          commit: (board, card) => putCard(board, card),
        }),
        "Couldn't move the card.",
      );
    }),
    runCard: useHandler(async (card) => {
      try {
        const started = await run({
          apply: (board) => board,
          call: () => api.kanban.runCard({ params: { ...params, id: card.id }, body: runOptions() }),
          commit: (board, { card: moved }) => putCard(board, moved),
        });
        void queries.invalidateQueries({ queryKey: cardKey(projectId, card.id) });
        toast(
          started.task_id === null
            ? `${refOf(card)} is queued. It starts when the other run ends.`
            : `The agent is working on ${refOf(card)}.`,
          { kind: "note", action: { label: "Open chat", onSelect: () => openChat(started.chat_id) } },
        );
      } catch (error) {
        toastError(error);
      }
    }),
    stopRun: useHandler(async ({ chat_id }) => {
      await orNotice(api.chat.cancel({ body: { chat_id } }), "Couldn't stop the run.");
    }),
    deleteCard: useHandler((card) => deletes.remove(card, `${refOf(card)} “${card.title}”`)),
    comment: useHandler(async (cardId, content) => {
      const comment = await api.kanban.comment({ params: { ...params, id: cardId }, body: { content } });
      queries.setQueryData<CardDetail>(
        cardKey(projectId, cardId),
        (known) => known && { ...known, comments: [...known.comments.filter((c) => c.id !== comment.id), comment] },
      );
      return comment;
    }),
    addColumn: useHandler((name) =>
      orNotice(
        run({
          apply: (board) => board,
          call: () => api.kanban.createColumn({ params, body: { name } }),
          commit: (board, column) => putColumn(board, column),
        }),
        "Couldn't add the column.",
      ),
    ),
    updateColumn: useHandler((id, change) => {
      const { position: _position, ...fields } = change;
      return run({
        apply: (board) => patchColumn(board, id, fields as Partial<BoardColumn>),
        call: () => api.kanban.updateColumn({ params: { ...params, id }, body: change }),
        commit: (board, { tasks: _tasks, position: _at, ...column }) => patchColumn(board, id, column),
      });
    }),
    moveColumn: useHandler((id, position) => {
      void orNotice(
        run({
          apply: (board) => moveColumn(board, id, position),
          call: () => api.kanban.updateColumn({ params: { ...params, id }, body: { position } }),
          commit: (board, column) => moveColumn(board, id, column.position),
        }),
        "Couldn't move the column.",
      );
    }),
    deleteColumn: useHandler((id, moveTo) =>
      run({
        apply: (board) => removeColumn(board, id, moveTo),
        call: () => api.kanban.removeColumn({ params: { ...params, id }, query: { ...(moveTo !== undefined && { move_to: moveTo }) } }),
        commit: (board) => removeColumn(board, id, moveTo),
      }),
    ),
  };

  return { query, board, hidden: deletes.hidden, actions };
}

/** The card to show until the server has created it. */
const draftCard = (column: BoardColumn, title: string, reporter: UserRef, now: string): Card => ({
  id: crypto.randomUUID(),
  board_id: "",
  column_id: column.id,
  ref_number: 0,
  title,
  description: null,
  position: column.tasks.length,
  priority: null,
  status: null,
  task_type: null,
  tags: null,
  assignee: null,
  reporter,
  estimate_hours: null,
  spent_hours: null,
  due_date: null,
  started_at: null,
  completed_at: null,
  attachments: null,
  custom_fields: null,
  run: null,
  created_at: now,
  updated_at: now,
});
