import type { Sandbox } from "@tesslate/runtime";
import { AppError, conflict } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskKey, type TaskContext, type TaskRow, type Tasks } from "../../core/tasks/index.ts";
import type { FetchForClone } from "./clone-fetch.ts";
import { bringBack, pointersOnly, type CloneIntoTree, type CloneTarget } from "./clone-into-tree.ts";
import type { FetchedRepository } from "./fetch-repository.ts";
import { ownerAndName } from "./repository-url.ts";

const cloneType = "git_clone";
const timeoutMs = 15 * 60_000;
const maxAttempts = 3;

interface CloneInput extends CloneTarget {
  branch: string | null;
  /** The snapshot of the previous state. */
  snapshot_id: string;
  attempt: number;
}

/** The task of a clone. */
export const cloneTaskOf = (project: ProjectRow, userId: string, input: CloneInput) => ({
  user_id: userId,
  project_id: project.id,
  type: cloneType,
  unique_key: exclusiveTaskKey(cloneType, project.id),
  metadata: { project_id: project.id, project_slug: project.slug, repo_url: input.url, branch: input.branch },
  input,
  message: "Waiting to clone",
});

/** Snapshots files and databases; does nothing when that is done. */
export type KeepBefore = (
  project: ProjectRow,
  snapshot: { id: string; label: string; userId: string },
  context: Pick<TaskContext, "signal" | "note">,
) => Promise<void>;

/** Defines the task `git_clone`: the repository is fetched and checked outside of the sandbox before the files are replaced. */
export function defineCloneTask({
  projects,
  fetch,
  snapshotBefore,
  cloneIntoTree,
  tasks,
  log,
}: {
  projects: { find(projectId: string): Promise<ProjectRow | undefined>; sandboxOf(project: ProjectRow): Promise<Sandbox> };
  fetch: FetchForClone;
  snapshotBefore: KeepBefore;
  cloneIntoTree: CloneIntoTree;
  tasks: Tasks;
  log: Logger;
}): void {
  const run = async (context: TaskContext<CloneInput>) => {
    const { task, input, progress, note } = context;
    const project = await projects.find(task.project_id ?? "");
    if (!project) throw conflict("project_busy", "The project was deleted.");
    await using fetched = await fetch(project, input, context);
    const sandbox = await projects.sandboxOf(project);
    const leftOut = leftOutOf(fetched, input.url);
    for (const line of leftOut) await note(line);
    await progress(62, "Creating a snapshot of the current files");
    await snapshotBefore(
      project,
      { id: input.snapshot_id, label: `Before cloning ${ownerAndName(input.url).name ?? input.url}`.slice(0, 255), userId: task.user_id },
      context,
    );
    const hasPointers = await cloneIntoTree(project, sandbox, { target: input, fetched }, context);
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
      const project = await projects.find(task.project_id ?? "");
      if (!project) return;
      if (input.attempt < maxAttempts) {
        log.info({ project_id: project.id, attempt: input.attempt + 1 }, "clone resumed");
        await tasks.createOnce(cloneTaskOf(project, task.user_id, { ...input, attempt: input.attempt + 1 }));
      } else await bringBack(await projects.sandboxOf(project), input.point);
    },
  });
}

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
