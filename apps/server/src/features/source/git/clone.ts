import type { Sandbox } from "@tesslate/runtime";
import { conflict } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { taskLinks, type Tasks } from "../../core/tasks/index.ts";
import type { TreeExclusion } from "./access.ts";
import { cloneTaskOf } from "./clone-task.ts";
import type { GitStore } from "./git.store.ts";
import { repositoryUrl } from "./repository-url.ts";
import { requireBranchName } from "./working-repo.ts";

export type GitClone = ReturnType<typeof createGitClone>;
/**
 * Replaces the project's files with a repository. It is fetched and checked outside of the sandbox first; the previous files are kept and
 * restored when that fails.
 */
export function createGitClone({
  projects,
  running,
  exclusion,
  outbound,
  store,
  tasks,
}: {
  projects: { require(userId: string, ref: string): Promise<ProjectRow>; sandboxOf(project: ProjectRow): Promise<Sandbox> };
  /** Service keys of active services. */
  running(project: ProjectRow): Promise<string[]>;
  exclusion: Pick<TreeExclusion, "hasRun"> & {
    /** Rejects work during a restore or another clone; in the transaction that accepts the work. */
    refuseWhileRestoring(tx: Queries, projectId: string): Promise<void>;
  };
  outbound: Pick<Outbound, "check" | "allowsPlain">;
  store: Pick<GitStore, "transaction">;
  tasks: Pick<Tasks, "create">;
}) {
  return {
    /** Throws `invalid_repo_url`, `bad_ref`, `outbound_refused`, `run_active`, `project_busy`. */
    begin: async (userId: string, ref: string, { repo_url, branch }: { repo_url: string; branch?: string | null }) => {
      const project = await projects.require(userId, ref);
      const url = repositoryUrl(repo_url, outbound.allowsPlain);
      await outbound.check(url);
      if (branch !== null && branch !== undefined) requireBranchName(branch);
      await projects.sandboxOf(project);
      const active = await running(project);
      const task = await store.transaction(async (tx) => {
        await exclusion.refuseWhileRestoring(tx, project.id);
        if (await exclusion.hasRun(project.id, tx))
          throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
        const point = `clone/${crypto.randomUUID()}`;
        const snapshot_id = crypto.randomUUID();
        return tasks.create(
          tx,
          cloneTaskOf(project, userId, { url, branch: branch ?? null, point, snapshot_id, running: active, attempt: 1 }),
        );
      });
      return taskLinks(task);
    },
  };
}
