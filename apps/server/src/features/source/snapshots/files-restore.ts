import type { ErrorCode, FilesCopy, FilesRestoreStart } from "@tesslate/contract";
import { RuntimeError, type RuntimeDriver, type Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotRow } from "../../../db/schema/source.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { exclusiveTaskKey, taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import { unfinishedFiles, type Projects } from "../../projects/projects/index.ts";
import { createTurns } from "../../../platform/concurrency.ts";
import type { SnapshotCapture } from "./capture.ts";
import type { SnapshotCopies } from "./copies.ts";
import type { ReplaceState } from "./replace-state.ts";
import { createRestoreGuard } from "./restore.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";

const filesRestoreType = "files_restore";
const timeoutMs = 2 * 60 * 60_000;
const maxAttempts = 3;
const lostMessage = "It had no copy and was lost with the disk of the project.";

interface Input {
  snapshot_id: string;
  label: string;
  restore_id: string;
  attempt: number;
}

/** Why a project is left out when the files of all are restored. */
const refusals: Partial<Record<ErrorCode, "restoring" | "without_copy" | "present">> = {
  project_busy: "restoring",
  no_snapshot_copy: "without_copy",
  files_not_missing: "present",
};
/** More would compete for the network and the disk of the runner. */
const atOnce = 3;

export type FilesRestore = ReturnType<typeof createFilesRestore>;

/**
 * Creates the files of a project again whose runtime lost them: the task `files_restore`. The project keeps the status `files_missing` until its tree is
 * complete. Then the task restores the snapshot, with its databases.
 */
