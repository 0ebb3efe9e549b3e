import type { ChangedFile } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { Queries } from "../../../platform/database.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Checkpoints, ProjectTreeAccess, CheckpointRun } from "../snapshots/index.ts";
import type { ChangesStore } from "./changes.store.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";

/** Short form of a change set. */
export interface ChangeSummary {
  files: number;
  additions: number;
  deletions: number;
}
export interface EndedRun {
  task_id: string;
  project_id: string;
  chat_id: string;
  /** The user's message. */
  message_id: string;
  /** It resumed an interrupted run. */
  isResumed: boolean;
  toolCalls: number;
}

export type RunChangeSets = ReturnType<typeof createRunChangeSets>;

/** Creates a checkpoint before and after every run. A run continues without them: a failure neither stops it nor delays its end. */
export function createRunChangeSets({
  store,
  checkpoints,
  trees,
  projects,
  log,
}: {
  store: ChangesStore;
  checkpoints: Checkpoints;
  trees: ProjectTreeAccess;
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  log: Logger;
}) {
  /** Stores the end of the change set. Files written only by a person are not counted. */
  const close = async (
    project: ProjectRow,
    row: ChangeSetRow,
    { afterId, tx, isOver }: { afterId: string; tx?: Queries; isOver: boolean },
  ): Promise<ChangeSetRow> => {
    const { history } = await trees.open(project);
    const found =
      afterId === row.before_id
        ? { files: [], totalFiles: 0, additions: 0, deletions: 0 }
        : await history.compare(`checkpoint/${row.before_id}`, `checkpoint/${afterId}`, { withoutIgnored: true, maxPatchBytes: 0 });
    const by_person = found.totalFiles === 0 ? [] : await store.filesByUser(project.id, row.task_id, { isOpen: !isOver });
    const theirs = found.files.filter((file) => by_person.some((one) => one.path === file.path && !one.is_shared));
    const facts = {
      after_id: afterId,
      by_person,
      files: found.totalFiles - theirs.length,
      additions: found.additions - theirs.reduce((sum, file) => sum + file.additions, 0),
      deletions: found.deletions - theirs.reduce((sum, file) => sum + file.deletions, 0),
    };
    return (await store.close(row.task_id, facts, tx)) ?? { ...row, ...facts };
  };
  const keepEnd = (project: ProjectRow, row: ChangeSetRow) =>
    checkpoints.keep(project, {
      kind: "turn_end",
      label: "After the run",
      chat_id: row.chat_id,
      message_id: row.message_id,
      task_id: row.task_id,
    });

  /** What an ended run changed, without files that only a person wrote. */
  const changedFiles = async (project: ProjectRow, row: ChangeSetRow, maxPatchBytes: number): Promise<ChangedFile[]> => {
    if (row.after_id === null || row.after_id === row.before_id) return [];
    const { history } = await trees.open(project);
    const points = [`checkpoint/${row.before_id}`, `checkpoint/${row.after_id}`] as const;
    const { files } = await history.compare(...points, {
      withoutIgnored: true,
      maxPatchBytes,
      ...(maxPatchBytes === 0 && { maxFiles: Infinity }),
    });
    return files.filter(({ path }) => !row.by_person.some((one) => one.path === path && !one.is_shared));
  };

  return {
    /** Paths that an ended run changed, without those that only a person wrote; old and new path of moved files. */
    pathsOf: async (project: ProjectRow, row: ChangeSetRow): Promise<string[]> =>
      (await changedFiles(project, row, 0)).flatMap(({ path, oldPath }) => (oldPath === undefined ? [path] : [oldPath, path])),
    /** What an ended run changed as a patch, which names every file and has at most `maxBytes` of their hunks. */
    patchOf: async (project: ProjectRow, row: ChangeSetRow, maxBytes: number): Promise<string> =>
      (await changedFiles(project, row, maxBytes))
        .map(({ path, oldPath, status, patch }) => `${status} ${oldPath === undefined ? path : `${oldPath} → ${path}`}\n${patch ?? ""}`)
        .join("\n"),
    /** Returns whether a checkpoint was created. Never throws. */
    begin: async (project: ProjectRow, run: CheckpointRun & { user_id: string }): Promise<boolean> => {
      const { user_id, ...facts } = run;
      const before = await checkpoints.beforeRun(project, facts);
      if (!before) return false;
      const { chat_id, message_id, task_id } = facts;
      await store
        .insert({ task_id, project_id: project.id, user_id, chat_id, message_id, before_id: before.id })
        .catch((err: unknown) => log.warn({ err, task_id }, "change set not stored"));
      return true;
    },
    /** Whatever the outcome of the run; may be called again. Never throws; `undefined` when there was no checkpoint before the run. */
    end: async (run: EndedRun): Promise<ChangeSummary | undefined> => {
      try {
        let row = await store.find(run.task_id);
        if (!row && run.isResumed) {
          const first = await store.findFirstOf(run.message_id);
          if (first) {
            const { project_id, user_id, chat_id, message_id, before_id } = first;
            await store.insert({ task_id: run.task_id, project_id, user_id, chat_id, message_id, before_id });
            row = await store.find(run.task_id);
          }
        }
        if (!row) return undefined;
        if (row.after_id === null) {
          const project = await projects.find(run.project_id);
          if (!project || project.environment_status === "deleting") return undefined;
          // A run without tool calls cannot have changed files.
          const afterId = run.toolCalls === 0 ? row.before_id : (await keepEnd(project, row)).id;
          row = await close(project, row, { afterId, isOver: false });
        }
        return { files: row.files, additions: row.additions, deletions: row.deletions };
      } catch (err) {
        log.warn({ err, project_id: run.project_id, task_id: run.task_id }, "no checkpoint after the run");
        return undefined;
      }
    },
    close,
    keepEnd,
  };
}
