import { and, desc, eq, inArray, isNotNull, or, sql } from "drizzle-orm";
import type { TranscriptEvent } from "@tesslate/contract";
import { agents } from "../../../db/schema/agent/agents.ts";
import { chats, messages } from "../../../db/schema/agent/chats.ts";
import { projects } from "../../../db/schema/projects.ts";
import { recordedRuns, type RecordedRunRow } from "../../../db/schema/store.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";

/** A run of a person with an agent, with the message that it answers. */
export interface OwnRun {
  chat_id: string;
  task_id: string;
  message: string;
  model: string;
  project_name: string;
  ran_at: string;
  duration_ms: number | null;
}

const fact = (name: string) => sql`${messages.message_metadata}->>${sql.raw(`'${name}'`)}`;

export type RecordedRunsStore = ReturnType<typeof createRecordedRunsStore>;
/** The runs that pages of agents show. Changes need the lock of the agent. */
export function createRecordedRunsStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (agentId: string): Promise<RecordedRunRow | undefined> =>
      (await db.select().from(recordedRuns).where(eq(recordedRuns.agent_id, agentId)))[0],
    has: async (agentId: string, q: Queries = db): Promise<boolean> =>
      (await q.$count(recordedRuns, eq(recordedRuns.agent_id, agentId))) > 0,
    set: async (
      tx: Queries,
      agentId: string,
      { message, model, ran_at, duration_ms }: OwnRun,
      events: readonly TranscriptEvent[],
    ): Promise<void> => {
      const row = { message, model, ran_at, duration_ms, events: asJsonb(events), example_digest: null, created_at: sql`now()` };
      await tx
        .insert(recordedRuns)
        .values({ agent_id: agentId, ...row })
        .onConflictDoUpdate({ target: recordedRuns.agent_id, set: row });
    },
    listExampleDigests: async (): Promise<string[]> =>
      (await db.select({ digest: recordedRuns.example_digest }).from(recordedRuns).where(isNotNull(recordedRuns.example_digest))).flatMap(
        ({ digest }) => digest ?? [],
      ),
    /**
     * For an official agent that no administrator edited, unless the stored example has the same digest. The model's texts were written in
     * advance, so no model and no duration are stored.
     */
    setExample: async (
      slug: string,
      { message, events }: { message: string; events: readonly TranscriptEvent[] },
      digest: string,
    ): Promise<void> => {
      await db.execute(sql`
        insert into ${recordedRuns} (agent_id, message, model, ran_at, events, example_digest)
        select id, ${message}, '', ${events[0]?.ts}::timestamptz, ${asJsonb(events)}, ${digest} from ${agents}
        where slug = ${slug} and forked_by_user_id is null and created_by_user_id is null and content_edited_at is null
        on conflict (agent_id) do update set message = excluded.message, model = excluded.model, ran_at = excluded.ran_at,
          duration_ms = null, events = excluded.events, example_digest = excluded.example_digest, created_at = now()
        where ${recordedRuns.example_digest} is distinct from excluded.example_digest and ${recordedRuns.example_digest} is not null`);
    },
    remove: async (tx: Queries, agentId: string): Promise<void> => {
      await tx.delete(recordedRuns).where(eq(recordedRuns.agent_id, agentId));
    },
    /** Successful runs of a person with an agent, newest first; with `taskId` only this one. */
    listOwnRuns: (userId: string, agentId: string, { limit, taskId }: { limit: number; taskId?: string }): Promise<OwnRun[]> =>
      db
        .select({
          chat_id: messages.chat_id,
          task_id: sql<string>`${fact("task_id")}`,
          message: sql<string>`(select q.content from messages q where q.chat_id = ${messages.chat_id} and q.role = 'user'
            and q.position < ${messages.position} order by q.position desc limit 1)`,
          model: sql<string>`coalesce(${fact("model")}, '')`,
          project_name: projects.name,
          ran_at: messages.created_at,
          duration_ms: sql<number | null>`(${fact("duration_ms")})::float8`,
        })
        .from(messages)
        .innerJoin(chats, eq(chats.id, messages.chat_id))
        .innerJoin(projects, eq(projects.id, chats.project_id))
        .where(
          and(
            eq(chats.user_id, userId),
            eq(messages.role, "assistant"),
            sql`${fact("agent_id")} = ${agentId}`,
            sql`${fact("completion_reason")} in ('no_more_actions', 'task_complete_signal')`,
            taskId === undefined ? sql`${fact("task_id")} is not null` : sql`${fact("task_id")} = ${taskId}`,
            sql`exists (select 1 from messages q where q.chat_id = ${messages.chat_id} and q.role = 'user' and q.position < ${messages.position})`,
          ),
        )
        .orderBy(desc(messages.created_at), messages.id)
        .limit(limit),
  };
}

/** Before the agents of a deleted person are given away: what they wrote to them goes with the person. */
export async function deleteRecordedRunsOf(q: Queries, userId: string): Promise<void> {
  await q.delete(recordedRuns).where(
    inArray(
      recordedRuns.agent_id,
      q
        .select({ id: agents.id })
        .from(agents)
        .where(or(eq(agents.created_by_user_id, userId), eq(agents.forked_by_user_id, userId))),
    ),
  );
}
