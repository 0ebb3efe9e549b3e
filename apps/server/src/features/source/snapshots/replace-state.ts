import { RuntimeError, type Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { isConnectionLoss } from "../../../platform/connection-loss.ts";
import { isDiskFull } from "../../../platform/database.ts";
import { AppError, diskFullMessage } from "../../../platform/errors.ts";
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
  /** Names the checkpoint of the result, instead of "Restored <label>". */
  done_label?: string | undefined;
  /** The snapshot or checkpoint that has the state before. */
  before_id?: string | null | undefined;
  /** Service keys to restart. */
  running: string[];
  /** The point whose databases are restored; null: those of `point`. Older tasks have none. */
  databases_point?: string | null;
  /** Names the point of the history with the state before; the same in every attempt. */
  restore_id: string;
  /** Subject of the commit of what the restore changes. */
  commit_subject: string;
  /** For features that restore more than files and databases. */
  more?: unknown;
}

/** The project's git repository during a restore. */
export interface RestoredRepository {
  /** Whether the project has the same repository as the point: it is kept. */
  isSame(sandbox: Sandbox, point: string): Promise<boolean>;
  /** Commits changed files. Returns the commit, if there was something to commit. Never throws. */
  commit(project: ProjectRow, userId: string, change: { paths: readonly string[]; subject: string }): Promise<string | undefined>;
}

export type ReplaceState = ReturnType<typeof createReplaceState>;
/**
 * Replaces files, databases and what features keep with them. The repository is kept if the point has the same one, and what the restore changed
 * becomes a commit. Every step is idempotent. When a later step fails, the error says what was restored and what was not.
 */
