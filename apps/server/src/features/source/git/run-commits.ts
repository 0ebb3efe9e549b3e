import { isCommitOfRunsOn } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { Queries } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import { captureTree, commitTree, findCommitOf, resetIndex, type CapturedTree } from "./tree-commits.ts";
import type { GitAccess, Opened } from "./access.ts";

const job = "commit_run";
const maxCaptures = 3;

export interface RunCommitsOptions {
  access: Pick<GitAccess, "writing">;
  store: {
    transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
    find(taskId: string): Promise<ChangeSetRow | undefined>;
    findPendingCommits(projectId: string): Promise<ChangeSetRow[]>;
    setPendingCommit(tx: Queries, taskId: string, pending: CapturedTree): Promise<void>;
    setCommit(taskId: string, sha: string | null): Promise<void>;
  };
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  /** Paths that the run changed, without those that only a person wrote; old and new path of moved files. */
  pathsOf(project: ProjectRow, row: ChangeSetRow): Promise<string[]>;
  /** The message of the commit. `isBrief`: at once, without the model. */
  messageOf(project: ProjectRow, row: ChangeSetRow, options?: { isBrief?: boolean }): Promise<string>;
  /** Names the run after its commit. Safe to repeat. */
  rename(row: ChangeSetRow, subject: string): Promise<void>;
  /** Called with each commit, in the same turn of writing. */
  committed(userId: string, opened: Opened, sha: string): Promise<unknown>;
  /** Called when the files of a run could not be captured. */
  notCommitted(projectId: string, taskId: string, error: unknown): Promise<void>;
  log: Logger;
}

export type RunCommits = ReturnType<typeof createRunCommits>;
/**
 * Commits what each run changed, as one commit of the person who sent the message. The files are captured and stored with the run's change set before the next run
 * can start; the message is asked of the model afterwards, by a job that runs again after a crash and recognizes a commit that it made. What a person has
 * staged stays staged. Nothing is committed while a merge or rebase is in progress, on a detached `HEAD`, in a project without a repository, and
 * when the project's setting is off.
 */
export function createRunCommits({ access, store, projects, pathsOf, messageOf, rename, committed, notCommitted, log }: RunCommitsOptions) {
  const projectOf = async (row: ChangeSetRow): Promise<ProjectRow | undefined> => {
    const project = await projects.find(row.project_id);
    return project && commitsRunsOf(project) ? project : undefined;
  };

  /** Makes the pending commit of a run. Call in a turn of writing. */
  const commitPending = async (opened: Opened, row: ChangeSetRow, message: string, paths: readonly string[]): Promise<void> => {
    const { repo } = opened;
    let captured = row.pending_commit ?? undefined;
    for (let capture = 0; captured && capture < maxCaptures; capture++) {
      const isHead = ((await repo.head()) ?? null) === captured.parent;
      const sha = isHead ? await commitTree(repo, captured, message) : await findCommitOf(repo, captured);
      if (sha !== undefined) {
        await resetIndex(repo, paths);
        await rename(row, message.split("\n")[0] ?? "");
        await store.setCommit(row.task_id, sha);
        await committed(row.user_id, opened, sha);
        return;
      }
      // The branch has a newer commit.
      captured = await captureTree(repo, paths);
    }
    await store.setCommit(row.task_id, null);
  };

  return {
    /** Captures what the run changed and enqueues its commit. Never throws. */
    afterRun: async (taskId: string): Promise<void> => {
      const row = await store.find(taskId).catch(() => undefined);
      if (!row?.after_id || row.files === 0 || row.commit_sha !== null || row.pending_commit !== null) return;
      try {
        const project = await projectOf(row);
        const paths = project ? await pathsOf(project, row) : [];
        if (!project || paths.length === 0) return;
        const captured = await access.writing(row.user_id, project.id, ({ repo }) => captureTree(repo, paths), { isSilent: true });
        if (captured)
          await store.transaction(async (tx) => {
            await store.setPendingCommit(tx, taskId, captured);
            await enqueueJob(tx, job, { task_id: taskId }, { key: `${job}:${taskId}` });
          });
      } catch (err) {
        log.warn({ err, task_id: taskId }, "files of the run not captured for its commit");
        await notCommitted(row.project_id, taskId, err).catch(() => undefined);
      }
    },
    /** Makes the pending commits of a project at once. Call in a turn of writing, before its files become others. */
    commitAllPending: async (opened: Opened): Promise<void> => {
      for (const row of await store.findPendingCommits(opened.project.id)) {
        const message = await messageOf(opened.project, row, { isBrief: true });
        await commitPending(opened, row, message, await pathsOf(opened.project, row));
      }
    },
    jobHandlers: {
      [job]: async (payload: unknown): Promise<void> => {
        const { task_id } = payload as { task_id: string };
        const row = await store.find(task_id);
        const project = row?.pending_commit ? await projectOf(row) : undefined;
        if (!row || !project) return;
        const [message, paths] = await Promise.all([messageOf(project, row), pathsOf(project, row)]);
        await access.writing(row.user_id, project.id, async (opened) => {
          // A commit that was made while the message was written may include it.
          const current = await store.find(task_id);
          if (current?.pending_commit) await commitPending(opened, current, message, paths);
        });
      },
    },
  };
}

/** Whether changes of runs in this project become commits. */
export const commitsRunsOf = (project: ProjectRow): boolean =>
  project.has_git_repo && project.branch_of === null && isCommitOfRunsOn(project.settings);
