import { and, asc, count, desc, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { CardRun, UserRef } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { users } from "../../../db/schema/accounts.ts";
import { chats } from "../../../db/schema/agent/chats.ts";
import { cardRuns } from "../../../db/schema/agent/runs.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { tasks } from "../../../db/schema/core.ts";
import { boardColumns, boards, cardComments, cards, type BoardRow, type CardRow, type ColumnRow } from "../../../db/schema/projects.ts";

/** A card with its users and its newest run. */
export type CardView = CardRow & { assignee: UserRef | null; reporter: UserRef | null; run: CardRun | null };
export interface CardFilter {
  q?: string;
  priority?: string;
  task_type?: string;
  assignee_id?: string;
  tags?: string[];
}

const assignee = alias(users, "assignee");
const reporter = alias(users, "reporter");
const refOf = (table: typeof assignee | typeof reporter) => ({ id: table.id, name: table.name, username: table.username });
const withUsers = { card: cards, assignee: refOf(assignee), reporter: refOf(reporter) };
type Joins = { [K in keyof UserRef]: UserRef[K] | null } | null;
const userOf = (row: Joins): UserRef | null =>
  row && row.id !== null && row.name !== null && row.username !== null ? { id: row.id, name: row.name, username: row.username } : null;
type Merged = { card: CardRow; assignee: Joins; reporter: Joins };
const merge = (row: Merged, run: CardRun | undefined): CardView => ({
  ...row.card,
  assignee: userOf(row.assignee),
  reporter: userOf(row.reporter),
  run: run ?? null,
});
/** A run that has not ended costs what its calls have cost so far. */
const run = {
  chat_id: cardRuns.chat_id,
  task_id: cardRuns.task_id,
  state: sql<
    CardRun["state"]
  >`case when ${cardRuns.state} = 'running' and ${chats.status} = 'waiting_approval' then 'waiting' else ${cardRuns.state} end`,
  message: cardRuns.message,
  cost_cents:
    sql`coalesce(${cardRuns.cost_cents}, (select sum(${usageLogs.cost_total}) from ${usageLogs} join ${tasks} on ${tasks.id} = ${usageLogs.task_id} where ${tasks.chat_id} = ${cardRuns.chat_id}), 0)`.mapWith(
      Number,
    ),
  created_at: cardRuns.created_at,
  ended_at: cardRuns.ended_at,
};

export type KanbanStore = ReturnType<typeof createKanbanStore>;
export function createKanbanStore(db: Database) {
  const selectCards = (q: Queries) =>
    q
      .select(withUsers)
      .from(cards)
      .innerJoin(boardColumns, eq(boardColumns.id, cards.column_id))
      .leftJoin(assignee, eq(assignee.id, cards.assignee_id))
      .leftJoin(reporter, eq(reporter.id, cards.reporter_id))
      .$dynamic();
  /** The newest runs of these cards, by card. */
  const runsOf = async (q: Queries, cardIds: readonly string[]): Promise<Map<string, CardRun>> => {
    if (cardIds.length === 0) return new Map();
    const rows = await q
      .selectDistinctOn([cardRuns.card_id], { card_id: cardRuns.card_id, ...run })
      .from(cardRuns)
      .innerJoin(chats, eq(chats.id, cardRuns.chat_id))
      .where(sql`${cardRuns.card_id} in (select value::uuid from jsonb_array_elements_text(${asJsonb(cardIds)}))`)
      .orderBy(cardRuns.card_id, desc(cardRuns.created_at), desc(cardRuns.id));
    return new Map(rows.map(({ card_id, ...found }) => [card_id, found]));
  };
  const withRuns = async (q: Queries, rows: Merged[]): Promise<CardView[]> => {
    const runs = await runsOf(
      q,
      rows.map(({ card }) => card.id),
    );
    return rows.map((row) => merge(row, runs.get(row.card.id)));
  };
  const find = async (projectId: string) => (await db.select().from(boards).where(eq(boards.project_id, projectId)))[0];

  return {
    find,
    /** Creates the board with its default columns; `undefined` if another request created it first. */
    create: (values: typeof boards.$inferInsert, columns: Omit<typeof boardColumns.$inferInsert, "board_id">[]) =>
      db.transaction(async (tx): Promise<BoardRow | undefined> => {
        const [board] = await tx.insert(boards).values(values).onConflictDoNothing({ target: boards.project_id }).returning();
        if (board) await tx.insert(boardColumns).values(columns.map((column) => ({ ...column, board_id: board.id })));
        return board;
      }),
    /** Columns and their cards, by position, read in one database snapshot; the runs of the cards are read after that. */
    read: async (boardId: string, q: Queries = db): Promise<{ column: ColumnRow; cards: CardView[] }[]> => {
      const rows = await q
        .select({ column: boardColumns, ...withUsers })
        .from(boardColumns)
        .leftJoin(cards, eq(cards.column_id, boardColumns.id))
        .leftJoin(assignee, eq(assignee.id, cards.assignee_id))
        .leftJoin(reporter, eq(reporter.id, cards.reporter_id))
        .where(eq(boardColumns.board_id, boardId))
        .orderBy(asc(boardColumns.position), asc(boardColumns.id), asc(cards.position), asc(cards.id));
      const runs = await runsOf(
        q,
        rows.flatMap(({ card }) => card?.id ?? []),
      );
      const byId = new Map<string, { column: ColumnRow; cards: CardView[] }>();
      for (const { column, card, ...users } of rows) {
        const entry = byId.get(column.id) ?? { column, cards: [] };
        byId.set(column.id, entry);
        if (card) entry.cards.push(merge({ card, ...users }, runs.get(card.id)));
      }
      return [...byId.values()];
    },
    listCards: async (boardId: string, filter: CardFilter, page: { limit: number; offset: number }) => {
      const text = filter.q?.toLowerCase();
      const number = /^(?:tsk-?)?0*(\d{1,9})$/.exec(text ?? "")?.[1];
      const where = and(
        eq(cards.board_id, boardId),
        text
          ? sql`(position(${text} in lower(${cards.title})) > 0 or position(${text} in lower(coalesce(${cards.description}, ''))) > 0 or ${number === undefined ? sql`false` : eq(cards.ref_number, Number(number))})`
          : undefined,
        filter.priority === undefined ? undefined : sql`${cards.priority} = ${filter.priority}`,
        filter.task_type === undefined ? undefined : sql`${cards.task_type} = ${filter.task_type}`,
        filter.assignee_id === undefined ? undefined : eq(cards.assignee_id, filter.assignee_id),
        filter.tags?.length ? sql`${cards.tags} @> ${asJsonb(filter.tags)}` : undefined,
      );
      const [rows, [total]] = await Promise.all([
        selectCards(db)
          .where(where)
          .orderBy(asc(boardColumns.position), asc(cards.position), asc(cards.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(cards).where(where),
      ]);
      return { rows: await withRuns(db, rows), total: total?.n ?? 0 };
    },

    /** Locks the board's row until the transaction ends, so that changes are serialized. `undefined` when the board is gone. */
    change: <T>(boardId: string, work: (tx: Queries, board: BoardRow) => Promise<T>): Promise<T | undefined> =>
      db.transaction(async (tx) => {
        const [board] = await tx
          .update(boards)
          .set({ updated_at: sql`now()` })
          .where(eq(boards.id, boardId))
          .returning();
        return board && work(tx, board);
      }),
    /** Locks the board's row until the transaction ends, without a change. False when the board is gone. */
    lock: async (tx: Queries, boardId: string): Promise<boolean> =>
      (await tx.select({ id: boards.id }).from(boards).where(eq(boards.id, boardId)).for("update")).length > 0,
    columns: (tx: Queries, boardId: string): Promise<ColumnRow[]> =>
      tx.select().from(boardColumns).where(eq(boardColumns.board_id, boardId)).orderBy(asc(boardColumns.position), asc(boardColumns.id)),
    insertColumn: async (tx: Queries, values: typeof boardColumns.$inferInsert): Promise<string> => {
      const [row] = await tx.insert(boardColumns).values(values).returning({ id: boardColumns.id });
      if (!row) throw new Error("no column inserted");
      return row.id;
    },
    updateColumn: async (tx: Queries, id: string, values: Partial<typeof boardColumns.$inferInsert>): Promise<void> => {
      await tx
        .update(boardColumns)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(boardColumns.id, id));
    },
    /** Takes a stage from the other columns of the board. */
    clearRunStage: async (tx: Queries, boardId: string, stage: NonNullable<ColumnRow["run_stage"]>): Promise<void> => {
      await tx
        .update(boardColumns)
        .set({ run_stage: null })
        .where(and(eq(boardColumns.board_id, boardId), eq(boardColumns.run_stage, stage)));
    },
    deleteColumn: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(boardColumns).where(eq(boardColumns.id, id));
    },
    /** Sets the positions 0..n-1 in this order. */
    arrangeColumns: async (tx: Queries, ids: string[]): Promise<void> => {
      await tx.execute(sql`
        update board_columns c set position = o.at - 1 from jsonb_array_elements_text(${asJsonb(ids)}) with ordinality o(id, at)
        where c.id = o.id::uuid and c.position <> o.at - 1`);
    },

    findCard: async (boardId: string, id: string, q: Queries = db): Promise<CardView | undefined> =>
      (await withRuns(q, await selectCards(q).where(and(eq(cards.id, id), eq(cards.board_id, boardId)))))[0],
    /** The runs of a card, newest first. */
    listRuns: (cardId: string, limit: number): Promise<CardRun[]> =>
      db
        .select(run)
        .from(cardRuns)
        .innerJoin(chats, eq(chats.id, cardRuns.chat_id))
        .where(eq(cardRuns.card_id, cardId))
        .orderBy(desc(cardRuns.created_at), desc(cardRuns.id))
        .limit(limit),
    cardIds: async (tx: Queries, columnId: string): Promise<string[]> =>
      (await tx.select({ id: cards.id }).from(cards).where(eq(cards.column_id, columnId)).orderBy(asc(cards.position), asc(cards.id))).map(
        (r) => r.id,
      ),
    /** Inserts a card with the board's next number. */
    insertCard: async (tx: Queries, values: Omit<typeof cards.$inferInsert, "ref_number">): Promise<string> => {
      const [next] = await tx
        .update(boards)
        .set({ last_ref: sql`${boards.last_ref} + 1` })
        .where(eq(boards.id, values.board_id))
        .returning({ ref: boards.last_ref });
      const [row] = await tx
        .insert(cards)
        .values({ ...values, ref_number: next?.ref ?? 0 })
        .returning({ id: cards.id });
      if (!row) throw new Error("no card inserted");
      return row.id;
    },
    updateCard: async (tx: Queries, id: string, values: Partial<typeof cards.$inferInsert>): Promise<void> => {
      await tx
        .update(cards)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(cards.id, id));
    },
    deleteCard: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(cards).where(eq(cards.id, id));
    },
    /** Moves cards into a column and sets the positions 0..n-1 in this order. */
    arrangeCards: async (tx: Queries, columnId: string, ids: string[]): Promise<void> => {
      await tx.execute(sql`
        update cards c set position = o.at - 1, column_id = ${columnId} from jsonb_array_elements_text(${asJsonb(ids)}) with ordinality o(id, at)
        where c.id = o.id::uuid and (c.position <> o.at - 1 or c.column_id <> ${columnId})`);
    },
    /** Sets or clears `completed_at` of a column's cards when the column changes to or from completed. */
    setColumnCompleted: async (tx: Queries, columnId: string, isCompleted: boolean): Promise<void> => {
      await tx
        .update(cards)
        .set({ completed_at: isCompleted ? sql`coalesce(${cards.completed_at}, now())` : null })
        .where(eq(cards.column_id, columnId));
    },

    comments: async (cardId: string) =>
      (
        await db
          .select({ comment: cardComments, user: { id: users.id, name: users.name, username: users.username } })
          .from(cardComments)
          .innerJoin(users, eq(users.id, cardComments.user_id))
          .where(eq(cardComments.card_id, cardId))
          .orderBy(asc(cardComments.created_at), asc(cardComments.id))
      ).map(({ comment, user }) => ({ ...comment, user })),
    insertComment: async (tx: Queries, values: typeof cardComments.$inferInsert) => {
      const [row] = await tx.insert(cardComments).values(values).returning();
      if (!row) throw new Error("no comment inserted");
      return row;
    },
  };
}
