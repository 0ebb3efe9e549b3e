import type { Sandbox } from "@tesslate/runtime";
import { AppError, conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { WithAuthorization } from "../git-providers/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskKey, taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import { repositoryLimits, type FetchedRepository, type FetchRepository } from "./fetch-repository.ts";
import type { GitDependencies } from "./access.ts";
import type { GitStore } from "./git.store.ts";
import { ownerAndName, repositoryUrl, type AllowsPlain } from "./repository-url.ts";
import type { WriteQueue } from "./access.ts";
import { checkOut, hasLargeFileStorage, writeRepository } from "./unpack.ts";
import { requireBranchName } from "./working-repo.ts";

const cloneType = "git_clone";
const timeoutMs = 15 * 60_000;
const maxPackBytes = 512 * 2 ** 20;
const maxAttempts = 3;

interface CloneInput {
  url: string;
  branch: string | null;
  /** The point in the history with the previous tree. */
  point: string;
  /** The snapshot of the previous state. */
  snapshot_id: string;
  running: string[];
  attempt: number;
}

/** What a clone needs from containers. */
export interface CloneNeeds extends Pick<GitDependencies, "require" | "sandboxOf" | "identityOf" | "hasRun" | "announce" | "treeChanged"> {
  find(projectId: string): Promise<ProjectRow | undefined>;
  diskBytesOf(userId: string): Promise<number>;
  /** Rejects work during a restore or another clone; in the transaction that accepts the work. */
  refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  stopAll(project: ProjectRow): Promise<void>;
  running(project: ProjectRow): Promise<string[]>;
  startAgain(project: ProjectRow, serviceKeys: string[], signal: AbortSignal): Promise<string[]>;
  /** Containers whose folders no longer exist run at the root. */
  resetDirectories(tx: Queries, projectId: string): Promise<void>;
  checkUrl(url: string): Promise<unknown>;
  allowsPlain: AllowsPlain;
  /** Snapshots files and databases; does nothing when that is done. */
  snapshotBefore(
    project: ProjectRow,
    snapshot: { id: string; label: string; userId: string },
    context: Pick<TaskContext, "signal" | "note">,
  ): Promise<void>;
}

/**
 * Replaces the project's files with a repository. It is fetched and checked outside of the sandbox first; the previous files are kept and
 * restored when that fails.
 */
export type GitClone = ReturnType<typeof createGitClone>;
export function createGitClone({
  dependencies,
  store,
  writeQueue,
  tasks,
  fetchRepository,
  withAuthorization,
  log,
}: {
  dependencies: CloneNeeds;
  store: GitStore;
  writeQueue: WriteQueue;
  tasks: Tasks;
  fetchRepository: FetchRepository;
  withAuthorization: WithAuthorization;
  log: Logger;
}) {
  const taskOf = (project: ProjectRow, userId: string, input: CloneInput) => ({
    user_id: userId,
    project_id: project.id,
    type: cloneType,
    unique_key: exclusiveTaskKey(cloneType, project.id),
    metadata: { project_id: project.id, project_slug: project.slug, repo_url: input.url, branch: input.branch },
    input,
    message: "Waiting to clone",
  });

  const run = async (context: TaskContext<CloneInput>) => {
    const { task, input, signal, progress, note } = context;
    const project = await dependencies.find(task.project_id ?? "");
    if (!project) throw conflict("project_busy", "The project was deleted.");
    const room = await dependencies.diskBytesOf(project.owner_id);
    await progress(5, "Contacting the host");
    let reportedPercent = 10;
    const fetch = (authorization: string | undefined) =>
      fetchRepository({
        url: input.url,
        branch: input.branch,
        wantsAll: true,
        authorization,
        signal,
        limits: { ...repositoryLimits, packBytes: Math.min(maxPackBytes, Math.floor(room / 2)), treeBytes: Math.floor(room / 2) },
        onPhase: (phase) => (phase === "reached" ? progress(10, "Cloning") : progress(60, "Checking the repository")),
        onProgress: (line) => {
          const percent = 10 + Math.floor(Number(/(\d+)%/.exec(line)?.[1] ?? 0) / 2);
          if (percent < reportedPercent + 5) return;
          reportedPercent = percent;
          void progress(
            percent,
            line
              .replace(/^remote: /, "")
              .trim()
              .slice(0, 120),
          ).catch(() => undefined);
        },
      });
    await using fetched = await withAuthorization(task.user_id, input.url, fetch);
    const sandbox = await dependencies.sandboxOf(project);
    const leftOut = leftOutOf(fetched, input.url);
    for (const line of leftOut) await note(line);
    await progress(62, "Creating a snapshot of the current files");
    await dependencies.snapshotBefore(
      project,
      { id: input.snapshot_id, label: `Before cloning ${ownerAndName(input.url).name ?? input.url}`.slice(0, 255), userId: task.user_id },
      context,
    );
    let hasPointers = false;
    await writeQueue.take(project.id, async () => {
      await progress(65, "Stopping containers");
      await dependencies.stopAll(project);
      try {
        await replaceTree(sandbox, input, context, async () => {
          await progress(75, `Checking out ${fetched.files} files of ${fetched.branch}`);
          await writeRepository(sandbox, fetched, input.url, await dependencies.identityOf(task.user_id));
          await checkOut(sandbox, signal);
        });
        await store.transaction(async (tx) => {
          await dependencies.resetDirectories(tx, project.id);
          await store.link(tx, project.id, input.url, fetched.branch);
        });
        await store.update(project.id, { sync_status: "synced", last_commit_sha: fetched.commit, isSynced: true });
        hasPointers = await hasLargeFileStorage(sandbox.files);
        if (hasPointers) await note(pointersOnly);
      } finally {
        await dependencies.treeChanged(project.id);
        await dependencies.announce(project.id);
        // After a shutdown the next server resumes this task.
        if (signal.reason !== "shutdown" && input.running.length > 0) {
          await progress(90, "Restarting containers");
          for (const name of await dependencies.startAgain(project, input.running, new AbortController().signal))
            await note(`${name} did not restart`);
        }
      }
    });
    return {
      branch: fetched.branch,
      repo_name: ownerAndName(input.url).name,
      commit_sha: fetched.commit,
      safety_snapshot_id: input.snapshot_id,
      branches: fetched.references.filter(({ name }) => name.startsWith("refs/remotes/")).length,
      tags: fetched.references.filter(({ name }) => name.startsWith("refs/tags/")).length,
      left_out: [...leftOut, ...(hasPointers ? [pointersOnly] : [])],
    };
  };

  tasks.define<CloneInput>(cloneType, {
    timeoutMs,
    run: (context) => run(context).catch((error: unknown) => Promise.reject(named(error))),
    interrupted: async (task: TaskRow) => {
      const input = task.input as CloneInput;
      const project = await dependencies.find(task.project_id ?? "");
      if (!project) return;
      if (input.attempt < maxAttempts) {
        log.info({ project_id: project.id, attempt: input.attempt + 1 }, "clone resumed");
        await tasks.createOnce(taskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }));
      } else await bringBack(await dependencies.sandboxOf(project), input.point);
    },
  });

  return {
    /** Throws `invalid_repo_url`, `bad_ref`, `outbound_refused`, `run_active`, `project_busy`. */
    begin: async (userId: string, ref: string, { repo_url, branch }: { repo_url: string; branch?: string | null }) => {
      const project = await dependencies.require(userId, ref);
      const url = repositoryUrl(repo_url, dependencies.allowsPlain);
      await dependencies.checkUrl(url);
      if (branch !== null && branch !== undefined) requireBranchName(branch);
      await dependencies.sandboxOf(project);
      const running = await dependencies.running(project);
      const task = await store.transaction(async (tx) => {
        await dependencies.refuseWhileRestoring(tx, project.id);
        if (await dependencies.hasRun(project.id, tx))
          throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
        const point = `clone/${crypto.randomUUID()}`;
        const snapshot_id = crypto.randomUUID();
        return tasks.create(tx, taskOf(project, userId, { url, branch: branch ?? null, point, snapshot_id, running, attempt: 1 }));
      });
      return taskLinks(task);
    },
  };
}

