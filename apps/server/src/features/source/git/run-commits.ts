import { isCommitOfRunsOn } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { Queries } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ChangeSetRow } from "../../../db/schema/source.ts";
import { encodeLossless } from "./lossless-text.ts";
import { operationOf } from "./read.ts";
import { gitTimes, type WorkingRepo } from "./working-repo.ts";
import type { GitAccess, Opened } from "./access.ts";

const job = "commit_run";
const maxFiles = 5_000;
const maxAttempts = 3;
const noCommit = "0".repeat(40);

/** The files of a run as they were when it ended. */
interface Captured {
  tree: string;
  /** The commit that it was taken on; undefined in a repository without commits. */
  parent: string | undefined;
}

export interface RunCommitsOptions {
  access: Pick<GitAccess, "writing">;
  store: {
    transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
    find(taskId: string): Promise<ChangeSetRow | undefined>;
    setCommit(taskId: string, sha: string): Promise<void>;
  };
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  /** Paths that the run changed, without those that only a person wrote; old and new path of moved files. */
  pathsOf(project: ProjectRow, row: ChangeSetRow): Promise<string[]>;
  /** The message of the commit. */
  messageOf(project: ProjectRow, row: ChangeSetRow): Promise<string>;
  /** Called with each commit, in the same turn of writing. */
  committed(userId: string, opened: Opened, sha: string): Promise<unknown>;
  log: Logger;
}

/**
 * Commits what each run changed, as one commit of the person who sent the message. The files are captured before the next run can start; the message
 * is asked of the model afterwards. What a person has staged stays staged. Nothing is committed while a merge or rebase is in progress, on a
 * detached `HEAD`, in a project without a repository, and when the project's setting is off.
 */
export function createRunCommits({ access, store, projects, pathsOf, messageOf, committed, log }: RunCommitsOptions) {
  const find = async (taskId: string): Promise<{ project: ProjectRow; row: ChangeSetRow } | undefined> => {
    const row = await store.find(taskId);
    if (!row?.after_id || row.files === 0 || row.commit_sha !== null) return undefined;
    const project = await projects.find(row.project_id);
    if (!project?.has_git_repo || project.branch_of !== null || !isCommitOfRunsOn(project.settings)) return undefined;
    return { project, row };
  };

  const commit = async (taskId: string, captured: Captured): Promise<void> => {
    const found = await find(taskId);
    if (!found) return;
    const { project, row } = found;
    const message = await messageOf(project, row);
    const paths = await pathsOf(project, row);
    await access.writing(row.user_id, project.id, async (opened) => {
      const { repo } = opened;
      let next: Captured | undefined = captured;
      for (let attempt = 0; next && attempt < maxAttempts; attempt++) {
        if ((await repo.head()) === next.parent) {
          const made = await commitTree(repo, next, message);
          if (made === undefined) return;
          // The index of these files follows; what else is staged stays.
          await updateIndex(repo, paths, async (rest) => void (await repo.attempt(["reset", "--quiet"], { paths: rest })));
          await store.setCommit(taskId, made);
          await committed(row.user_id, opened, made);
          return;
        }
        // The branch has a newer commit.
        next = await capture(repo, paths);
      }
    });
  };

  return {
    /** Captures what the run changed and enqueues its commit. Never throws. */
    afterRun: async (taskId: string): Promise<void> => {
      try {
        const found = await find(taskId);
        if (!found) return;
        const { project, row } = found;
        const paths = await pathsOf(project, row);
        if (paths.length === 0 || paths.length > maxFiles) return;
        const captured = await access.writing(row.user_id, project.id, ({ repo }) => capture(repo, paths), { isSilent: true });
        if (captured)
          await store.transaction((tx) =>
            enqueueJob(tx, job, { task_id: taskId, ...captured }, { key: `${job}:${taskId}`, maxAttempts: 1 }),
          );
      } catch (err) {
        log.warn({ err, task_id: taskId }, "files of the run not captured for its commit");
      }
    },
    jobHandlers: {
      [job]: async (payload: unknown): Promise<void> => {
        const { task_id, ...captured } = payload as { task_id: string } & Captured;
        await commit(task_id, captured).catch((err: unknown) => log.warn({ err, task_id }, "run not committed"));
      },
    },
  };
}

/** Writes a tree that has these files as they are now, on top of the last commit. Undefined when there is nothing to commit or commits are not possible now. */
async function capture(repo: WorkingRepo, paths: readonly string[]): Promise<Captured | undefined> {
  if ((await repo.currentBranch()) === undefined || (await operationOf(repo)) !== null) return undefined;
  const parent = await repo.head();
  const indexFile = `.git/index-of-run-${crypto.randomUUID()}`;
  try {
    await repo.write(parent === undefined ? ["read-tree", "--empty"] : ["read-tree", parent], { indexFile });
    await updateIndex(
      repo,
      paths,
      async (rest) => {
        await repo.write(["update-index", "--add", "--remove", "-z", "--stdin"], { indexFile, input: nulTerminated(rest) });
      },
      indexFile,
    );
    const tree = (await repo.write(["write-tree"], { indexFile })).trim();
    const before = parent === undefined ? undefined : (await repo.read(["rev-parse", `${parent}^{tree}`])).trim();
    return tree === before ? undefined : { tree, parent };
  } finally {
    await repo.sandbox.files.remove(indexFile).catch(() => undefined);
  }
}

/** Calls `work` with the paths that are not ignored. */
async function updateIndex(
  repo: WorkingRepo,
  paths: readonly string[],
  work: (paths: string[]) => Promise<void>,
  indexFile?: string,
): Promise<void> {
  const listed = await repo.read(["ls-files", "--others", "--ignored", "--exclude-standard", "-z"], {
    paths,
    ...(indexFile !== undefined && { indexFile }),
  });
  const ignored = new Set(listed.split("\0"));
  const rest = paths.filter((path) => !ignored.has(path));
  if (rest.length > 0) await work(rest);
}

const nulTerminated = (paths: readonly string[]) => encodeLossless(paths.map((path) => `${path}\0`).join(""));

/** Commits a tree on the current branch, unless the branch has moved or is no longer checked out. */
async function commitTree(repo: WorkingRepo, { tree, parent }: Captured, message: string): Promise<string | undefined> {
  const branch = await repo.currentBranch();
  if (branch === undefined || (await operationOf(repo)) !== null) return undefined;
  const made = await repo.write(["commit-tree", tree, ...(parent === undefined ? [] : ["-p", parent]), "-F", "-"], { input: message });
  const sha = made.trim();
  const subject = message.split("\n")[0] ?? "";
  const { exitCode } = await repo.attempt(["update-ref", "-m", `commit: ${subject}`, `refs/heads/${branch}`, sha, parent ?? noCommit], {
    timeoutMs: gitTimes.short,
  });
  return exitCode === 0 ? sha : undefined;
}
