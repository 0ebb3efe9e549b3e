import { useQueryClient } from "@tanstack/react-query";
import type { Board, BoardColumn, Card, CardComment, CardDetail, UpdateCard, UpdateColumn, UserRef } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { useMemo, useRef, useState } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { toast } from "../../ui/toast.tsx";
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

/** What a person may do to the board. Acts show at once and are taken back, with a notice, when the server refuses. */
export interface BoardActs {
  addCard: (column: BoardColumn, title: string) => Promise<Card | undefined>;
  /** Rejects when refused: the field that was changed shows why. */
  updateCard: (id: string, change: UpdateCard) => Promise<Card>;
  moveCard: (id: string, columnId: string, position: number) => void;
  deleteCard: (card: Card) => void;
  /** Rejects when refused. */
  comment: (cardId: string, content: string) => Promise<CardComment>;
  addColumn: (name: string) => Promise<BoardColumn | undefined>;
  /** Rejects when refused. */
  updateColumn: (id: string, change: UpdateColumn) => Promise<BoardColumn>;
  moveColumn: (id: string, position: number) => void;
  /** Rejects when refused. */
  deleteColumn: (id: string, moveTo: string | undefined) => Promise<void>;
}

interface Pending {
  id: number;
  apply: (board: Board) => Board;
}
interface Act<T> {
  /** The change as we expect it; on top of whatever the server says meanwhile. */
  apply: (board: Board) => Board;
  call: () => Promise<T>;
  /** The change as the server made it. */
  commit: (board: Board, answer: T) => Board;
}

/**
 * The board as the server has it, with what is on its way laid over it. Acts are sent one after the other, so that positions mean what the
 * person saw; a refused one simply leaves the pile.
 */
export function useBoard(projectId: string, me: UserRef) {
  const { api, fetch } = useServices();
  const queries = useQueryClient();
  const query = useProjectQuery(boardQuery(api, projectId));
  const [pending, setPending] = useState<readonly Pending[]>([]);
  const line = useRef<{ last: number; tail: Promise<unknown> }>({ last: 0, tail: Promise.resolve() });
  const key = boardKey(projectId);

  const run = async <T>({ apply, call, commit }: Act<T>): Promise<T> => {
    const id = ++line.current.last;
    setPending((list) => [...list, { id, apply }]);
    const answer = line.current.tail.then(call);
    line.current.tail = answer.catch(() => undefined);
    try {
      const done = await answer;
      queries.setQueryData<Board>(key, (board) => board && commit(board, done));
      return done;
    } catch (error) {
      // What we know may be old: that is often why.
      void queries.invalidateQueries({ queryKey: key });
      throw error;
    } finally {
      setPending((list) => list.filter((entry) => entry.id !== id));
    }
  };
  const orNotice = <T>(work: Promise<T>, what: string): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      toast(hasCode(error, "task_limit_reached") ? sentenceOf(error) : `${what}: ${sentenceOf(error)}`, { kind: "failed" });
      return undefined;
    });

  const params = { project_id: projectId };
  const deletes = useUndoableDeletes<Card>({
    said: (name) => `${name} was deleted.`,
    send: async (card, isLeaving) => {
      if (isLeaving) {
        await fetch(urlOf("/api/kanban/{project_id}/tasks/{id}", { params: { ...params, id: card.id } }), {
          method: "DELETE",
          keepalive: true,
        });
        return;
      }
      await run({
        apply: (board) => removeCard(board, card.id),
        call: () => api.kanban.removeCard({ params: { ...params, id: card.id } }),
        commit: (board) => removeCard(board, card.id),
      });
    },
  });

  const acts: BoardActs = {
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
        "The card was not added",
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
        "The card went back",
      );
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
        "The column was not added",
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
        "The column went back",
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

  const board = useMemo(() => query.data && pending.reduce((shown, { apply }) => apply(shown), query.data), [query.data, pending]);
  return { query, board, hidden: deletes.hidden, acts };
}

/** A card that is on its way to the server. */
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
  created_at: now,
  updated_at: now,
});
