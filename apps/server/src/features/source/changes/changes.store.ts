import { and, asc, count, desc, eq, gt, inArray, isNotNull, max, min, ne, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { checkpoints, changeSets, type CheckpointRow, type ChangeSetRow, type Rejection } from "../../../db/schema/source.ts";
import { events, tasks, type TaskRow } from "../../../db/schema/core.ts";
import { chatRewinds, messages } from "../../../db/schema/agent/chats.ts";
import { evidencePictures, runEvidence } from "../../../db/schema/agent/runs.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { isActiveRunIn } from "../../core/tasks/index.ts";

const runType = "agent_execution";

export type ChangesStore = ReturnType<typeof createChangesStore>;
export function createChangesStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (taskId: string, q: Queries = db): Promise<ChangeSetRow | undefined> =>
      (await q.select().from(changeSets).where(eq(changeSets.task_id, taskId)))[0],
    /** The change set of the first run of a message; other runs continued it. */
    findFirstOf: async (messageId: string): Promise<ChangeSetRow | undefined> =>
      (await db.select().from(changeSets).where(eq(changeSets.message_id, messageId)).orderBy(asc(changeSets.created_at)).limit(1))[0],
    /** Does nothing when one exists. */
    insert: async (values: typeof changeSets.$inferInsert): Promise<void> => {
      await db.insert(changeSets).values(values).onConflictDoNothing();
    },
    /** Only once. */
    close: async (
      taskId: string,
      facts: Pick<ChangeSetRow, "after_id" | "files" | "additions" | "deletions" | "by_person">,
      q: Queries = db,
    ): Promise<ChangeSetRow | undefined> =>
      (
        await q
          .update(changeSets)
          .set(facts)
          .where(and(eq(changeSets.task_id, taskId), sql`${changeSets.after_id} is null`))
          .returning()
      )[0],
    setPendingCommit: async (tx: Queries, taskId: string, pending: NonNullable<ChangeSetRow["pending_commit"]>): Promise<void> => {
      await tx.update(changeSets).set({ pending_commit: pending }).where(eq(changeSets.task_id, taskId));
    },
    /** Removes the pending commit. `sha`: null if nothing was to be committed. */
    setCommit: async (taskId: string, sha: string | null): Promise<void> => {
      await db.update(changeSets).set({ commit_sha: sha, pending_commit: null }).where(eq(changeSets.task_id, taskId));
    },
    /** Oldest first. */
    findPendingCommits: (projectId: string): Promise<ChangeSetRow[]> =>
      db
        .select()
        .from(changeSets)
        .where(and(eq(changeSets.project_id, projectId), isNotNull(changeSets.pending_commit)))
        .orderBy(asc(changeSets.created_at)),
    /** Newest first. Of runs that continued one another, only the newest. */
    listRuns: async (projectId: string, page: { limit: number; offset: number }) => {
      const continued = sql`exists (select from change_sets later where later.message_id = ${changeSets.message_id} and later.created_at > ${changeSets.created_at})`;
      const where = and(eq(changeSets.project_id, projectId), sql`not ${continued}`);
      const first = sql<string>`(select min(created_at) from change_sets first where first.message_id = ${changeSets.message_id})`;
      const [rows, [total]] = await Promise.all([
        db
          .select({ set: changeSets, started_at: first.mapWith(changeSets.created_at), message: checkpoints.label, task: tasks })
          .from(changeSets)
          .innerJoin(checkpoints, eq(checkpoints.id, changeSets.before_id))
          .leftJoin(tasks, eq(tasks.id, changeSets.task_id))
          .where(where)
          .orderBy(desc(changeSets.created_at), desc(changeSets.task_id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(changeSets).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Cents by message, of all runs that answered it. */
    costsOf: async (messageIds: readonly string[]): Promise<Map<string, number>> => {
      if (messageIds.length === 0) return new Map();
      const rows = await db
        .select({ message_id: changeSets.message_id, cents: sql<string>`sum(${usageLogs.cost_total})` })
        .from(usageLogs)
        .innerJoin(changeSets, eq(changeSets.task_id, usageLogs.task_id))
        .where(inArray(changeSets.message_id, [...messageIds]))
        .groupBy(changeSets.message_id);
      return new Map(rows.map(({ message_id, cents }) => [message_id, Number(cents)]));
    },
    /** Milliseconds that the agent worked, by answer; also of answers that a restore removed from their chats. */
    durationsOf: async (chatIds: readonly string[], answerIds: readonly string[]): Promise<Map<string, number>> => {
      if (chatIds.length === 0 || answerIds.length === 0) return new Map();
      const { rows } = await db.execute<{ id: string; ms: number }>(sql`
        select id, ms from (
          select ${messages.id}::text as id, (${messages.message_metadata}->>'duration_ms')::float8 as ms from ${messages} where ${inArray(messages.id, [...answerIds])}
          union all
          select m->>'id', (m->'message_metadata'->>'duration_ms')::float8 from ${chatRewinds} r, jsonb_array_elements(r.messages) m
          where r.chat_id in ${[...new Set(chatIds)]} and m->>'id' in ${[...answerIds]}
        ) as answers where ms > 0`);
      return new Map(rows.map(({ id, ms }) => [id, Math.round(ms)]));
    },
    /** Ids of the last screenshots of runs, by task. */
    picturesOf: async (taskIds: readonly string[]): Promise<Map<string, string>> => {
      if (taskIds.length === 0) return new Map();
      const rows = await db
        .selectDistinctOn([runEvidence.task_id], { task_id: runEvidence.task_id, id: evidencePictures.id })
        .from(evidencePictures)
        .innerJoin(runEvidence, eq(runEvidence.id, evidencePictures.evidence_id))
        .where(inArray(runEvidence.task_id, [...taskIds]))
        .orderBy(runEvidence.task_id, desc(runEvidence.created_at), desc(evidencePictures.position));
      return new Map(rows.map(({ task_id, id }) => [task_id, id]));
    },
    /** Of these messages of chats, those that a restore removed; `true`: it is the last one of its chat and can be redone. */
    rewoundOf: async (chatIds: readonly string[], messageIds: readonly string[]): Promise<Map<string, boolean>> => {
      if (chatIds.length === 0) return new Map();
      const { rows } = await db.execute<{ message_id: string; can_redo: boolean }>(sql`
        select m->>'id' as message_id,
          r.id = last_value(r.id) over chat_rewinds_by_age
            and (r.messages->0->>'position')::int > coalesce((select max(position) from ${messages} where chat_id = r.chat_id), -1) as can_redo
        from ${chatRewinds} r, jsonb_array_elements(r.messages) m
        where r.chat_id in ${[...new Set(chatIds)]}
        window chat_rewinds_by_age as (partition by r.chat_id order by r.created_at rows between unbounded preceding and unbounded following)`);
      const asked = new Set(messageIds);
      const found = new Map<string, boolean>();
      for (const { message_id, can_redo } of rows)
        if (asked.has(message_id)) found.set(message_id, can_redo || found.get(message_id) === true);
      return found;
    },
    setRejected: async (tx: Queries, taskId: string, rejected: Rejection[]): Promise<void> => {
      await tx.update(changeSets).set({ rejected }).where(eq(changeSets.task_id, taskId));
    },

    findRun: async (taskId: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.id, taskId), eq(tasks.type, runType)))
      )[0],
    /** Whether a run works in the files of the project or branch. */
    hasActiveRun: async (q: Queries, projectId: string): Promise<boolean> =>
      (await q.select({ id: tasks.id }).from(tasks).where(isActiveRunIn(projectId)).limit(1)).length > 0,
    findCheckpoint: async (id: string): Promise<CheckpointRow | undefined> =>
      (await db.select().from(checkpoints).where(eq(checkpoints.id, id)))[0],
    /** The first checkpoint after a run. */
    findNextPoint: async (row: ChangeSetRow, endedAt: string): Promise<string | undefined> =>
      (
        await db
          .select({ id: checkpoints.id })
          .from(checkpoints)
          .where(and(eq(checkpoints.project_id, row.project_id), gt(checkpoints.created_at, endedAt), ne(checkpoints.id, row.before_id)))
          .orderBy(asc(checkpoints.created_at))
          .limit(1)
      )[0]?.id,
    /**
     * Files that a person wrote between a run's first and last event, or until now; from the event log, so only as long as that is kept.
     */
    filesByUser: async (projectId: string, taskId: string, { isOpen }: { isOpen: boolean }): Promise<ChangeSetRow["by_person"]> => {
      const [window] = await db
        .select({ first: min(events.seq), last: max(events.seq) })
        .from(events)
        .where(and(eq(events.project_id, projectId), eq(events.task_id, taskId)));
      if (!window || window.first === null || window.last === null) return [];
      const { rows } = await db.execute<{ path: string; is_shared: boolean }>(sql`
        select path, bool_or(not is_person) as is_shared from (
          select coalesce(data->>'new_path', data->>'path') as path, data->>'by' = 'user' as is_person from events
          where project_id = ${projectId} and type = 'file_changed' and not data ? 'branch_id' and seq between ${window.first} and ${isOpen ? Number.MAX_SAFE_INTEGER : window.last}
        ) as changes group by path having bool_or(is_person) limit 1000`);
      return rows.map(({ path, is_shared }) => ({ path, is_shared }));
    },
  };
}
