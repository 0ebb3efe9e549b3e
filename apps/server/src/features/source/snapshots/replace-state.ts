import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { TaskContext } from "../../core/tasks/index.ts";
import type { ProjectDatabases } from "./capture.ts";
import type { Checkpoints } from "./checkpoints.ts";

/** What replacing the state of a project needs from containers. */
interface ContainerStops {
  /** Stops everything, including terminals. */
  stopAll(project: ProjectRow): Promise<void>;
  /** Restarts these; returns the names of those that failed. */
  startAgain(project: ProjectRow, serviceKeys: string[], signal: AbortSignal): Promise<string[]>;
}

/** The point of the history that replaces the current state. */
interface Replacement {
  point: string;
  /** Its display name. */
  label: string;
  /** Service keys to restart. */
  running: string[];
  /** For features that restore more than files and databases. */
  more?: unknown;
}

export type ReplaceState = ReturnType<typeof createReplaceState>;
/** Replaces files, databases and what features keep with them. Every step is idempotent. */
export function createReplaceState({
  databases,
  lifecycle,
  checkpoints,
  onTreeReplaced,
  onRestored,
  log,
}: {
  databases: ProjectDatabases;
  lifecycle: ContainerStops;
  checkpoints: Checkpoints;
  /** Called after files were replaced, for features that keep rows about files. */
  onTreeReplaced: readonly ((projectId: string) => Promise<void>)[];
  /** Called with `more` after files and databases are restored; possibly more than once. */
  onRestored: (more: unknown) => Promise<void>;
  log: Logger;
}) {
  const replaceData = async (project: ProjectRow, sandbox: Sandbox, point: string, { signal, progress, note }: TaskContext) => {
    await progress(40, "Restoring files");
    let reportedPercent = 40;
    const done = await sandbox.history.restore(point, {
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
    const found = await sandbox.history.find(point);
    await progress(70, "Restoring databases");
    await databases.restore(
      project,
      { paths: found?.attachments ?? [], open: (path) => sandbox.history.attachment(point, path) },
      { signal, note },
    );
  };

  /** Stops the project's containers first and restarts them at the end, also after a failure. */
  return async (
    project: ProjectRow,
    sandbox: Sandbox,
    { point, label, running, more }: Replacement,
    context: TaskContext,
  ): Promise<void> => {
    const { task, signal, progress, note } = context;
    await progress(25, "Stopping containers");
    try {
      await lifecycle.stopAll(project);
      await replaceData(project, sandbox, point, context);
      if (more !== undefined) await onRestored(more);
      await checkpoints.keep(project, { kind: "restore", label: `Restored ${label}`, task_id: task.id });
    } finally {
      // After a shutdown the next server resumes this task.
      if (signal.reason !== "shutdown" && running.length > 0) {
        await progress(85, "Restarting containers");
        const failed = await lifecycle.startAgain(project, running, new AbortController().signal);
        for (const name of failed) await note(`${name} did not restart`);
      }
    }
  };
}
