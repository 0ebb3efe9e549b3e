import { areDatabasesSavedWithRuns } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotRow } from "../../../db/schema/source.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectDatabases, SnapshotCapture } from "./capture.ts";
import { maxFileBytes, titleOfCheckpoint } from "./checkpoints.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";

const mebibyte = 2 ** 20;

export type RunDatabases = ReturnType<typeof createRunDatabases>;

/** Saves the running databases of a project before a run changes anything, where the project's setting says so. */
export function createRunDatabases({
  store,
  databases,
  snapshotCapture,
  limits,
  log,
}: {
  store: SnapshotsStore;
  databases: Pick<ProjectDatabases, "runningBytes">;
  snapshotCapture: SnapshotCapture;
  /** `maxBytes`: larger databases are not saved. `timeoutMs`: a run waits no longer. */
  limits: { maxRunDatabaseBytes: number; runDatabasesTimeoutMs: number };
  log: Logger;
}) {
  const insert = async (project: ProjectRow, checkpoint: { id: string; label: string }, userId: string): Promise<SnapshotRow> => {
    const { row, pruned } = await store.transaction(async (tx) => {
      await store.lockTree(tx, project.id);
      return snapshotCapture.insert(tx, project, { type: "run", label: checkpoint.label, userId, checkpointId: checkpoint.id });
    });
    await snapshotCapture.forget(project, pruned);
    await snapshotCapture.changed(project.id, "add", row.id);
    return row;
  };
  const markError = async (project: ProjectRow, id: string, reason: string): Promise<void> => {
    if (await store.markError(id, reason)) await snapshotCapture.changed(project.id, "update", id);
  };
  return {
    /**
     * Safe to repeat: a snapshot that a killed server did not complete is taken again by the resumed run, which changed nothing before it was. Returns why
     * nothing was saved, for the person, if something should have been. Throws only when the run is stopped.
     */
    save: async (
      project: ProjectRow,
      run: { user_id: string; message_id: string; isResumed: boolean },
      signal: AbortSignal,
    ): Promise<string | undefined> => {
      // A branch has no databases of its own.
      if (!areDatabasesSavedWithRuns(project.settings) || project.branch_of !== null) return undefined;
      const limited = AbortSignal.any([signal, AbortSignal.timeout(limits.runDatabasesTimeoutMs)]);
      let pending: SnapshotRow | undefined;
      try {
        const checkpoint = await store.findCheckpointOf(run.message_id);
        const known = checkpoint && (await store.findOfCheckpoint(project.id, checkpoint.id));
        if (!checkpoint || (known ? known.status !== "pending" : run.isResumed)) return undefined;
        const bytes = await databases.runningBytes(project, limited);
        if (bytes === 0) return undefined;
        if (bytes > limits.maxRunDatabaseBytes)
          return `The databases weren't saved before this run: they have ${Math.ceil(bytes / mebibyte)} MiB, and at most ${limits.maxRunDatabaseBytes / mebibyte} MiB are saved with each run.`;
        pending = known ?? (await insert(project, { id: checkpoint.id, label: `Before “${titleOfCheckpoint(checkpoint)}”` }, run.user_id));
        const saved = await snapshotCapture.capture(project, pending, {
          signal: limited,
          note: async () => undefined,
          isRunningOnly: true,
          maxFileBytes,
        });
        return saved.databases.length === 0 ? "The databases weren't saved before this run: they couldn't be read." : undefined;
      } catch (err) {
        const reason = limited.aborted
          ? `Saving the databases took longer than ${limits.runDatabasesTimeoutMs / 1000} s.`
          : "The databases couldn't be read.";
        if (pending) await markError(project, pending.id, signal.aborted ? "The run was stopped." : reason).catch(() => undefined);
        signal.throwIfAborted();
        log.warn({ err, project_id: project.id }, "databases not saved before the run");
        return `The databases weren't saved before this run. ${reason}`;
      }
    },
  };
}
