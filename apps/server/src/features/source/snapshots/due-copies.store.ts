import { and, desc, eq, lte, ne, sql, type SQL } from "drizzle-orm";
import { projects } from "../../../db/schema/projects.ts";
import { dueCopies, snapshotCopies, snapshots, type SnapshotRow } from "../../../db/schema/source.ts";
import { tasks } from "../../../db/schema/core.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { exclusiveTaskOf } from "../../core/tasks/index.ts";
import { captureType, isStale } from "./capture.ts";

/** Of projects with files. */
const copied = sql`('active', 'stopped', 'starting', 'stopping', 'hibernating', 'hibernated')`;
/** While so many snapshots wait for their copy, no further ones are taken. */
const maxUncopied = 4;
const uncopiedMs = 15 * 60_000;
const seconds = (ms: number): SQL => sql`make_interval(secs => ${ms / 1000}::float8)`;

/** Until when the changes of a project, a `project_id`, are in a copy; null: it has none. */
export const copiedUntil = (projectId: SQL): SQL<string | null> => sql<string | null>`(
  select max(greatest(s.created_at, s.unchanged_until)) from snapshots s join snapshot_copies c on c.id = s.id
  where s.project_id = ${projectId} and not s.is_soft_deleted and s.snapshot_type <> 'run')`;

export type DueCopiesStore = ReturnType<typeof createDueCopiesStore>;
/** Projects whose changes wait for a copy. */
export function createDueCopiesStore(db: Database) {
  /** Its snapshot waits for its copy. */
  const isCaptured = sql`exists (select from snapshots s where s.project_id = ${dueCopies.project_id} and s.snapshot_type = 'scheduled'
    and s.status = 'ready' and s.created_at >= ${dueCopies.due_at} and not exists (select from snapshot_copies c where c.id = s.id))`;
  return {
    /** Adds the projects that have become due. Returns those that can be captured, the longest due first. */
    update: async ({ everyMs, quietMs }: { everyMs: number; quietMs: number | undefined }, limit: number): Promise<string[]> => {
      const runsUnused = quietMs === undefined ? sql`true` : sql`p.is_deployed`;
      await db.execute(sql`
        insert into due_copies (project_id)
        select p.id from projects p cross join lateral (select ${copiedUntil(sql`p.id`)} as until) k
        where p.branch_of is null and p.environment_status in ${copied}
          and coalesce(k.until, p.created_at) <= now() - ${seconds(everyMs)}
          and (k.until is null or p.last_activity + ${seconds(quietMs ?? 0)} > k.until or (p.environment_status = 'active' and ${runsUnused}))
        on conflict do nothing`);
      await db.execute(
        sql`delete from due_copies d using projects p where p.id = d.project_id and (p.branch_of is not null or p.environment_status not in ${copied})`,
      );
      // Captured ones are copied first. One that cannot be copied does not hold up others for long.
      const [captured] = (
        await db.execute<{
          count: number;
        }>(sql`select count(*)::int as count from snapshots s where s.snapshot_type = 'scheduled' and s.status = 'ready'
          and s.ready_at > now() - ${seconds(uncopiedMs)} and not exists (select from snapshot_copies c where c.id = s.id)`)
      ).rows;
      if ((captured?.count ?? 0) >= maxUncopied) return [];
      const rows = await db
        .select({ id: dueCopies.project_id })
        .from(dueCopies)
        .where(and(lte(dueCopies.next_try_at, sql`now()`), sql`not ${isCaptured}`))
        .orderBy(dueCopies.due_at, dueCopies.project_id)
        .limit(limit);
      return rows.map(({ id }) => id);
    },
    isDue: async (projectId: string): Promise<boolean> =>
      (
        await db
          .select({ id: dueCopies.project_id })
          .from(dueCopies)
          .where(and(eq(dueCopies.project_id, projectId), sql`not ${isCaptured}`))
      ).length > 0,
    /** Whether something replaces the project or takes another snapshot of it. Under the lock of its tree. */
    isBusy: async (tx: Queries, projectId: string): Promise<boolean> => {
      const exclusive = exclusiveTaskOf(sql`${projectId}::text`);
      const found = await tx.execute<{ is_busy: boolean }>(sql`select ${exclusive} is not null or exists (
        select from ${tasks} t where t.project_id = ${projectId} and t.type = ${captureType} and t.status in ('queued', 'running')) as is_busy`);
      if (found.rows[0]?.is_busy) return true;
      const pending = await tx
        .select()
        .from(snapshots)
        .where(and(eq(snapshots.project_id, projectId), eq(snapshots.status, "pending"), ne(snapshots.snapshot_type, "scheduled")));
      return pending.some((row) => !isStale(row));
    },
    removeUnfinished: async (tx: Queries, projectId: string): Promise<void> => {
      await tx
        .delete(snapshots)
        .where(and(eq(snapshots.project_id, projectId), eq(snapshots.snapshot_type, "scheduled"), ne(snapshots.status, "ready")));
    },
    /** The newest snapshot that has a copy. */
    findNewestCopied: async (projectId: string): Promise<SnapshotRow | undefined> =>
      (
        await db
          .select({ row: snapshots })
          .from(snapshots)
          .innerJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(and(eq(snapshots.project_id, projectId), ne(snapshots.snapshot_type, "run"), eq(snapshots.is_soft_deleted, false)))
          .orderBy(desc(snapshots.created_at), desc(snapshots.id))
          .limit(1)
      )[0]?.row,
    /** The project is as it was when the snapshot was taken that has a copy: a second one of it is not kept. */
    markUnchanged: (
      projectId: string,
      { copied: id, since, unneeded }: { copied: string; since: string; unneeded: string },
    ): Promise<void> =>
      db.transaction(async (tx) => {
        await tx.delete(snapshots).where(eq(snapshots.id, unneeded));
        const marked = await tx
          .update(snapshots)
          .set({ unchanged_until: since })
          .where(eq(snapshots.id, id))
          .returning({ id: snapshots.id });
        // It was deleted, and its copy with it.
        if (marked.length > 0) await tx.delete(dueCopies).where(and(eq(dueCopies.project_id, projectId), lte(dueCopies.due_at, since)));
      }),
    /** It is tried again after a minute, then after twice the time, an hour at most. */
    markFailed: async (projectId: string, error: string): Promise<void> => {
      await db
        .update(dueCopies)
        .set({
          error,
          failures: sql`${dueCopies.failures} + 1`,
          next_try_at: sql`now() + least(3600, 60 * power(2, least(${dueCopies.failures}, 10))) * interval '1 second'`,
        })
        .where(eq(dueCopies.project_id, projectId));
    },
    /** How many are due, and how long the first one has been. */
    numbers: async (): Promise<{ waiting: number; waitingSeconds: number }> => {
      const [row] = await db
        .select({
          waiting: sql<number>`count(*)::int`,
          seconds: sql<number>`coalesce(extract(epoch from now() - min(${dueCopies.due_at})), 0)::float8`,
        })
        .from(dueCopies);
      return { waiting: row?.waiting ?? 0, waitingSeconds: row?.seconds ?? 0 };
    },
    /** Until when the changes of a project are in a copy, and since when a newer one is due. */
    stateOf: async (projectId: string): Promise<{ until: string | null; due_at: string | null }> => {
      const [row] = await db
        .select({ until: copiedUntil(sql`${projects.id}`).mapWith(snapshots.unchanged_until), due_at: dueCopies.due_at })
        .from(projects)
        .leftJoin(dueCopies, eq(dueCopies.project_id, projects.id))
        .where(eq(projects.id, projectId));
      return row ?? { until: null, due_at: null };
    },
  };
}
