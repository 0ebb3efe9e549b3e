import { and, count, desc, eq, inArray, isNull, ne, or, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { liveProcesses } from "../../../platform/presence.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { tasks, type TaskRow } from "../../../db/schema/core.ts";
import { exclusiveTaskKey, exclusiveTaskTypes, type ExclusiveTaskType } from "./exclusive-tasks.ts";

const unfinished = ["queued", "running"] as const;

/** A column: the type of the exclusive task that runs in a project, null if there is none. */
export const exclusiveTaskOf = (projectId: SQLWrapper) => {
  const keys = exclusiveTaskTypes.map((type) => sql`${exclusiveTaskKey(type, "")}::text || ${projectId}`);
  return sql<ExclusiveTaskType | null>`(select ${tasks.type} from ${tasks} where ${tasks.unique_key} in (${sql.join(keys, sql`, `)}) and ${inArray(tasks.status, unfinished)} limit 1)`;
};

/** A condition on `tasks`: an unfinished run that works in the files of this project, which may be a branch. */
export const isActiveRunIn = (
  projectId: string,
): SQL => sql`(${tasks.type} = 'agent_execution' and ${inArray(tasks.status, unfinished)} and (
  (${tasks.project_id} = ${projectId} and ${tasks.input}->>'branch_id' is null)
  or (${tasks.project_id} = (select p.branch_of from projects p where p.id = ${projectId}) and ${tasks.input}->>'branch_id' = ${projectId})))`;

export type TasksStore = ReturnType<typeof createTasksStore>;
/** `processId`: the process that claims tasks. */
export function createTasksStore(db: Database, processId: number) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insert: async (tx: Queries, values: typeof tasks.$inferInsert): Promise<TaskRow> =>
      (await tx.insert(tasks).values(values).returning())[0] as TaskRow,
    /** Where the trace of a task is. */
    traceparentsOf: async (tx: Queries, id: string): Promise<string[]> =>
      (await tx.select({ traceparents: tasks.traceparents }).from(tasks).where(eq(tasks.id, id)))[0]?.traceparents ?? [],
    setTraceparents: async (id: string, traceparents: string[]): Promise<void> => {
      await db.update(tasks).set({ traceparents }).where(eq(tasks.id, id));
    },
    /** Serializes transactions that use the same unique key. */
    lock: async (tx: Queries, uniqueKey: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${uniqueKey}, 0))`);
    },
    find: async (id: string): Promise<TaskRow | undefined> => (await db.select().from(tasks).where(eq(tasks.id, id)))[0],
    /** One of the keys' tasks that has not ended. */
    findUnfinished: async (uniqueKeys: string | string[], q: Queries = db): Promise<TaskRow | undefined> =>
      (
        await q
          .select()
          .from(tasks)
          .where(and(inArray(tasks.unique_key, [uniqueKeys].flat()), inArray(tasks.status, unfinished)))
          .limit(1)
      )[0],
    list: async (userId: string, filter: { status?: TaskRow["status"]; project_id?: string }, page: { limit: number; offset: number }) => {
      const where = and(
        eq(tasks.user_id, userId),
        filter.status && eq(tasks.status, filter.status),
        filter.project_id ? eq(tasks.project_id, filter.project_id) : undefined,
      );
      const [rows, [total]] = await Promise.all([
        db.select().from(tasks).where(where).orderBy(desc(tasks.created_at), desc(tasks.id)).limit(page.limit).offset(page.offset),
        db.select({ n: count() }).from(tasks).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** The newest task of this type in a project. */
    findLatest: async (projectId: string, type: string): Promise<TaskRow | undefined> =>
      (
        await db
          .select()
          .from(tasks)
          .where(and(eq(tasks.project_id, projectId), eq(tasks.type, type)))
          .orderBy(desc(tasks.created_at), desc(tasks.id))
          .limit(1)
      )[0],
    /**
     * Claims a queued task for this process; `undefined` when another process has it or it was cancelled. `isRepeat`: the result of an earlier attempt
     * was lost, so the task may already belong to this process.
     */
    claim: async (id: string, isRepeat = false): Promise<TaskRow | undefined> =>
      (
        await db
          .update(tasks)
          .set({ status: "running", process_id: processId, started_at: sql`now()` })
          .where(
            and(
              eq(tasks.id, id),
              isRepeat
                ? or(eq(tasks.status, "queued"), and(eq(tasks.status, "running"), eq(tasks.process_id, processId)))
                : eq(tasks.status, "queued"),
            ),
          )
          .returning()
      )[0],
    /** Progress never decreases. Only the process that runs the task may write. */
    progress: async (
      id: string,
      change: { current?: number; total?: number; message?: string; log?: string[] },
    ): Promise<TaskRow | undefined> =>
      (
        await db
          .update(tasks)
          .set({
            ...(change.total !== undefined && { progress_total: change.total }),
            ...(change.current !== undefined && { progress_current: sql`greatest(${tasks.progress_current}, ${change.current})` }),
            ...(change.message !== undefined && { progress_message: change.message }),
            // The last 50 lines are kept.
            ...(change.log && {
              logs: sql`(select coalesce(jsonb_agg(line order by n), '[]'::jsonb) from (select line, n from jsonb_array_elements(${tasks.logs} || ${asJsonb(change.log)}) with ordinality as l(line, n) order by n desc limit 50) kept)`,
            }),
          })
          .where(and(eq(tasks.id, id), eq(tasks.process_id, processId), eq(tasks.status, "running")))
          .returning()
      )[0],
    /** Terminal states never change: `undefined` when the task ended with another outcome. The same outcome counts as this call, whose result was lost. */
    finish: async (
      id: string,
      outcome: { status: "completed" | "failed" | "cancelled"; result?: unknown; error?: string | null; error_code?: string | null },
      ending?: (tx: Queries, task: TaskRow) => Promise<void>,
    ): Promise<TaskRow | undefined> => {
      const end = async (q: Queries) =>
        (
          await q
            .update(tasks)
            .set({
              ...outcome,
              completed_at: sql`now()`,
              ...(outcome.status === "completed" && { progress_current: sql`${tasks.progress_total}` }),
            })
            .where(and(eq(tasks.id, id), inArray(tasks.status, unfinished)))
            .returning()
        )[0];
      const ended = ending
        ? await db.transaction(async (tx) => {
            const row = await end(tx);
            if (row) await ending(tx, row);
            return row;
          })
        : await end(db);
      if (ended) return ended;
      const [row] = await db.select().from(tasks).where(eq(tasks.id, id));
      return row?.status === outcome.status && row.error_code === (outcome.error_code ?? null) ? row : undefined;
    },
    /** Cancels a queued task or marks a running one, in one transaction. `undefined` when it had already ended. */
    requestCancel: (id: string, message: string, ending: (tx: Queries, task: TaskRow) => Promise<void>): Promise<TaskRow | undefined> =>
      db.transaction(async (tx) => {
        const [row] = await tx
          .update(tasks)
          .set({
            cancel_requested_at: sql`now()`,
            status: sql`case when ${tasks.status} = 'queued' then 'cancelled' else ${tasks.status} end`,
            error: sql`case when ${tasks.status} = 'queued' then ${message} else ${tasks.error} end`,
            completed_at: sql`case when ${tasks.status} = 'queued' then now() end`,
          })
          .where(and(eq(tasks.id, id), inArray(tasks.status, unfinished)))
          .returning();
        if (row?.status === "cancelled") await ending(tx, row);
        return row;
      }),
    /** Marks running tasks of dead processes as interrupted and returns them. Never those of this process. */
    interruptOrphans: (message: string): Promise<TaskRow[]> =>
      db
        .update(tasks)
        .set({ status: "failed", error: message, error_code: "interrupted", completed_at: sql`now()` })
        .where(
          and(
            eq(tasks.status, "running"),
            or(isNull(tasks.process_id), and(ne(tasks.process_id, processId), sql`${tasks.process_id} not in ${liveProcesses}`)),
          ),
        )
        .returning(),
    /** Tasks that ended in a process that died within the last `minutes`: it may have died before it called `ended`. */
    listEndedByDead: (type: string, minutes: number): Promise<TaskRow[]> =>
      db
        .select()
        .from(tasks)
        .where(
          and(
            eq(tasks.type, type),
            sql`${tasks.completed_at} > now() - make_interval(mins => ${minutes})`,
            sql`${tasks.error_code} is distinct from 'interrupted'`,
            ne(tasks.process_id, processId),
            sql`${tasks.process_id} not in ${liveProcesses}`,
          ),
        ),
    /** For 15 s after the database starts, dead processes and processes that reconnect cannot be told apart. */
    hasJustStarted: async (): Promise<boolean> => {
      const result = await db.execute<{ is: boolean }>(sql`select pg_postmaster_start_time() > now() - interval '15 seconds' as is`);
      return result.rows[0]?.is === true;
    },
    /** Tasks queued for at least `olderThanSeconds`: their job was lost with a process. */
    listQueued: (olderThanSeconds: number): Promise<TaskRow[]> =>
      db
        .select()
        .from(tasks)
        .where(and(eq(tasks.status, "queued"), sql`${tasks.created_at} <= now() - make_interval(secs => ${olderThanSeconds})`)),
    listQueuedOf: async (projectIds: string[]): Promise<string[]> =>
      projectIds.length === 0
        ? []
        : (
            await db
              .select({ id: tasks.id })
              .from(tasks)
              .where(and(eq(tasks.status, "queued"), inArray(tasks.project_id, projectIds)))
          ).map(({ id }) => id),
    prune: async () => {
      await db
        .delete(tasks)
        .where(
          and(
            inArray(tasks.status, ["completed", "failed", "cancelled"]),
            sql`${tasks.completed_at} < now() - case when ${tasks.type} = 'agent_execution' then interval '30 days' else interval '24 hours' end`,
          ),
        );
    },
  };
}
