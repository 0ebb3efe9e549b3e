import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskKey, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import type { BackgroundCaptures } from "./background-captures.ts";
import type { SnapshotCapture } from "./capture.ts";
import type { ReplaceState } from "./replace-state.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

export const restoreType = "snapshot_restore";
const timeoutMs = 20 * 60_000;
const maxAttempts = 3;

export interface RestoreInput {
  /** Name of the point in the history. */
  point: string;
  /** Its display name. */
  label: string;
  snapshot_id: string | null;
  checkpoint_id: string | null;
  safety_snapshot_id: string | null;
  /** Names the checkpoint of the result. Older tasks have neither this nor the next. */
  done_label?: string | undefined;
  /** The snapshot or checkpoint that has the state before. */
  before_id?: string | null;
  running: string[];
  /** The point whose databases are restored; null: those of `point`. */
  databases_point: string | null;
  restore_id: string;
  commit_subject: string;
  /** For features that restore more than files and databases. */
  more?: unknown;
  attempt: number;
}

/** The task of a restore. `name`: for the task's result. */
export const restoreTaskOf = (project: ProjectRow, userId: string, input: RestoreInput, name: string) => ({
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

/** Snapshots of the state before a restore. */
export const createSafetySnapshots = ({ store, snapshotCapture }: { store: SnapshotsStore; snapshotCapture: SnapshotCapture }) => ({
  /** Captures it, unless an earlier attempt did. */
  capture: async (project: ProjectRow, id: string, context: TaskContext): Promise<void> => {
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
  },
  /** Marks it as failed if it was not taken. */
  markNotTaken: async (task: TaskRow): Promise<void> => {
    const { safety_snapshot_id: id } = task.input as RestoreInput;
    if (
      id !== null &&
      task.project_id !== null &&
      (await store.markError(id, task.error ?? "The restore ended before the snapshot was taken."))
    )
      await snapshotCapture.changed(task.project_id, "update", id);
  },
});
export type SafetySnapshots = ReturnType<typeof createSafetySnapshots>;

/** Defines the task `snapshot_restore`. Every step is idempotent, so an interrupted restore runs again. */
export function defineRestoreTask({
  trees,
  background,
  safety,
  replaceState,
  tasks,
  log,
}: {
  trees: ProjectTreeAccess;
  /** Captures that give way to a restore. No other one begins while its task is unfinished. */
  background: Pick<BackgroundCaptures, "stop">;
  safety: SafetySnapshots;
  replaceState: ReplaceState;
  tasks: Tasks;
  log: Logger;
}): void {
  const run = async (context: TaskContext<RestoreInput>) => {
    const { task, input, signal } = context;
    const project = await trees.find(task.project_id);
    const sandbox = await trees.open(project);
    await background.stop(project.id);
    if (input.safety_snapshot_id !== null) await safety.capture(project, input.safety_snapshot_id, context);
    signal.throwIfAborted();
    await replaceState(project, sandbox, input, context);
    return {
      snapshot_id: input.snapshot_id,
      ...(input.checkpoint_id !== null && { checkpoint_id: input.checkpoint_id }),
      restored_from: String(task.metadata["restored_from"]),
      safety_snapshot_id: input.safety_snapshot_id,
    };
  };
  tasks.define<RestoreInput>(restoreType, {
    timeoutMs,
    run,
    ended: safety.markNotTaken,
    interrupted: async (task) => {
      const input = task.input as RestoreInput;
      const project = await trees.find(task.project_id).catch(() => undefined);
      if (!project || input.attempt >= maxAttempts) return safety.markNotTaken(task);
      log.info({ project_id: project.id, attempt: input.attempt + 1 }, "restore resumed");
      await tasks.createOnce(
        restoreTaskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }, String(task.metadata["restored_from"])),
      );
    },
  });
}