export function createFilesRestore({
  store,
  copies,
  projects,
  runtime,
  snapshotCapture,
  replaceState,
  tasks,
  log,
}: {
  store: SnapshotsStore;
  copies: Pick<SnapshotCopies, "addTo" | "chainOf" | "findRestorable" | "listOf">;
  projects: Pick<
    Projects,
    "require" | "find" | "sandboxOf" | "areFilesBack" | "createSandbox" | "removeSandbox" | "filesRestored" | "publishStatus"
  >;
  runtime: Pick<RuntimeDriver, "histories">;
  snapshotCapture: Pick<SnapshotCapture, "changed">;
  replaceState: ReplaceState;
  tasks: Tasks;
  log: Logger;
}) {
  const turns = createTurns(atOnce);
  const keyOf = (projectId: string) => exclusiveTaskKey(filesRestoreType, projectId);
  const taskOf = (project: ProjectRow, userId: string, input: Input) => ({
    user_id: userId,
    project_id: project.id,
    type: filesRestoreType,
    unique_key: keyOf(project.id),
    metadata: { project_id: project.id, project_slug: project.slug, snapshot_id: input.snapshot_id, label: input.label },
    input,
    message: "Waiting to restore files",
  });
  const nameOf = (row: SnapshotRow) => row.label ?? row.snapshot_name;
  /** `histories`: the projects that have one. */
  const sourceOf = async (projectId: string, histories?: ReadonlySet<string>): Promise<SnapshotRow | undefined> =>
    copies.findRestorable(projectId, { hasHistory: (histories ?? new Set(await runtime.histories())).has(projectId) });
  const isMissing = async (project: ProjectRow): Promise<boolean> =>
    project.environment_status === "files_missing" && !(await projects.areFilesBack(project.id));

  /** Creates the tree, unless the lost one is there again. What an earlier attempt left is deleted. */
  const createTree = async (project: ProjectRow, input: Input, context: TaskContext): Promise<void> => {
    // It may have waited for its turn.
    if (!(await isMissing(project))) return;
    try {
      await fillTree(project, input, context);
    } catch (error) {
      const { reason } = context.signal as { reason: unknown };
      // After a shutdown the next server continues.
      if (reason !== "shutdown" && reason !== "database") await removeTree(project);
      throw error;
    }
    const restored = await store.transaction((tx) => projects.filesRestored(tx, project.id));
    if (restored) await projects.publishStatus(restored);
  };
  const fillTree = async (project: ProjectRow, { snapshot_id: id }: Input, { signal, progress }: TaskContext): Promise<void> => {
    await progress(2, "Creating the project folder");
    const { history } = await projects.createSandbox(project.id, undefined, { isRetry: true });
    // Until it is removed, the tree is not taken for the one that was lost.
    await history.capture(unfinishedFiles, { signal });
    if (!(await history.find(`snapshot/${id}`))) {
      const chain = await copies.chainOf(id);
      if (chain.length === 0) throw new AppError("no_snapshot_copy", "The copy of this snapshot was deleted. Start the restore again.");
      const total = chain.reduce((sum, { bytes }) => sum + bytes, 0);
      let done = 0;
      for (const copy of chain) {
        await progress(5 + (done / Math.max(1, total)) * 50, "Loading the copy");
        if (!(await history.find(`snapshot/${copy.id}`))) await copies.addTo(history, copy, signal);
        done += copy.bytes;
      }
    }
    await progress(55, "Restoring files");
    await history.restore(`snapshot/${id}`, { signal });
    signal.throwIfAborted();
    await history.remove([unfinishedFiles]);
  };
  /** Adds the copies of the other snapshots. Without them the files are restored all the same. */
  const addOthers = async (project: ProjectRow, { history }: Sandbox, { signal, note }: TaskContext): Promise<void> => {
    for (const copy of await copies.listOf(project.id))
      try {
        if (!(await history.find(`snapshot/${copy.id}`))) await copies.addTo(history, copy, signal);
      } catch (err) {
        signal.throwIfAborted();
        log.warn({ err, project_id: project.id, snapshot_id: copy.id }, "copy of a snapshot not restored");
        await note("Couldn't load the copy of another snapshot");
      }
  };

  const run = async (context: TaskContext<Input>) => {
    const { task, input, signal, progress } = context;
    const project = await projects.find(task.project_id ?? "");
    if (!project || project.environment_status === "deleting") throw notFound("Project");
    if (await isMissing(project)) await turns.take(signal, () => createTree(project, input, context));
    const present = (await projects.find(project.id)) ?? project;
    const sandbox = await projects.sandboxOf(present);
    await replaceState(
      present,
      sandbox,
      {
        point: `snapshot/${input.snapshot_id}`,
        label: input.label,
        done_label: `Restored lost files from “${input.label}”`,
        before_id: null,
        running: [],
        databases_point: null,
        restore_id: input.restore_id,
        commit_subject: `Restore files from “${input.label}”`,
      },
      context,
    );
    await progress(90, "Loading other snapshots");
    await addOthers(present, sandbox, context);
    const lost = await store.forgetLost(project.id, await sandbox.history.names(), lostMessage);
    for (const id of [...lost, input.snapshot_id]) await snapshotCapture.changed(project.id, "update", id);
    return { snapshot_id: input.snapshot_id, restored_from: input.label, lost_snapshots: lost.length };
  };
  const removeTree = (project: ProjectRow): Promise<void> =>
    projects
      .removeSandbox(project.id)
      .catch((err: unknown) => log.warn({ err, project_id: project.id }, "half of a restored tree not removed"));

  tasks.define<Input>(filesRestoreType, {
    timeoutMs,
    run,
    interrupted: async (task: TaskRow) => {
      const input = task.input as Input;
      const project = await projects.find(task.project_id ?? "");
      if (!project || project.environment_status === "deleting") return;
      if (input.attempt < maxAttempts) {
        log.info({ project_id: project.id, attempt: input.attempt + 1 }, "restore of lost files resumed");
        await tasks.createOnce(taskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }));
      } else if (await isMissing(project)) await removeTree(project);
    },
  });

  const refuse = createRestoreGuard(store);
  const begin = async (
    project: ProjectRow,
    userId: string,
    histories?: ReadonlySet<string>,
  ): Promise<{ task: TaskRow; snapshot_id: string }> => {
    if (!(await isMissing(project))) throw conflict("files_not_missing", "The files of this project are there. Nothing was changed.");
    const source = await sourceOf(project.id, histories);
    if (!source) throw conflict("no_snapshot_copy", "There is no copy of the files of this project.");
    const input: Input = { snapshot_id: source.id, label: nameOf(source), restore_id: crypto.randomUUID(), attempt: 1 };
    const task = await store.transaction(async (tx) => {
      await refuse(tx, project.id);
      return tasks.create(tx, taskOf(project, userId, input));
    });
    return { task, snapshot_id: source.id };
  };

  return {
    get: async (userId: string, ref: string): Promise<FilesCopy> => {
      const project = await projects.require(userId, ref);
      const unfinished = await tasks.findUnfinished(keyOf(project.id));
      if (unfinished) return { state: "restoring", snapshot: null, task_id: unfinished.id };
      if (!(await isMissing(project))) return { state: "present", snapshot: null, task_id: null };
      const source = await sourceOf(project.id).catch((error: unknown) => {
        // Without the runner, copies alone can be named.
        if (error instanceof RuntimeError) return copies.findRestorable(project.id, { hasHistory: false });
        throw error;
      });
      return {
        state: "missing",
        snapshot: source ? { id: source.id, label: nameOf(source), created_at: source.created_at, databases: source.databases } : null,
        task_id: null,
      };
    },
    /** The same for many projects, in the name of their owners. */
    beginAll: async (missing: readonly ProjectRow[]): Promise<FilesRestoreStart> => {
      const counts = { started: 0, restoring: 0, without_copy: 0, present: 0 };
      const histories = new Set(await runtime.histories());
      for (const project of missing)
        try {
          await begin(project, project.owner_id, histories);
          counts.started++;
        } catch (error) {
          const outcome = error instanceof AppError ? refusals[error.code] : undefined;
          if (!outcome) throw error;
          counts[outcome]++;
        }
      return counts;
    },
    /** Throws `files_not_missing`, `no_snapshot_copy`, `project_busy`. */
    restore: async (userId: string, ref: string) => {
      const { task, snapshot_id } = await begin(await projects.require(userId, ref), userId);
      return { ...taskLinks(task), snapshot_id };
    },
  };
}
