import { and, asc, desc, eq, gt, inArray, or, sql } from "drizzle-orm";
import { messages, queuedMessages } from "../../../db/schema/agent/chats.ts";
import { cardRuns, type CardRunRow } from "../../../db/schema/agent/runs.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { tasks } from "../../../db/schema/core.ts";
import { boards, cards } from "../../../db/schema/projects.ts";
import type { Database, Queries } from "../../../platform/database.ts";

const runType = "agent_execution";
/** Of one sweep. */
const maxSwept = 500;

/** A run of a card, and where the card is. */
export type CardRunPlace = CardRunRow & { board_id: string; project_id: string };

export type CardRunsStore = ReturnType<typeof createCardRunsStore>;
export function createCardRunsStore(db: Database) {
  const activeTask = sql`exists (select 1 from ${tasks} where ${tasks.chat_id} = ${cardRuns.chat_id} and ${tasks.type} = ${runType} and ${tasks.status} in ('queued', 'running'))`;
  return {
    insert: async (tx: Queries, values: typeof cardRuns.$inferInsert): Promise<void> => {
      await tx.insert(cardRuns).values(values);
    },
    update: async (tx: Queries, id: string, change: Partial<typeof cardRuns.$inferInsert>): Promise<void> => {
      await tx.update(cardRuns).set(change).where(eq(cardRuns.id, id));
    },
    /** The run of a card with this chat. */
    find: async (chatId: string, q: Queries = db): Promise<CardRunPlace | undefined> => {
      const [row] = await q
        .select({ run: cardRuns, board_id: cards.board_id, project_id: boards.project_id })
        .from(cardRuns)
        .innerJoin(cards, eq(cards.id, cardRuns.card_id))
        .innerJoin(boards, eq(boards.id, cards.board_id))
        .where(eq(cardRuns.chat_id, chatId));
      return row && { ...row.run, board_id: row.board_id, project_id: row.project_id };
    },
    findNewest: async (tx: Queries, cardId: string): Promise<CardRunRow | undefined> =>
      (
        await tx.select().from(cardRuns).where(eq(cardRuns.card_id, cardId)).orderBy(desc(cardRuns.created_at), desc(cardRuns.id)).limit(1)
      )[0],
    /** Metadata of the chat's last answer. */
    lastAnswer: async (tx: Queries, chatId: string): Promise<Record<string, unknown> | undefined> =>
      (
        await tx
          .select({ metadata: messages.message_metadata })
          .from(messages)
          .where(and(eq(messages.chat_id, chatId), eq(messages.role, "assistant")))
          .orderBy(desc(messages.position))
          .limit(1)
      )[0]?.metadata ?? undefined,
    firstQueued: async (tx: Queries, chatId: string) =>
      (
        await tx
          .select({ held: queuedMessages.held })
          .from(queuedMessages)
          .where(eq(queuedMessages.chat_id, chatId))
          .orderBy(asc(queuedMessages.position))
          .limit(1)
      )[0],
    /** What the calls to models of the chat's runs have cost, in cents. */
    costOf: async (tx: Queries, chatId: string): Promise<number> => {
      const [row] = await tx
        .select({ cents: sql<string>`coalesce(sum(${usageLogs.cost_total}), 0)` })
        .from(usageLogs)
        .innerJoin(tasks, eq(tasks.id, usageLogs.task_id))
        .where(eq(tasks.chat_id, chatId));
      return Number(row?.cents ?? 0);
    },
    /** Chats whose runs and cards may be in different states, because a process died in between. `after`: a chat's id, for the next part. */
    listBehind: async (after: string | undefined): Promise<string[]> =>
      (
        await db
          .select({ chat_id: cardRuns.chat_id })
          .from(cardRuns)
          .where(
            and(
              or(
                and(inArray(cardRuns.state, ["queued", "running"]), sql`not ${activeTask}`),
                and(sql`${cardRuns.state} <> 'running'`, activeTask),
              ),
              after === undefined ? undefined : gt(cardRuns.chat_id, after),
            ),
          )
          .orderBy(asc(cardRuns.chat_id))
          .limit(maxSwept)
      ).map(({ chat_id }) => chat_id),
  };
}