export function createReplaceState({
  databases,
  lifecycle,
  checkpoints,
  repository,
  onTreeReplaced,
  onRestored,
  log,
}: {
  databases: ProjectDatabases;
  lifecycle: ContainerStops;
  checkpoints: Checkpoints;
  repository: RestoredRepository;
  /** Called after files were replaced, for features that keep rows about files. */
  onTreeReplaced: readonly ((projectId: string) => Promise<void>)[];
  /** Called with `more` after files and databases are restored; possibly more than once. */
  onRestored: (more: unknown) => Promise<void>;
  log: Logger;
}) {
  const replaceFiles = async (project: ProjectRow, sandbox: Sandbox, point: string, { signal, progress, note }: TaskContext) => {
    await progress(40, "Restoring files");
    const keep = (await repository.isSame(sandbox, point)) ? [".git"] : [];
    let reportedPercent = 40;
    const done = await sandbox.history
      .restore(point, {
        signal,
        keep,
        onProgress: (at, total) => {
          const percent = 40 + Math.floor((at / Math.max(1, total)) * 25);
          if (percent < reportedPercent + 5) return;
          reportedPercent = percent;
          void progress(percent, "Restoring files").catch(() => undefined);
        },
      })
      .catch(async (error: unknown) => {
        // The error of a canceled task says nothing about files.
        if (signal.aborted && signal.reason !== "shutdown" && error instanceof RuntimeError && error.details?.["isReverted"] === false)
          await note(error.message);
        throw error;
      });
    await note(`${done.written} files written, ${done.removed} removed`);
    for (const listener of onTreeReplaced)
      await listener(project.id).catch((err: unknown) => log.error({ err, project_id: project.id }, "rows not reconciled with the tree"));
  };
  /** Files are restored without it. */
  const commitChanges = async (
    project: ProjectRow,
    { history }: Sandbox,
    { before, point, subject, userId }: { before: string; point: string; subject: string; userId: string },
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    try {
      const { files } = await history.compare(before, point, { withoutIgnored: true, maxPatchBytes: 0, maxFiles: Infinity, signal });
      const paths = files.flatMap(({ path, oldPath }) => (oldPath === undefined ? [path] : [oldPath, path]));
      const sha = await repository.commit(project, userId, { paths, subject });
      await history.remove([before]);
      return sha;
    } catch (err) {
      if (!signal.aborted) log.warn({ err, project_id: project.id }, "changes of a restore not committed");
      return undefined;
    }
  };
  const replaceDatabases = async (
    project: ProjectRow,
    { history }: Sandbox,
    point: string,
    { signal, progress, note }: TaskContext,
    step: Step,
  ) => {
    await progress(70, "Restoring databases");
    const found = await step({ missing: "Databases were not" }, () => history.find(point));
    await databases.restore(
      project,
      { paths: found?.attachments ?? [], open: (path) => history.attachment(point, path) },
      {
        signal,
        note,
        each: (name, work) => step({ restores: `the database ${name}`, missing: `The database ${name} was not` }, work),
      },
    );
  };

  /** Stops the project's containers first and restarts them at the end, also after a failure. */
  return async (
    project: ProjectRow,
    sandbox: Sandbox,
    { point, label, done_label, before_id, running, databases_point, restore_id, commit_subject, more }: Replacement,
    context: TaskContext,
  ): Promise<void> => {
    const { task, signal, progress, note } = context;
    const before = `${restorePrefix}${restore_id}`;
    await progress(25, "Stopping containers");
    try {
      await lifecycle.stopAll(project);
      // An earlier attempt may have replaced files already.
      if (!(await sandbox.history.find(before))) await sandbox.history.capture(before, { signal });
      await replaceFiles(project, sandbox, point, context);
      const sha = await commitChanges(project, sandbox, { before, point, subject: commit_subject, userId: task.user_id }, signal);
      const step = createStep(context, ["files"]);
      await replaceDatabases(project, sandbox, databases_point ?? point, context, step);
      if (more !== undefined) await step({ restores: "the chat", missing: "The chat was not" }, () => onRestored(more));
      await step({ missing: "No checkpoint of the result was created" }, () =>
        checkpoints.keep(project, {
          kind: "restore",
          label: done_label ?? `Restored ${label}`,
          task_id: task.id,
          before_id: before_id ?? null,
          commit_sha: sha ?? null,
        }),
      );
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

/** Points with the state before a restore, which exist until its changes are committed. */
export const restorePrefix = "restoring/";

/** A step after files were restored. `restores`: what it restores. `missing`: begins the sentence about its failure. */
type Step = <T>(names: { restores?: string; missing: string }, work: () => Promise<T>) => Promise<T>;

/** Runs steps; the error of one says what was `restored` before it. */
function createStep({ signal, note }: TaskContext, restored: string[]): Step {
  return async ({ restores, missing }, work) => {
    try {
      const result = await work();
      if (restores !== undefined) restored.push(restores);
      return result;
    } catch (error) {
      const partial = partlyRestored(restored, missing, error);
      if (!signal.aborted && !isConnectionLoss(error)) throw partial;
      // Otherwise the task has an error of its own (canceled, timed out, connection lost), and its log says what was restored.
      if (signal.reason !== "shutdown" && signal.reason !== "database") await note(partial.message).catch(() => undefined);
      throw error;
    }
  };
}

const list = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** "Files were restored. The database PostgreSQL was not: …", with the code of the cause. */
function partlyRestored(restored: readonly string[], missing: string, cause: unknown): AppError | RuntimeError {
  const done = `${list.format(restored)} were restored.`;
  const messageOf = (reason: string) => `${done.charAt(0).toUpperCase()}${done.slice(1)} ${missing}: ${reason}`;
  if (cause instanceof RuntimeError) return new RuntimeError(cause.code, messageOf(cause.message), { cause, details: cause.details });
  if (cause instanceof AppError) return new AppError(cause.code, messageOf(cause.message), { cause, details: cause.details });
  if (isDiskFull(cause)) return new AppError("storage_full", messageOf(diskFullMessage), { cause });
  return new AppError("internal_error", messageOf("An internal error occurred. It has been logged."), { cause });
}
