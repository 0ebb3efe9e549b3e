import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, lte, ne, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database, Queries } from "../../../platform/database.ts";
import { projects } from "../../../db/schema/projects.ts";
import { dueCopies, snapshotCopies, snapshots, type SnapshotCopyRow, type SnapshotRow } from "../../../db/schema/source.ts";

export type CopiesStore = ReturnType<typeof createCopiesStore>;
export function createCopiesStore(db: Database) {
  const later = alias(snapshotCopies, "later");
  /** Snapshots of a run omit large files: they are no state to go back to. A branch is merged or discarded soon. */
  const isDue = and(
    eq(snapshots.status, "ready"),
    eq(snapshots.is_soft_deleted, false),
    ne(snapshots.snapshot_type, "run"),
    isNull(snapshotCopies.id),
    isNull(projects.branch_of),
    inArray(projects.environment_status, ["active", "stopped", "starting", "stopping", "hibernating", "hibernated"]),
  );
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Snapshots of a project that are to be copied, oldest first. */
    listDue: async (projectId: string): Promise<SnapshotRow[]> =>
      (
        await db
          .select({ row: snapshots })
          .from(snapshots)
          .innerJoin(projects, eq(projects.id, snapshots.project_id))
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(and(eq(snapshots.project_id, projectId), isDue))
          .orderBy(asc(snapshots.created_at), asc(snapshots.id))
      ).map(({ row }) => row),
    /** Projects with such snapshots. */
    listDueProjects: async (): Promise<string[]> =>
      (
        await db
          .selectDistinct({ id: projects.id })
          .from(snapshots)
          .innerJoin(projects, eq(projects.id, snapshots.project_id))
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(isDue)
      ).map(({ id }) => id),
    /** How many snapshots wait for their copy, how long the first one has been waiting, and how old the newest copy is. */
    numbers: async (): Promise<{ waiting: number; waitingSeconds: number; newestAgeSeconds: number | null }> => {
      const [[due], [newest]] = await Promise.all([
        db
          .select({
            waiting: sql<number>`count(*)::int`,
            seconds: sql<number>`coalesce(extract(epoch from now() - min(${snapshots.ready_at})), 0)::float8`,
          })
          .from(snapshots)
          .innerJoin(projects, eq(projects.id, snapshots.project_id))
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(isDue),
        db
          .select({ seconds: sql<number | null>`extract(epoch from now() - max(${snapshotCopies.copied_at}))::float8` })
          .from(snapshotCopies),
      ]);
      return { waiting: due?.waiting ?? 0, waitingSeconds: due?.seconds ?? 0, newestAgeSeconds: newest?.seconds ?? null };
    },
    /** The newest copy of a snapshot that still exists: its point is in the history. */
    findNewest: async (projectId: string): Promise<SnapshotCopyRow | undefined> =>
      (
        await db
          .select({ row: snapshotCopies })
          .from(snapshotCopies)
          .innerJoin(snapshots, eq(snapshots.id, snapshotCopies.id))
          .where(and(eq(snapshots.project_id, projectId), eq(snapshots.is_soft_deleted, false)))
          .orderBy(desc(snapshots.created_at), desc(snapshots.id))
          .limit(1)
      )[0]?.row,
    /** The newest snapshot that can be restored without its history, or with it. Those of runs omit large files. */
    findRestorable: async (projectId: string, { hasHistory }: { hasHistory: boolean }): Promise<SnapshotRow | undefined> =>
      (
        await db
          .select({ row: snapshots })
          .from(snapshots)
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(
            and(
              eq(snapshots.project_id, projectId),
              eq(snapshots.status, "ready"),
              ne(snapshots.snapshot_type, "run"),
              ...(hasHistory ? [] : [isNotNull(snapshotCopies.id)]),
            ),
          )
          .orderBy(desc(snapshots.created_at), desc(snapshots.id))
          .limit(1)
      )[0]?.row,
    /** Copies of snapshots that still exist and those that they need, each after its base. */
    listOf: (projectId: string): Promise<SnapshotCopyRow[]> =>
      db
        .select()
        .from(snapshotCopies)
        .where(eq(snapshotCopies.storage_key, projectId))
        .orderBy(asc(snapshotCopies.depth), asc(snapshotCopies.copied_at)),
    /**
     * Undefined when the snapshot was deleted. The changes until then are in a copy now, so older scheduled snapshots are deleted; returns their ids.
     */
    insert: (values: typeof snapshotCopies.$inferInsert): Promise<{ superseded: string[] } | undefined> =>
      db.transaction(async (tx) => {
        const [kept] = await tx
          .select({ project_id: snapshots.project_id, created_at: snapshots.created_at })
          .from(snapshots)
          .where(and(eq(snapshots.id, values.id), isNotNull(snapshots.project_id)))
          .for("update");
        if (!kept || kept.project_id === null) return undefined;
        const { project_id, created_at } = kept;
        await tx.insert(snapshotCopies).values(values);
        await tx.delete(dueCopies).where(and(eq(dueCopies.project_id, project_id), lte(dueCopies.due_at, created_at)));
        const superseded = await tx
          .delete(snapshots)
          .where(and(eq(snapshots.project_id, project_id), eq(snapshots.snapshot_type, "scheduled"), lt(snapshots.created_at, created_at)))
          .returning({ id: snapshots.id });
        return { superseded: superseded.map(({ id }) => id) };
      }),
    /** The copies that one needs, itself last. */
    chainOf: async (id: string): Promise<SnapshotCopyRow[]> => {
      const { rows } = await db.execute<{ id: string }>(
        sql`with recursive chain as (
          select c.id, c.base_id from snapshot_copies c where c.id = ${id}
          union all select b.id, b.base_id from snapshot_copies b join chain on b.id = chain.base_id)
        select id from chain`,
      );
      if (rows.length === 0) return [];
      return db
        .select()
        .from(snapshotCopies)
        .where(
          inArray(
            snapshotCopies.id,
            rows.map((row) => row.id),
          ),
        )
        .orderBy(asc(snapshotCopies.depth));
    },
    /** Deletes the rows of copies whose snapshot was deleted and on which none is based, of one project or of all. */
    removeUnneeded: (projectId: string | undefined): Promise<SnapshotCopyRow[]> =>
      db
        .delete(snapshotCopies)
        .where(
          and(
            ...(projectId === undefined ? [] : [eq(snapshotCopies.storage_key, projectId)]),
            sql`not exists (select from ${snapshots} where ${snapshots.id} = ${snapshotCopies.id} and ${snapshots.project_id} is not null)`,
            sql`not exists (select from ${snapshotCopies} as ${later} where ${later.base_id} = ${snapshotCopies.id})`,
          ),
        )
        .returning(),
    removeProject: async (projectId: string): Promise<void> => {
      await db.delete(snapshotCopies).where(eq(snapshotCopies.storage_key, projectId));
    },
    /** Of these ids, those that are a copy's. */
    known: async (ids: readonly string[]): Promise<Set<string>> =>
      ids.length === 0
        ? new Set()
        : new Set(
            (
              await db
                .select({ id: snapshotCopies.id })
                .from(snapshotCopies)
                .where(inArray(snapshotCopies.id, [...ids]))
            ).map((row) => row.id),
          ),
  };
}
