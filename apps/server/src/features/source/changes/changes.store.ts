import { and, asc, eq, gt, max, min, ne, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { checkpoints, type CheckpointRow, changeSets, type ChangeSetRow, type Rejection } from "../../../db/schema/source.ts";
import { events, tasks, type TaskRow } from "../../../db/schema/core.ts";
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
    setCommit: async (taskId: string, sha: string): Promise<void> => {
      await db.update(changeSets).set({ commit_sha: sha }).where(eq(changeSets.task_id, taskId));
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
