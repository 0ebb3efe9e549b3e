import { and, asc, count, desc, eq, getTableColumns, inArray, isNull, lt, ne, notInArray, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { messages } from "../../../db/schema/agent/chats.ts";
import { tasks } from "../../../db/schema/core.ts";
import { exclusiveTaskOf, isActiveRunIn, type ExclusiveTaskType } from "../../core/tasks/index.ts";
import { checkpoints, snapshotCopies, snapshots, type CheckpointRow, type SnapshotRow } from "../../../db/schema/source.ts";

interface Page {
  limit: number;
  offset: number;
}

/** For lists that must not be empty. */
const noId = "00000000-0000-0000-0000-000000000000";

/** With when it was copied to the object store. */
export type ShownSnapshot = SnapshotRow & { copied_at: string | null };
const shownColumns = { ...getTableColumns(snapshots), copied_at: snapshotCopies.copied_at };

export type SnapshotsStore = ReturnType<typeof createSnapshotsStore>;
export function createSnapshotsStore(db: Database) {
  const hasUnfinished = async (q: Queries, projectId: string, types: string[]): Promise<boolean> =>
    (
      await q
        .select({ id: tasks.id })
        .from(tasks)
        .where(and(eq(tasks.project_id, projectId), inArray(tasks.type, types), inArray(tasks.status, ["queued", "running"])))
        .limit(1)
    ).length > 0;
  const ofProject = (projectId: string) => and(eq(snapshots.project_id, projectId), eq(snapshots.is_soft_deleted, false));
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes snapshots, restores and other changes of a project's tree. */
    lockTree: async (tx: Queries, projectId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`tree:${projectId}`}, 0))`);
    },
    findExclusiveTask: async (q: Queries, projectId: string): Promise<ExclusiveTaskType | null> => {
      const type = exclusiveTaskOf(sql`${projectId}::text`);
      return (await q.execute<{ type: ExclusiveTaskType | null }>(sql`select ${type} as type`)).rows[0]?.type ?? null;
    },
    hasUnfinished,
    isUnfinished: (projectId: string, types: string[]): Promise<boolean> => hasUnfinished(db, projectId, types),

    /** Whether a run works in the files of the project or branch. */
    hasActiveRun: async (q: Queries, projectId: string): Promise<boolean> =>
      (await q.select({ id: tasks.id }).from(tasks).where(isActiveRunIn(projectId)).limit(1)).length > 0,

    insert: async (tx: Queries, values: typeof snapshots.$inferInsert): Promise<SnapshotRow> =>
      (await tx.insert(snapshots).values(values).returning())[0] as SnapshotRow,
    find: async (projectId: string, id: string): Promise<ShownSnapshot | undefined> =>
      (
        await db
          .select(shownColumns)
          .from(snapshots)
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(and(eq(snapshots.id, id), ofProject(projectId)))
      )[0],
    /** The databases that were saved for the run after a checkpoint. */
    findOfCheckpoint: async (projectId: string, checkpointId: string): Promise<SnapshotRow | undefined> =>
      (
        await db
          .select()
          .from(snapshots)
          .where(and(eq(snapshots.checkpoint_id, checkpointId), ofProject(projectId)))
      )[0],
    /** Oldest first. */
    listAll: (q: Queries, projectId: string): Promise<SnapshotRow[]> =>
      q.select().from(snapshots).where(ofProject(projectId)).orderBy(asc(snapshots.created_at), asc(snapshots.id)),
    list: async (projectId: string, page: Page): Promise<{ rows: ShownSnapshot[]; total: number }> => {
      const shown = and(ofProject(projectId), ne(snapshots.snapshot_type, "scheduled"));
      const [rows, [total]] = await Promise.all([
        db
          .select(shownColumns)
          .from(snapshots)
          .leftJoin(snapshotCopies, eq(snapshotCopies.id, snapshots.id))
          .where(shown)
          .orderBy(desc(snapshots.created_at), desc(snapshots.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(snapshots).where(shown),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    remove: async (q: Queries, ids: string[]): Promise<void> => {
      if (ids.length > 0) await q.delete(snapshots).where(inArray(snapshots.id, ids));
    },
    /** `undefined` when it was deleted. */
    markReady: async (
      tx: Queries,
      id: string,
      facts: Pick<SnapshotRow, "databases" | "content"> & { volume_size_bytes: number },
    ): Promise<SnapshotRow | undefined> =>
      (
        await tx
          .update(snapshots)
          .set({ ...facts, status: "ready", error: null, ready_at: sql`now()` })
          .where(and(eq(snapshots.id, id), eq(snapshots.status, "pending")))
          .returning()
      )[0],
    markError: async (id: string, error: string): Promise<SnapshotRow | undefined> =>
      (
        await db
          .update(snapshots)
          .set({ status: "error", error })
          .where(and(eq(snapshots.id, id), eq(snapshots.status, "pending")))
          .returning()
      )[0],
    /** A project is deleted: complete snapshots are hidden and kept for a while. */
    detach: async (projectId: string, expiresAt: string): Promise<number> => {
      await db.delete(snapshots).where(and(eq(snapshots.project_id, projectId), sql`${snapshots.status} <> 'ready'`));
      const kept = await db
        .update(snapshots)
        .set({ project_id: null, is_soft_deleted: true, soft_delete_expires_at: expiresAt })
        .where(eq(snapshots.project_id, projectId))
        .returning({ id: snapshots.id });
      return kept.length;
    },
    /** Attributes snapshots of a user's projects to that user, so that they can be found after the projects are deleted. */
    attribute: async (userId: string): Promise<void> => {
      await db.execute(
        sql`update snapshots set user_id = ${userId} from projects where snapshots.project_id = projects.id and projects.owner_id = ${userId}`,
      );
    },
    /** History keys kept for a user's deleted projects. */
    detachedKeysOf: async (userId: string): Promise<string[]> =>
      (
        await db
          .selectDistinct({ key: snapshots.storage_key })
          .from(snapshots)
          .where(and(eq(snapshots.user_id, userId), isNull(snapshots.project_id)))
      ).map((row) => row.key),
    removeDetached: async (userId: string): Promise<void> => {
      await db.delete(snapshots).where(and(eq(snapshots.user_id, userId), isNull(snapshots.project_id)));
    },
    removeExpired: async (): Promise<void> => {
      await db.delete(snapshots).where(and(eq(snapshots.is_soft_deleted, true), lt(snapshots.soft_delete_expires_at, sql`now()`)));
    },
    /** Of these, the histories with snapshots of a deleted project. */
    detachedKeys: async (keys: string[]): Promise<string[]> =>
      keys.length === 0
        ? []
        : (
            await db
              .selectDistinct({ key: snapshots.storage_key })
              .from(snapshots)
              .where(and(inArray(snapshots.storage_key, keys), isNull(snapshots.project_id)))
          ).map((row) => row.key),

    /** Idempotent, because the response of a commit may be lost. */
    insertCheckpoint: async (values: typeof checkpoints.$inferInsert & { id: string }): Promise<CheckpointRow> =>
      (
        await db
          .insert(checkpoints)
          .values(values)
          .onConflictDoUpdate({ target: checkpoints.id, set: { id: sql`excluded.id` } })
          .returning()
      )[0] as CheckpointRow,
    /** Returns whether it changed. */
    setTitle: async (id: string, title: string): Promise<boolean> =>
      (
        await db
          .update(checkpoints)
          .set({ title })
          .where(and(eq(checkpoints.id, id), sql`${checkpoints.title} is distinct from ${title}`))
          .returning({ id: checkpoints.id })
      ).length > 0,
    findCheckpoint: async (projectId: string, id: string): Promise<CheckpointRow | undefined> =>
      (
        await db
          .select()
          .from(checkpoints)
          .where(and(eq(checkpoints.project_id, projectId), eq(checkpoints.id, id)))
      )[0],
    findCheckpointOf: async (messageId: string): Promise<CheckpointRow | undefined> =>
      (
        await db
          .select()
          .from(checkpoints)
          .where(and(eq(checkpoints.message_id, messageId), eq(checkpoints.kind, "turn")))
          .orderBy(asc(checkpoints.created_at))
          .limit(1)
      )[0],
    /** The project whose history has this snapshot or checkpoint. */
    projectOfPoint: async (id: string): Promise<string | undefined> => {
      const [[checkpoint], [snapshot]] = await Promise.all([
        db.select({ project_id: checkpoints.project_id }).from(checkpoints).where(eq(checkpoints.id, id)),
        db.select({ project_id: snapshots.project_id }).from(snapshots).where(eq(snapshots.id, id)),
      ]);
      return checkpoint?.project_id ?? snapshot?.project_id ?? undefined;
    },
    /** When the message was sent that a checkpoint precedes; undefined if it was deleted. */
    sentAt: async (messageId: string): Promise<string | undefined> =>
      (await db.select({ created_at: messages.created_at }).from(messages).where(eq(messages.id, messageId)))[0]?.created_at,
    listCheckpoints: async (projectId: string, page: Page): Promise<{ rows: CheckpointRow[]; total: number }> => {
      const where = and(eq(checkpoints.project_id, projectId), ne(checkpoints.kind, "turn_end"));
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(checkpoints)
          .where(where)
          .orderBy(desc(checkpoints.created_at), desc(checkpoints.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(checkpoints).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    removeOldCheckpoints: async (before: string): Promise<void> => {
      await db.delete(checkpoints).where(lt(checkpoints.created_at, before));
    },
    /** After a history was lost: snapshots without a point fail, checkpoints are deleted. Returns the snapshots. */
    forgetLost: (projectId: string, points: readonly string[], error: string): Promise<string[]> =>
      db.transaction(async (tx) => {
        const idsOf = (prefix: string) => points.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
        const lost = await tx
          .update(snapshots)
          .set({ status: "error", error })
          .where(and(ofProject(projectId), eq(snapshots.status, "ready"), notInArray(snapshots.id, [...idsOf("snapshot/"), noId])))
          .returning({ id: snapshots.id });
        await tx
          .delete(checkpoints)
          .where(and(eq(checkpoints.project_id, projectId), notInArray(checkpoints.id, [...idsOf("checkpoint/"), noId])));
        return lost.map((row) => row.id);
      }),
    /** Names of the points that a project's history should contain. */
    pointNames: async (projectId: string): Promise<Set<string>> => {
      const [kept, checks] = await Promise.all([
        db.select({ id: snapshots.id }).from(snapshots).where(eq(snapshots.storage_key, projectId)),
        db.select({ id: checkpoints.id }).from(checkpoints).where(eq(checkpoints.project_id, projectId)),
      ]);
      return new Set([...kept.map((row) => `snapshot/${row.id}`), ...checks.map((row) => `checkpoint/${row.id}`)]);
    },
  };
}
