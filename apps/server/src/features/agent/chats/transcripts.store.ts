import { and, asc, eq, gte, inArray, lte, or, sql } from "drizzle-orm";
import { runEventData, type TranscriptEvent } from "@tesslate/contract";
import { messages, runTranscripts, type MessageRow } from "../../../db/schema/agent/chats.ts";
import { approvals, type ApprovalRow } from "../../../db/schema/agent/runs.ts";
import { events } from "../../../db/schema/core.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { joinText, withoutReplacedProgress } from "./transcript-events.ts";

/** A run and the message it answers in. */
interface TranscriptOwner {
  task_id: string;
  message_id: string;
}
export type TranscriptRow = Pick<typeof runTranscripts.$inferSelect, "message_id" | "task_id" | "last_seq" | "events">;

const eventTypes = Object.keys(runEventData);
const loggedColumns = { seq: events.task_seq, task_id: events.task_id, ts: events.ts, type: events.type, data: events.data };

export type TranscriptsStore = ReturnType<typeof createTranscriptsStore>;
/** The stored events of ended runs. */
export function createTranscriptsStore(db: Database) {
  const append = async (tx: Queries, { task_id, message_id }: TranscriptOwner, list: readonly TranscriptEvent[], lastSeq: number) => {
    await tx.execute(sql`
      insert into run_transcripts (message_id, position, task_id, last_seq, events)
      select m.id, (select coalesce(max(position), -1) + 1 from run_transcripts where message_id = m.id), ${task_id}, ${lastSeq}, ${asJsonb(list)}
      from messages m where m.id = ${message_id} for key share of m`);
  };
  /** Held until the transaction ends. */
  const lock = (tx: Queries, messageId: string) =>
    tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`transcript:${messageId}`}, 0))`);
  const hasRows = async (tx: Queries, messageId: string): Promise<boolean> =>
    (await tx.select({ id: runTranscripts.id }).from(runTranscripts).where(eq(runTranscripts.message_id, messageId)).limit(1)).length > 0;

  const listLogged = async (taskIds: readonly string[], q: Queries = db): Promise<Map<string, TranscriptEvent[]>> => {
    if (taskIds.length === 0) return new Map();
    const rows = await q
      .select(loggedColumns)
      .from(events)
      .where(and(inArray(events.task_id, [...taskIds]), inArray(events.type, eventTypes)))
      .orderBy(asc(events.task_id), asc(events.task_seq));
    return Map.groupBy(rows as unknown as TranscriptEvent[], (event) => event.task_id);
  };

  return {
    listLogged,
    /** The answer that this task or an earlier one of its run wrote. */
    findAnswer: async (chatId: string, taskId: string): Promise<MessageRow | undefined> =>
      (
        await db
          .select()
          .from(messages)
          .where(
            and(
              eq(messages.chat_id, chatId),
              eq(messages.role, "assistant"),
              or(
                sql`${messages.message_metadata}->>'task_id' = ${taskId}`,
                sql`exists (select 1 from run_transcripts t where t.message_id = ${messages.id} and t.task_id = ${taskId})`,
              ),
            ),
          )
          .limit(1)
      )[0],
    /** Appends what the event log has of the run since the last time. Does nothing when the message was deleted. */
    archive: async (tx: Queries, owner: TranscriptOwner): Promise<void> => {
      await lock(tx, owner.message_id);
      const { task_id, message_id } = owner;
      const [stored] = await tx
        .select({ last: sql<string | null>`max(${runTranscripts.last_seq})` })
        .from(runTranscripts)
        .where(and(eq(runTranscripts.message_id, message_id), eq(runTranscripts.task_id, task_id)));
      const last = Number(stored?.last ?? 0);
      const logged = (await listLogged([task_id], tx)).get(task_id)?.filter(({ seq }) => seq > last) ?? [];
      const newest = logged.at(-1)?.seq;
      if (newest !== undefined) await append(tx, owner, joinText(withoutReplacedProgress(logged)), newest);
    },
    /** Stores the first row of messages that have none. */
    insertFirst: (list: readonly (TranscriptOwner & { events: readonly TranscriptEvent[] })[]): Promise<void> =>
      db.transaction(async (tx) => {
        for (const { events: first, ...owner } of list.toSorted((a, b) => (a.message_id < b.message_id ? -1 : 1))) {
          await lock(tx, owner.message_id);
          if (!(await hasRows(tx, owner.message_id))) await append(tx, owner, first, first.at(-1)?.seq ?? 0);
        }
      }),
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** In order, per message. */
    list: async (messageIds: readonly string[]): Promise<TranscriptRow[]> =>
      messageIds.length === 0
        ? []
        : db
            .select({
              message_id: runTranscripts.message_id,
              task_id: runTranscripts.task_id,
              last_seq: runTranscripts.last_seq,
              events: runTranscripts.events,
            })
            .from(runTranscripts)
            .where(inArray(runTranscripts.message_id, [...messageIds]))
            .orderBy(asc(runTranscripts.message_id), asc(runTranscripts.position)),
    /** The requests of the runs of each message, oldest first: those of its task, also in a fork, and those that were made while it was in progress. */
    listRequests: (messageIds: readonly string[]): Promise<{ message_id: string; request: ApprovalRow }[]> =>
      db
        .select({ message_id: messages.id, request: approvals })
        .from(approvals)
        .innerJoin(
          messages,
          or(
            sql`${approvals.task_id}::text = ${messages.message_metadata}->>'task_id'`,
            and(
              eq(approvals.chat_id, messages.chat_id),
              gte(approvals.created_at, messages.created_at),
              lte(approvals.created_at, messages.updated_at),
            ),
          ),
        )
        .where(inArray(messages.id, [...messageIds]))
        .orderBy(asc(approvals.created_at)),
  };
}
