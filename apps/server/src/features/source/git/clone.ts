import type { Sandbox } from "@tesslate/runtime";
import { AppError, conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { WithAuthorization } from "../git-providers/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskKey, taskLinks, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import { repositoryLimits, type FetchedRepository, type FetchRepository } from "./fetch-repository.ts";
import type { GitNeeds } from "./access.ts";
import type { GitStore } from "./git.store.ts";
import { partsOf, repositoryUrl, type AllowsPlain } from "./repository-url.ts";
import type { Turns } from "./write-queue.ts";
import { checkOut, hasLargeFileStorage, writeRepository } from "./unpack.ts";
import { requireBranchName } from "./working-repo.ts";

const cloneType = "git_clone";
const timeoutMs = 15 * 60_000;
const maxPackBytes = 512 * 2 ** 20;
const maxAttempts = 3;

interface CloneInput {
  url: string;
  branch: string | null;
  /** Of the history: the tree as it was. */
  point: string;
  /** The snapshot that keeps what there was before. */
  snapshot_id: string;
  running: string[];
  attempt: number;
}

/** What a clone needs of the containers. */
export interface CloneNeeds extends Pick<GitNeeds, "require" | "sandboxOf" | "identityOf" | "hasRun" | "announce" | "treeChanged"> {
  find(projectId: string): Promise<ProjectRow | undefined>;
  diskBytesOf(userId: string): Promise<number>;
  /** Refuses work that would meet a restore or another clone half way; in the transaction that accepts the work. */
  refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  stopAll(project: ProjectRow): Promise<void>;
  running(project: ProjectRow): Promise<string[]>;
  startAgain(project: ProjectRow, serviceKeys: string[], signal: AbortSignal): Promise<string[]>;
  /** Containers that run in folders of the tree that was run at its root now. */
  resetDirectories(tx: Queries, projectId: string): Promise<void>;
  checkUrl(url: string): Promise<unknown>;
  allowsPlain: AllowsPlain;
  /** A snapshot of the files and databases of now; done already, nothing. */
  keepBefore(
    project: ProjectRow,
    snapshot: { id: string; label: string; userId: string },
    context: Pick<TaskContext, "signal" | "note">,
  ): Promise<void>;
}

/**
 * A repository in the place of the project's files (agent-git-deploy 5.2). It is fetched and looked at outside first; the files there were are
 * kept until the new ones are in their place, and come back when that fails.
 */
export type GitClone = ReturnType<typeof createGitClone>;
export function createGitClone({
  needs,
  store,
  turns,
  tasks,
  fetchRepository,
  withAuthorization,
  log,
}: {
  needs: CloneNeeds;
  store: GitStore;
  turns: Turns;
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
    const project = await needs.find(task.project_id ?? "");
    if (!project) throw conflict("project_busy", "The project is gone.");
    const room = await needs.diskBytesOf(project.owner_id);
    await progress(5, "Asking the host for the repository");
    let told = 10;
    const fetch = (authorization: string | undefined) =>
      fetchRepository({
        url: input.url,
        branch: input.branch,
        wantsAll: true,
        authorization,
        signal,
        limits: { ...repositoryLimits, packBytes: Math.min(maxPackBytes, Math.floor(room / 2)), treeBytes: Math.floor(room / 2) },
        onPhase: (phase) => (phase === "reached" ? progress(10, "Cloning") : progress(60, "Checking what is in it")),
        onProgress: (line) => {
          const percent = 10 + Math.floor(Number(/(\d+)%/.exec(line)?.[1] ?? 0) / 2);
          if (percent < told + 5) return;
          told = percent;
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
    const sandbox = await needs.sandboxOf(project);
    const leftOut = leftOutOf(fetched, input.url);
    for (const line of leftOut) await note(line);
    await progress(62, "Keeping a snapshot of the files as they are");
    await needs.keepBefore(
      project,
      { id: input.snapshot_id, label: `Before cloning ${partsOf(input.url).name ?? input.url}`.slice(0, 255), userId: task.user_id },
      context,
    );
    let hasPointers = false;
    await turns.take(project.id, async () => {
      await progress(65, "Stopping what runs");
      await needs.stopAll(project);
      try {
        await replaceTree(sandbox, input, context, async () => {
          await progress(75, `Checking out ${fetched.files} files of ${fetched.branch}`);
          await writeRepository(sandbox, fetched, input.url, await needs.identityOf(task.user_id));
          await checkOut(sandbox, signal);
        });
        await store.transaction(async (tx) => {
          await needs.resetDirectories(tx, project.id);
          await store.link(tx, project.id, input.url, fetched.branch);
        });
        await store.update(project.id, { sync_status: "synced", last_commit_sha: fetched.commit, isSynced: true });
        hasPointers = await hasLargeFileStorage(sandbox.files);
        if (hasPointers) await note(pointersOnly);
      } finally {
        await needs.treeChanged(project.id);
        await needs.announce(project.id);
        // A shutdown leaves the rest to the next start, which begins with this task.
        if (signal.reason !== "shutdown" && input.running.length > 0) {
          await progress(90, "Starting what ran before");
          for (const name of await needs.startAgain(project, input.running, new AbortController().signal))
            await note(`${name} could not be started again`);
        }
      }
    });
    return {
      branch: fetched.branch,
      repo_name: partsOf(input.url).name,
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
      const project = await needs.find(task.project_id ?? "");
      if (!project) return;
      if (input.attempt < maxAttempts) {
        log.info({ project_id: project.id, attempt: input.attempt + 1 }, "clone resumed");
        await tasks.createOnce(taskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }));
      } else await bringBack(await needs.sandboxOf(project), input.point);
    },
  });

  return {
    /** Throws `invalid_repo_url`, `bad_ref`, `outbound_refused`, `run_active`, `project_busy`. */
    begin: async (userId: string, ref: string, { repo_url, branch }: { repo_url: string; branch?: string | null }) => {
      const project = await needs.require(userId, ref);
      const url = repositoryUrl(repo_url, needs.allowsPlain);
      await needs.checkUrl(url);
      if (branch !== null && branch !== undefined) requireBranchName(branch);
      await needs.sandboxOf(project);
      const running = await needs.running(project);
      const task = await store.transaction(async (tx) => {
        await needs.refuseWhileRestoring(tx, project.id);
        if (await needs.hasRun(project.id, tx))
          throw conflict("run_active", "The agent works in this project. Stop it, or wait until it is done.");
        const point = `clone/${crypto.randomUUID()}`;
        const snapshot_id = crypto.randomUUID();
        return tasks.create(tx, taskOf(project, userId, { url, branch: branch ?? null, point, snapshot_id, running, attempt: 1 }));
      });
      return taskLinks(task);
    },
  };
}

const pointersOnly = "Files that are kept with Git LFS are here as their pointers only. Fetch them in a terminal with git lfs pull.";

/** What of the repository is not in the project, one sentence each. */
function leftOutOf({ extent, branch, hasSubmodules }: FetchedRepository, url: string): string[] {
  const { host } = new URL(url);
  return [
    ...(extent.isWhole
      ? []
      : [`The repository is large: only the branch ${branch} came, without tags. Checking out another branch fetches it from ${host}.`]),
    ...(extent.depth === undefined
      ? []
      : [`The repository is large: only the last ${extent.depth} commits of ${extent.isWhole ? "each branch" : "it"} came.`]),
    ...(hasSubmodules ? ["The repository has submodules. They were left out."] : []),
  ];
}

/** The error of a failed clone begins with what clients tell it by (agent-git-deploy 5.2). */
function named(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const name = { gateway_timeout: "timeout", repo_not_found: "", repo_auth_required: "", provider_token_expired: "" }[error.code as string];
  return name === undefined ? error : new AppError(error.code, `${name || error.code}: ${error.message}`, { cause: error });
}

/** Empties the tree and fills it; when that fails, what was there is there again. */
async function replaceTree(
  sandbox: Sandbox,
  input: CloneInput,
  { signal, progress }: TaskContext,
  fill: () => Promise<void>,
): Promise<void> {
  await progress(70, "Keeping the files as they are");
  const { history } = sandbox;
  // An attempt before this one may have emptied the tree: what it kept is what counts.
  const isKept = (await history.find(input.point)) !== undefined;
  if (!isKept) await history.take(input.point, { signal });
  try {
    await sandbox.exec(["find", ".", "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "--", "{}", "+"]);
    await fill();
  } catch (error) {
    // A shutdown is no failure of the clone: the next start goes on with it.
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
