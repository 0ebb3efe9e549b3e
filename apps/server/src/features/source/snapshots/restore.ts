import type { Sandbox } from "@tesslate/runtime";
import { badRequest, conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import {
  exclusiveTaskKey,
  exclusiveTasks,
  exclusiveTaskTypes,
  type TaskContext,
  type TaskRow,
  type Tasks,
} from "../../core/tasks/index.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import { takeType, type ProjectDatabases, type SnapshotCapture } from "./capture.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

export const restoreType = "snapshot_restore";
const runType = "agent_execution";
const timeoutMs = 20 * 60_000;
const maxAttempts = 3;

/** What a restore needs from containers. */
export interface ProjectLifecycle {
  /** Stops everything, including terminals. */
  stopAll(project: ProjectRow): Promise<void>;
  /** Service keys of active services. */
  running(project: ProjectRow): Promise<string[]>;
  /** Restarts these; returns the names of those that failed. */
  startAgain(project: ProjectRow, serviceKeys: string[], signal: AbortSignal): Promise<string[]>;
}

interface RestoreInput {
  /** Name of the point in the history. */
  point: string;
  /** Its display name. */
  label: string;
  snapshot_id: string | null;
  checkpoint_id: string | null;
  safety_snapshot_id: string | null;
  running: string[];
  /** For features that restore more than files and databases. */
  more?: unknown;
  attempt: number;
}
export interface RestoreWish {
  point: string;
  label: string;
  /** For the task's result. */
  name: string;
  snapshot_id?: string;
  checkpoint_id?: string;
  /** Default true. */
  safety_snapshot?: boolean;
  /** Passed to `onRestored`. */
  more?: unknown;
}

/**
 * Rejects work during a restore or clone. Call in the transaction that accepts the work, after `lockTree`: whichever comes first excludes
 * the other.
 */
export const createRestoreGuard =
  (store: SnapshotsStore) =>
  async (tx: Queries, projectId: string): Promise<void> => {
    await store.lockTree(tx, projectId);
    for (const type of exclusiveTaskTypes)
      if (await store.hasUnfinished(tx, projectId, [type])) throw conflict("project_busy", exclusiveTasks[type]);
  };

export type SnapshotRestore = ReturnType<typeof createSnapshotRestore>;

/** The task `snapshot_restore`. Every step is idempotent, so an interrupted restore runs again. */
export function createSnapshotRestore({
  store,
  trees,
  snapshotCapture,
  checkpoints,
  databases,
  lifecycle,
  tasks,
  onTreeReplaced,
  onRestored,
  log,
}: {
  store: SnapshotsStore;
  trees: ProjectTreeAccess;
  snapshotCapture: SnapshotCapture;
  checkpoints: Checkpoints;
  databases: ProjectDatabases;
  lifecycle: ProjectLifecycle;
  tasks: Tasks;
  /** Called after files were replaced, for features that keep rows about files. */
  onTreeReplaced: readonly ((projectId: string) => Promise<void>)[];
  /** Called with `more` after files and databases are restored; possibly more than once. */
  onRestored: (more: unknown) => Promise<void>;
  log: Logger;
}) {
  const taskOf = (project: ProjectRow, userId: string, input: RestoreInput, name: string) => ({
    user_id: userId,
    project_id: project.id,
    type: restoreType,
    unique_key: exclusiveTaskKey(restoreType, project.id),
    metadata: {
      project_id: project.id,
      project_slug: project.slug,
      snapshot_id: input.snapshot_id,
      checkpoint_id: input.checkpoint_id,
      restored_from: name,
      label: input.label,
    },
    input,
    message: "Waiting to restore",
  });

  const keepCurrent = async (project: ProjectRow, id: string, context: TaskContext) => {
    const row = await store.find(project.id, id);
    // Deleted, or taken by an earlier attempt.
    if (row?.status !== "pending") return;
    await context.progress(5, "Creating a snapshot of the current state");
    try {
      await snapshotCapture.capture(project, row, context);
    } catch (error) {
      if (!context.signal.aborted) {
        await store.markError(id, error instanceof Error ? error.message : "The snapshot failed.");
        await snapshotCapture.changed(project.id, "update", id);
      }
      throw error;
    }
  };
  const replace = async (project: ProjectRow, sandbox: Sandbox, input: RestoreInput, { signal, progress, note }: TaskContext) => {
    await progress(40, "Restoring files");
    let reportedPercent = 40;
    const done = await sandbox.history.restore(input.point, {
      signal,
      onProgress: (at, total) => {
        const percent = 40 + Math.floor((at / Math.max(1, total)) * 25);
        if (percent < reportedPercent + 5) return;
        reportedPercent = percent;
        void progress(percent, "Restoring files").catch(() => undefined);
      },
    });
    await note(`${done.written} files written, ${done.removed} removed`);
    for (const listener of onTreeReplaced)
      await listener(project.id).catch((err: unknown) => log.error({ err, project_id: project.id }, "rows not reconciled with the tree"));
    const point = await sandbox.history.find(input.point);
    await progress(70, "Restoring databases");
    await databases.restore(
      project,
      { paths: point?.attachments ?? [], open: (path) => sandbox.history.attachment(input.point, path) },
      { signal, note },
    );
  };

  const run = async (context: TaskContext<RestoreInput>) => {
    const { task, input, signal, progress, note } = context;
    const project = await trees.find(task.project_id);
    const sandbox = await trees.open(project);
    if (input.safety_snapshot_id !== null) await keepCurrent(project, input.safety_snapshot_id, context);
    signal.throwIfAborted();
    await progress(25, "Stopping containers");
    try {
      await lifecycle.stopAll(project);
      await replace(project, sandbox, input, context);
      if (input.more !== undefined) await onRestored(input.more);
      await checkpoints.keep(project, { kind: "restore", label: `Restored ${input.label}`, task_id: task.id });
    } finally {
      // After a shutdown the next server resumes this task.
      if (signal.reason !== "shutdown" && input.running.length > 0) {
        await progress(85, "Restarting containers");
        const failed = await lifecycle.startAgain(project, input.running, new AbortController().signal);
        for (const name of failed) await note(`${name} did not restart`);
      }
    }
    return {
      snapshot_id: input.snapshot_id,
      ...(input.checkpoint_id !== null && { checkpoint_id: input.checkpoint_id }),
      restored_from: String(task.metadata["restored_from"]),
      safety_snapshot_id: input.safety_snapshot_id,
    };
  };
  const settleSafety = async (task: TaskRow) => {
    const { safety_snapshot_id: id } = task.input as RestoreInput;
    if (
      id !== null &&
      task.project_id !== null &&
      (await store.markError(id, task.error ?? "The restore ended before the snapshot was taken."))
    )
      await snapshotCapture.changed(task.project_id, "update", id);
  };
  tasks.define<RestoreInput>(restoreType, {
    timeoutMs,
    run,
    ended: settleSafety,
    interrupted: async (task) => {
      const input = task.input as RestoreInput;
      const project = await trees.find(task.project_id).catch(() => undefined);
      if (!project || input.attempt >= maxAttempts) return settleSafety(task);
      log.info({ project_id: project.id, attempt: input.attempt + 1 }, "restore resumed");
      await tasks.createOnce(
        taskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }, String(task.metadata["restored_from"])),
      );
    },
  });

  return {
    /** Accepts a restore. Throws `project_busy`, `snapshot_pending`, `run_active`. */
    begin: async (
      project: ProjectRow,
      userId: string,
      request: RestoreWish,
    ): Promise<{ task: TaskRow; safety_snapshot_id: string | null }> => {
      if (!["active", "stopped", "hibernated", "setup_failed"].includes(project.environment_status))
        throw conflict("project_busy", "This project is busy. Try again in a moment.");
      const sandbox = await trees.open(project);
      if (!(await sandbox.history.find(request.point)))
        throw badRequest("The files of this snapshot no longer exist.", "snapshot_not_ready");
      const running = await lifecycle.running(project);
      const refuse = createRestoreGuard(store);
      const { task, safety, pruned } = await store.transaction(async (tx) => {
        await refuse(tx, project.id);
        if (await store.hasUnfinished(tx, project.id, [takeType]))
          throw conflict("snapshot_pending", "A snapshot of this project is being taken. Try again in a moment.");
        if (await store.hasUnfinished(tx, project.id, [runType]))
          throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
        const made =
          request.safety_snapshot === false
            ? undefined
            : await snapshotCapture.insert(tx, project, {
                type: "safety",
                label: "Before restore",
                userId,
                ...(request.snapshot_id !== undefined && { sparing: request.snapshot_id }),
              });
        const input: RestoreInput = {
          point: request.point,
          label: request.label,
          snapshot_id: request.snapshot_id ?? null,
          checkpoint_id: request.checkpoint_id ?? null,
          safety_snapshot_id: made?.row.id ?? null,
          running,
          ...(request.more !== undefined && { more: request.more }),
          attempt: 1,
        };
        return {
          task: await tasks.create(tx, taskOf(project, userId, input, request.name)),
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
