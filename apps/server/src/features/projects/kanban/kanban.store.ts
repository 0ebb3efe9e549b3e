import { and, asc, count, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { UserRef } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { users } from "../../../db/schema/accounts.ts";
import { boardColumns, boards, cardComments, cards, type BoardRow, type CardRow, type ColumnRow } from "../../../db/schema/projects.ts";

/** A card with its users. */
export type CardWithUsers = CardRow & { assignee: UserRef | null; reporter: UserRef | null };
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
const merge = (row: { card: CardRow; assignee: Joins; reporter: Joins }): CardWithUsers => ({
  ...row.card,
  assignee: userOf(row.assignee),
  reporter: userOf(row.reporter),
});

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
    /** Columns and their cards, by position, read in one database snapshot. */
    read: async (boardId: string, q: Queries = db): Promise<{ column: ColumnRow; cards: CardWithUsers[] }[]> => {
      const rows = await q
        .select({ column: boardColumns, ...withUsers })
        .from(boardColumns)
        .leftJoin(cards, eq(cards.column_id, boardColumns.id))
        .leftJoin(assignee, eq(assignee.id, cards.assignee_id))
        .leftJoin(reporter, eq(reporter.id, cards.reporter_id))
        .where(eq(boardColumns.board_id, boardId))
        .orderBy(asc(boardColumns.position), asc(boardColumns.id), asc(cards.position), asc(cards.id));
      const byId = new Map<string, { column: ColumnRow; cards: CardWithUsers[] }>();
      for (const { column, card, ...users } of rows) {
        const entry = byId.get(column.id) ?? { column, cards: [] };
        byId.set(column.id, entry);
        if (card) entry.cards.push(merge({ card, ...users }));
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
      return { rows: rows.map(merge), total: total?.n ?? 0 };
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
    deleteColumn: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(boardColumns).where(eq(boardColumns.id, id));
    },
    /** Sets the positions 0..n-1 in this order. */
    arrangeColumns: async (tx: Queries, ids: string[]): Promise<void> => {
      await tx.execute(sql`
        update board_columns c set position = o.at - 1 from jsonb_array_elements_text(${asJsonb(ids)}) with ordinality o(id, at)
        where c.id = o.id::uuid and c.position <> o.at - 1`);
    },

    findCard: async (boardId: string, id: string, q: Queries = db): Promise<CardWithUsers | undefined> =>
      (await selectCards(q).where(and(eq(cards.id, id), eq(cards.board_id, boardId)))).map(merge)[0],
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