const pointersOnly = "Git LFS files are pointers only. Run git lfs pull in a terminal to fetch them.";

/** What was left out of the project, one sentence each. */
function leftOutOf({ extent, branch, hasSubmodules }: FetchedRepository, url: string): string[] {
  const { host } = new URL(url);
  return [
    ...(extent.isWhole
      ? []
      : [`The repository is large: only branch ${branch} was fetched, without tags. Checking out another branch fetches it from ${host}.`]),
    ...(extent.depth === undefined
      ? []
      : [`The repository is large: only the last ${extent.depth} commits of ${extent.isWhole ? "each branch" : "it"} were fetched.`]),
    ...(hasSubmodules ? ["Submodules were left out."] : []),
  ];
}

/** The error of a failed clone begins with a code that clients match. */
function named(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const name = { gateway_timeout: "timeout", repo_not_found: "", repo_auth_required: "", provider_token_expired: "" }[error.code as string];
  return name === undefined ? error : new AppError(error.code, `${name || error.code}: ${error.message}`, { cause: error });
}

/** Empties and fills the tree; restores the previous files on failure. */
async function replaceTree(
  sandbox: Sandbox,
  input: CloneInput,
  { signal, progress }: TaskContext,
  fill: () => Promise<void>,
): Promise<void> {
  await progress(70, "Saving the current files");
  const { history } = sandbox;
  // An earlier attempt may have emptied the tree: its saved state counts.
  const isKept = (await history.find(input.point)) !== undefined;
  if (!isKept) await history.take(input.point, { signal });
  try {
    await sandbox.exec(["find", ".", "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "--", "{}", "+"]);
    await fill();
  } catch (error) {
    // A shutdown is not a failure: the next server resumes.
    if (signal.reason !== "shutdown") await bringBack(sandbox, input.point);
    throw error;
  }
  await history.remove([input.point]);
}

async function bringBack(sandbox: Sandbox, point: string): Promise<void> {
  if ((await sandbox.history.find(point)) === undefined) return;
  await sandbox.history.restore(point);
  await sandbox.history.remove([point]);
}
