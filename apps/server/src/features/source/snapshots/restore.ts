import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskKey, exclusiveTasks, refuseExclusiveTask, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import { captureType, type SnapshotCapture } from "./capture.ts";
import { restoreTaskOf, restoreType, type RestoreInput } from "./restore-task.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

export interface RequestedRestore {
  point: string;
  label: string;
  /** For the task's result. */
  name: string;
  /** Subject of the commit of what the restore changes, unless it only reverts the last commit. */
  commit_subject: string;
  /** Names the checkpoint of the result; default: "Restored <label>". */
  done_label?: string;
  /** The checkpoint that has the state before, if there is no safety snapshot. */
  before_id?: string;
  snapshot_id?: string;
  checkpoint_id?: string;
  /** The snapshot of the project whose databases are restored, instead of the point's. Needs the safety snapshot. */
  databases_from?: string;
  /** Default true. */
  safety_snapshot?: boolean;
  /** Hide the messages sent since this moment, in all chats of the project. Needs the safety snapshot, which a redo restores. */
  messages_since?: string;
  /** What is passed to `onRestored`, by the id of the safety snapshot. */
  more?: (safetySnapshotId: string | null) => unknown;
}

/** Passed to `onRestored` by a restore with `messages_since`. */
interface MessagesSince {
  project_id: string;
  since: string;
  /** The safety snapshot. */
  redo_point_id: string;
}

/**
 * Rejects work during a restore or clone. Call in the transaction that accepts the work, after `lockTree`: whichever comes first excludes
 * the other.
 */
export const createRestoreGuard =
  (store: SnapshotsStore) =>
  async (tx: Queries, projectId: string): Promise<void> => {
    await store.lockTree(tx, projectId);
    refuseExclusiveTask(await store.findExclusiveTask(tx, projectId));
  };

const sparing = (snapshotId: string | undefined) => (snapshotId === undefined ? {} : { sparing: snapshotId });

export type SnapshotRestore = ReturnType<typeof createSnapshotRestore>;

/** Accepts restores. */
export function createSnapshotRestore({
  store,
  trees,
  snapshotCapture,
  lifecycle,
  tasks,
}: {
  store: SnapshotsStore;
  trees: ProjectTreeAccess;
  snapshotCapture: SnapshotCapture;
  /** Service keys of active services. */
  lifecycle: { running(project: ProjectRow): Promise<string[]> };
  tasks: Tasks;
}) {
  const requireDatabases = async (project: ProjectRow, snapshotId: string): Promise<void> => {
    const row = await store.find(project.id, snapshotId);
    if (!row) throw notFound("Snapshot");
    if (row.status !== "ready" || row.databases.length === 0)
      throw badRequest("This snapshot has no databases. Choose another one.", "snapshot_not_ready");
  };
  return {
    /** Accepts a restore. Throws `project_busy`, `snapshot_pending`, `run_active`, `snapshot_not_ready`, and 404 for an unknown `databases_from`. */
    begin: async (
      project: ProjectRow,
      userId: string,
      request: RequestedRestore,
    ): Promise<{ task: TaskRow; safety_snapshot_id: string | null }> => {
      if (request.messages_since !== undefined && request.safety_snapshot === false)
        throw badRequest("Messages can only be restored with a safety snapshot.");
      if (request.databases_from !== undefined && request.safety_snapshot === false)
        throw badRequest("Databases of a snapshot can only be restored with a safety snapshot.");
      if (request.databases_from !== undefined) await requireDatabases(project, request.databases_from);
      if (!["active", "stopped", "hibernated", "setup_failed"].includes(project.environment_status))
        throw conflict("project_busy", "This project is busy. Try again in a moment.");
      const sandbox = await trees.open(project);
      const databasesPoint = request.databases_from === undefined ? null : `snapshot/${request.databases_from}`;
      if (!(await sandbox.history.find(request.point)) || (databasesPoint !== null && !(await sandbox.history.find(databasesPoint))))
        throw badRequest("The files of this snapshot no longer exist.", "snapshot_not_ready");
      const running = await lifecycle.running(project);
      const refuse = createRestoreGuard(store);
      const { task, safety, pruned } = await store.transaction(async (tx) => {
        await refuse(tx, project.id);
        if (await store.hasUnfinished(tx, project.id, [captureType]))
          throw conflict("snapshot_pending", "A snapshot of this project is being taken. Try again in a moment.");
        if (await store.hasActiveRun(tx, project.id))
          throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
        const made =
          request.safety_snapshot === false
            ? undefined
            : await snapshotCapture.insert(tx, project, {
                type: "safety",
                label: "Before restore",
                userId,
                ...sparing(request.snapshot_id ?? request.databases_from),
              });
        const more: unknown =
          request.messages_since !== undefined && made
            ? ({ project_id: project.id, since: request.messages_since, redo_point_id: made.row.id } satisfies MessagesSince)
            : request.more?.(made?.row.id ?? null);
        const input: RestoreInput = {
          point: request.point,
          label: request.label,
          snapshot_id: request.snapshot_id ?? null,
          checkpoint_id: request.checkpoint_id ?? null,
          safety_snapshot_id: made?.row.id ?? null,
          ...(request.done_label !== undefined && { done_label: request.done_label }),
          before_id: made?.row.id ?? request.before_id ?? null,
          running,
          databases_point: databasesPoint,
          restore_id: crypto.randomUUID(),
          commit_subject: request.commit_subject,
          ...(more !== undefined && { more }),
          attempt: 1,
        };
        return {
          task: await tasks.create(tx, restoreTaskOf(project, userId, input, request.name)),
          safety: made?.row,
          pruned: made?.pruned ?? [],
        };
      });
      await snapshotCapture.forget(project, pruned);
      if (safety) await snapshotCapture.changed(project.id, "add", safety.id);
      return { task, safety_snapshot_id: safety?.id ?? null };
    },
    /** A point cannot be deleted while it is being restored. */
    refuseWhileRestoring: async (projectId: string): Promise<void> => {
      if (await tasks.findUnfinished(exclusiveTaskKey(restoreType, projectId))) throw conflict("project_busy", exclusiveTasks[restoreType]);
    },
  };
}
