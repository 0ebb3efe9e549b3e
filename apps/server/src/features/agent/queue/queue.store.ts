import { and, asc, eq, sql } from "drizzle-orm";
import type { QueueHold } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { messages, queuedMessages, type QueuedRow } from "../../../db/schema/agent/chats.ts";

/** A steering message in the metadata of the answer. */
export interface StoredSteering {
  id: string;
  text: string;
  iteration: number;
  at: string;
}

export type QueueStore = ReturnType<typeof createQueueStore>;
export function createQueueStore(db: Database) {
  // Undelivered steering messages come first.
  const order = [asc(sql`${queuedMessages.steer_task_id} is null`), asc(queuedMessages.position), asc(queuedMessages.created_at)];
  const isSetUp = sql`exists (select 1 from chats c join projects p on p.id = c.project_id
    where c.id = ${queuedMessages.chat_id} and p.environment_status not in ('provisioning', 'setup_failed', 'files_missing', 'deleting'))`;
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes changes to a chat's queue across processes, until the transaction ends. */
    lock: async (tx: Queries, chatId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`queue:${chatId}`}, 0))`);
    },
    /** In the order they will be sent. */
    list: (chatId: string, q: Queries = db): Promise<QueuedRow[]> =>
      q
        .select()
        .from(queuedMessages)
        .where(eq(queuedMessages.chat_id, chatId))
        .orderBy(...order),
    /** The next to be sent; none while the project is not set up. */
    first: async (chatId: string): Promise<QueuedRow | undefined> =>
      (
        await db
          .select()
          .from(queuedMessages)
          .where(and(eq(queuedMessages.chat_id, chatId), isSetUp))
          .orderBy(...order)
          .limit(1)
      )[0],
    insert: async (tx: Queries, row: Omit<typeof queuedMessages.$inferInsert, "position">): Promise<QueuedRow> => {
      const [inserted] = await tx
        .insert(queuedMessages)
        .values({
          ...row,
          position: sql<number>`(select coalesce(max(position), -1) + 1 from queued_messages where chat_id = ${row.chat_id})`,
        })
        .returning();
      if (!inserted) throw new Error("the message was not queued");
      return inserted;
    },
    update: async (
      tx: Queries,
      chatId: string,
      id: string,
      change: Partial<Pick<QueuedRow, "message" | "options" | "position" | "steer_task_id">>,
    ): Promise<QueuedRow | undefined> =>
      (
        await tx
          .update(queuedMessages)
          .set(change)
          .where(and(eq(queuedMessages.chat_id, chatId), eq(queuedMessages.id, id)))
          .returning()
      )[0],
    /** True for the one caller that removed it. */
    remove: async (tx: Queries, chatId: string, id: string): Promise<boolean> =>
      (
        await tx
          .delete(queuedMessages)
          .where(and(eq(queuedMessages.chat_id, chatId), eq(queuedMessages.id, id)))
          .returning({ id: queuedMessages.id })
      ).length > 0,
    hold: async (tx: Queries, chatId: string, held: QueueHold | null): Promise<void> => {
      await tx.update(queuedMessages).set({ held }).where(eq(queuedMessages.chat_id, chatId));
    },
    hasSteering: async (taskId: string): Promise<boolean> =>
      (await db.select({ id: queuedMessages.id }).from(queuedMessages).where(eq(queuedMessages.steer_task_id, taskId)).limit(1)).length > 0,
    /** Moves steering messages from the queue to the metadata of the answer, in order. */
    takeSteering: async (tx: Queries, run: { task_id: string; message_id: string }, iteration: number): Promise<StoredSteering[]> => {
      const rows = await tx.delete(queuedMessages).where(eq(queuedMessages.steer_task_id, run.task_id)).returning();
      const at = new Date().toISOString();
      const taken = rows
        .toSorted((a, b) => a.position - b.position)
        .map(({ id, message }): StoredSteering => ({ id, text: message, iteration, at }));
      if (taken.length > 0)
        await tx
          .update(messages)
          .set({
            message_metadata: sql`${messages.message_metadata} || jsonb_build_object('steered', coalesce(${messages.message_metadata}->'steered', '[]'::jsonb) || ${asJsonb(taken)})`,
          })
          .where(eq(messages.id, run.message_id));
      return taken;
    },
    /** Chats of a project with queued messages. */
    listChats: async (projectId: string): Promise<string[]> => {
      const { rows } = await db.execute<{ chat_id: string }>(sql`
        select distinct q.chat_id from queued_messages q join chats c on c.id = q.chat_id where c.project_id = ${projectId}`);
      return rows.map((row) => row.chat_id);
    },
    /** Chats whose queue should have been advanced: their process died between two runs. */
    listStuck: async (): Promise<string[]> => {
      const { rows } = await db.execute<{ chat_id: string }>(sql`
        select distinct q.chat_id from queued_messages q join chats c on c.id = q.chat_id join projects p on p.id = c.project_id
        where p.environment_status not in ('provisioning', 'setup_failed', 'files_missing', 'deleting') and q.held is null and q.created_at < now() - interval '5 seconds'
          and not exists (select 1 from tasks t where t.chat_id = q.chat_id and t.type = 'agent_execution'
            and (t.status in ('queued', 'running') or t.completed_at > now() - interval '5 seconds'))
          -- The end of the setup sends the first message, after the first commit.
          and not exists (select 1 from tasks s where s.project_id = p.id and s.type = 'project_creation'
            and (s.status in ('queued', 'running') or s.completed_at > now() - interval '1 minute'))`);
      return rows.map((row) => row.chat_id);
    },
  };
}
