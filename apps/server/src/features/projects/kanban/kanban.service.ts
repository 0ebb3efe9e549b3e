import type {
  Board,
  BoardColumn,
  Card,
  CardComment,
  CardDetail,
  CreateCard,
  CreateColumn,
  List,
  ProjectEventData,
  UpdateCard,
  UpdateColumn,
} from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, limitReached, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ProjectRow, BoardRow, CardRow, ColumnRow } from "../../../db/schema/projects.ts";
import { firstColumns, withIdAt, priorityOf, tagsOf, typeOf } from "./kanban.rules.ts";
import type { CardView, KanbanStore } from "./kanban.store.ts";

/** What the board needs of projects. */
interface ProjectAccess {
  require(userId: string, ref: string): Promise<ProjectRow>;
  touch(projectId: string): Promise<void>;
}
/** The newest runs of a card that are shown with it. */
const shownRuns = 20;
type Change = Omit<ProjectEventData<"board_changed">, "user_id">;

export type Kanban = ReturnType<typeof createKanban>;

/** The project's board. Positions are always dense, 0..n-1, also under concurrent moves. */
export function createKanban({ store, projects, events }: { store: KanbanStore; projects: ProjectAccess; events: EventLog }) {
  const boardOf = async (project: ProjectRow): Promise<BoardRow> => {
    const board =
      (await store.find(project.id)) ??
      (await store.create({ project_id: project.id, name: `${project.name} Board` }, firstColumns)) ??
      (await store.find(project.id));
    if (!board) throw notFound("Project");
    return board;
  };
  const open = async (userId: string, ref: string) => {
    const project = await projects.require(userId, ref);
    return { project, board: await boardOf(project) };
  };
  /** Runs one change in a transaction under the board's lock, then emits one event. */
  const change = async <T>(
    userId: string,
    ref: string,
    work: (tx: Queries, board: BoardRow) => Promise<{ result: T; change: Change | undefined }>,
  ): Promise<T> => {
    const { project, board } = await open(userId, ref);
    const done = await store.change(board.id, work);
    if (!done) throw notFound("Project");
    if (done.change)
      await Promise.all([
        projects.touch(project.id),
        events.append(project.id, { type: "board_changed", data: { ...done.change, user_id: userId } }),
      ]);
    return done.result;
  };

  const requireCard = async (userId: string, ref: string, id: string) => {
    const { project, board } = await open(userId, ref);
    const card = await store.findCard(board.id, id);
    if (!card) throw notFound("Card");
    return { project, board, card };
  };
  /** Takes the stage from the column that has it. */
  const freeStage = async (tx: Queries, board: BoardRow, stage: ColumnRow["run_stage"] | undefined) => {
    if (stage) await store.clearRunStage(tx, board.id, stage);
  };

  const columnIn = (columns: ColumnRow[], id: string): ColumnRow => {
    const column = columns.find((c) => c.id === id);
    if (!column) throw notFound("Column");
    return column;
  };
  const columnOf = async (tx: Queries, board: BoardRow, id: string): Promise<BoardColumn> => {
    const found = (await store.read(board.id, tx)).find(({ column }) => column.id === id);
    if (!found) throw notFound("Column");
    return presentColumn(found.column, found.cards);
  };
  const cardIn = async (tx: Queries, board: BoardRow, id: string): Promise<CardView> => {
    const card = await store.findCard(board.id, id, tx);
    if (!card) throw notFound("Card");
    return card;
  };
  const targetColumn = (columns: ColumnRow[], id: string): ColumnRow => {
    const column = columns.find((c) => c.id === id.toLowerCase());
    if (!column) throw badRequest("This column is not on the board.");
    return column;
  };
  /** Assignees must have access to the project. */
  const requireAccess = async (callerId: string, ref: string, userId: string | null | undefined) => {
    if (!userId) return;
    const { id } = await projects.require(callerId, ref);
    await projects.require(userId, id).catch((error: unknown) => {
      throw error instanceof AppError && error.code === "not_found" ? badRequest("The assignee has no access to this project.") : error;
    });
  };

  return {
    requireCard,
    board: async (userId: string, ref: string): Promise<Board> => {
      const { board } = await open(userId, ref);
      return {
        id: board.id,
        project_id: board.project_id,
        name: board.name,
        description: board.description,
        settings: board.settings,
        columns: (await store.read(board.id)).map(({ column, cards }) => presentColumn(column, cards)),
        created_at: board.created_at,
        updated_at: board.updated_at,
      };
    },

    createColumn: (userId: string, ref: string, { name, position, ...rest }: CreateColumn): Promise<BoardColumn> =>
      change(userId, ref, async (tx, board) => {
        const columns = await store.columns(tx, board.id);
        await freeStage(tx, board, rest.run_stage);
        const id = await store.insertColumn(tx, { ...rest, board_id: board.id, name: name.trim(), position: columns.length });
        await store.arrangeColumns(
          tx,
          withIdAt(
            columns.map((c) => c.id),
            id,
            position,
          ),
        );
        return { result: await columnOf(tx, board, id), change: { subject: "column", id, op: "created" } };
      }),
    updateColumn: (userId: string, ref: string, id: string, { position, name, ...rest }: UpdateColumn): Promise<BoardColumn> =>
      change(userId, ref, async (tx, board) => {
        const columns = await store.columns(tx, board.id);
        const before = columnIn(columns, id);
        if (rest.run_stage !== before.run_stage) await freeStage(tx, board, rest.run_stage);
        await store.updateColumn(tx, id, { ...rest, ...(name !== undefined && { name: name.trim() }) });
        if (position !== undefined)
          await store.arrangeColumns(
            tx,
            withIdAt(
              columns.map((c) => c.id),
              id,
              position,
            ),
          );
        if (rest.is_completed !== undefined && rest.is_completed !== before.is_completed)
          await store.setColumnCompleted(tx, id, rest.is_completed);
        return {
          result: await columnOf(tx, board, id),
          change: { subject: "column", id, op: position === undefined ? "updated" : "moved" },
        };
      }),
    removeColumn: (userId: string, ref: string, id: string, moveTo: string | undefined): Promise<void> =>
      change(userId, ref, async (tx, board) => {
        const columns = await store.columns(tx, board.id);
        columnIn(columns, id);
        if (columns.length === 1) throw badRequest("A board needs at least one column.", "last_column");
        if (moveTo !== undefined) {
          const target = targetColumn(columns, moveTo);
          if (target.id === id) throw badRequest("Cards cannot be moved to the column being deleted. Choose another column.");
          const [moving, there] = [await store.cardIds(tx, id), await store.cardIds(tx, target.id)];
          if (moving.length > 0) refuseOver(target, there.length + moving.length);
          await store.setColumnCompleted(tx, id, target.is_completed);
          await store.arrangeCards(tx, target.id, [...there, ...moving]);
        }
        await store.deleteColumn(tx, id);
        await store.arrangeColumns(
          tx,
          columns.map((c) => c.id).filter((c) => c !== id),
        );
        return { result: undefined, change: { subject: "column", id, op: "deleted" } };
      }),

    listCards: async (
      userId: string,
      ref: string,
      query: PageQuery & { q?: string; priority?: string; task_type?: string; assignee_id?: string; tags?: string },
    ): Promise<List<Card>> => {
      const { board } = await open(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.listCards(
        board.id,
        {
          ...(query.q?.trim() && { q: query.q.trim() }),
          ...(query.priority !== undefined && { priority: priorityOf(query.priority, "query") ?? "" }),
          ...(query.task_type !== undefined && { task_type: typeOf(query.task_type, "query") ?? "" }),
          ...(query.assignee_id !== undefined && { assignee_id: query.assignee_id }),
          ...(query.tags !== undefined && { tags: tagsOf(query.tags.split(",")).filter((tag) => tag !== "") }),
        },
        page,
      );
      return page.envelope(rows.map(presentCard), total);
    },
    getCard: async (userId: string, ref: string, id: string): Promise<CardDetail> => {
      const { card } = await requireCard(userId, ref, id);
      const [comments, runs] = await Promise.all([store.comments(id), store.listRuns(id, shownRuns)]);
      return { ...presentCard(card), comments: comments.map(presentComment), runs };
    },
    createCard: async (userId: string, ref: string, { title, column_id, ...rest }: CreateCard): Promise<Card> => {
      const fields = fieldsOf(rest);
      await requireAccess(userId, ref, rest.assignee_id);
      return change(userId, ref, async (tx, board) => {
        const columns = await store.columns(tx, board.id);
        const column = column_id ? targetColumn(columns, column_id) : (columns.find((c) => c.is_backlog) ?? columns[0]);
        if (!column) throw badRequest("The board has no columns. Add one first.");
        const there = await store.cardIds(tx, column.id);
        refuseOver(column, there.length + 1);
        const id = await store.insertCard(tx, {
          ...fields,
          board_id: board.id,
          column_id: column.id,
          title: title.trim(),
          position: there.length,
          reporter_id: userId,
          ...(column.is_completed && { completed_at: new Date().toISOString() }),
        });
        return { result: presentCard(await cardIn(tx, board, id)), change: { subject: "card", id, op: "created" } };
      });
    },
    updateCard: async (userId: string, ref: string, id: string, body: UpdateCard): Promise<Card> => {
      const { title, column_id, position, spent_hours, started_at, completed_at, ...rest } = body;
      if (Object.keys(body).length === 0) return presentCard((await requireCard(userId, ref, id)).card);
      const fields = fieldsOf(rest);
      await requireAccess(userId, ref, rest.assignee_id);
      return change(userId, ref, async (tx, board) => {
        const card = await cardIn(tx, board, id);
        const columns = await store.columns(tx, board.id);
        const from = columnIn(columns, card.column_id);
        const to = column_id === undefined ? from : targetColumn(columns, column_id);
        const isMove = to.id !== from.id;
        if (isMove || position !== undefined) {
          const there = await store.cardIds(tx, to.id);
          if (isMove) refuseOver(to, there.length + 1);
          await store.arrangeCards(tx, to.id, withIdAt(there, id, position));
          if (isMove) await store.arrangeCards(tx, from.id, await store.cardIds(tx, from.id));
        }
        await store.updateCard(tx, id, {
          ...fields,
          ...(title !== undefined && { title: title.trim() }),
          ...(spent_hours !== undefined && { spent_hours }),
          ...(started_at !== undefined && { started_at }),
          ...(isMove && to.is_completed !== from.is_completed && { completed_at: completedOn(to, card) }),
          ...(completed_at !== undefined && { completed_at }),
        });
        return {
          result: presentCard(await cardIn(tx, board, id)),
          change: { subject: "card", id, op: isMove || position !== undefined ? "moved" : "updated" },
        };
      });
    },
    removeCard: (userId: string, ref: string, id: string): Promise<void> =>
      change(userId, ref, async (tx, board) => {
        const card = await cardIn(tx, board, id);
        await store.deleteCard(tx, id);
        await store.arrangeCards(tx, card.column_id, await store.cardIds(tx, card.column_id));
        return { result: undefined, change: { subject: "card", id, op: "deleted" } };
      }),
    comment: async (user: { id: string; name: string; username: string }, ref: string, id: string, content: string): Promise<CardComment> =>
      change(user.id, ref, async (tx, board) => {
        await cardIn(tx, board, id);
        const row = await store.insertComment(tx, { card_id: id, user_id: user.id, content: content.trim() });
        return {
          result: presentComment({ ...row, user: { id: user.id, name: user.name, username: user.username } }),
          change: { subject: "comment", id: row.id, op: "created", card_id: id },
        };
      }),
  };
}

/** Throws `task_limit_reached`. */
export const refuseOver = (column: ColumnRow, cardsAfter: number): void => {
  if (column.task_limit !== null && cardsAfter > column.task_limit)
    throw limitReached(
      "task_limit_reached",
      `“${column.name}” is limited to ${column.task_limit} ${column.task_limit === 1 ? "card" : "cards"}.`,
      { used: cardsAfter - 1, limit: column.task_limit, column_id: column.id, task_limit: column.task_limit },
    );
};

/** `completed_at`: when the card first entered a completed column; null in other columns. */
export const completedOn = (column: ColumnRow, card: Pick<CardRow, "completed_at">) =>
  column.is_completed ? (card.completed_at ?? new Date().toISOString()) : null;

/** Fields shared by create and update; only keys that were sent. */
function fieldsOf({ priority, task_type, tags, due_date, ...rest }: Omit<CreateCard, "title" | "column_id">) {
  const [known, type] = [priorityOf(priority, "body"), typeOf(task_type, "body")];
  return {
    ...rest,
    // Dates are stored as midnight UTC.
    ...(due_date !== undefined && { due_date: due_date && (due_date.includes("T") ? due_date : `${due_date}T00:00:00.000Z`) }),
    ...(known !== undefined && { priority: known }),
    ...(type !== undefined && { task_type: type }),
    ...(tags !== undefined && { tags: tags && tagsOf(tags) }),
  };
}

function presentCard({ assignee_id: _assignee, reporter_id: _reporter, ...card }: CardView): Card {
  return card;
}
const presentColumn = (column: ColumnRow, cards: CardView[]): BoardColumn => ({ ...column, tasks: cards.map(presentCard) });
const presentComment = (row: CardComment): CardComment => ({
  id: row.id,
  content: row.content,
  user: row.user,
  created_at: row.created_at,
  updated_at: row.updated_at,
});
