import type { Sandbox } from "@tesslate/runtime";
import type { Queries } from "../../../platform/database.ts";
import { conflict } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { removeDeadLocks } from "./stale-locks.ts";
import type { Identity } from "./identity.ts";
import type { Turns } from "./write-queue.ts";
import { openWorkingRepo, type WorkingRepo } from "./working-repo.ts";

/** What git needs of the rest of the product. */
export interface GitNeeds {
  require(userId: string, ref: string): Promise<ProjectRow>;
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  /** The project's processes run, and it does not fall asleep, until the returned function is called. */
  keepAwake(projectId: string, use?: { isUse?: boolean }): Promise<() => void>;
  identityOf(userId: string): Promise<Identity>;
  /** Throws `project_busy` while all of the project's files are exchanged: what is done meanwhile would be lost, or mixed with it. */
  refuseDuringExclusiveTask(projectId: string): Promise<void>;
  /** Whether the agent works in the project now. */
  hasRun(projectId: string, tx?: Queries): Promise<boolean>;
  touch(projectId: string): Promise<void>;
  /** git changed the project's repository. */
  announce(projectId: string): Promise<void>;
  /** Files were exchanged under those who keep rows about them. */
  treeChanged(projectId: string): Promise<void>;
}

export interface Opened {
  project: ProjectRow;
  repo: WorkingRepo;
}

export type GitAccess = ReturnType<typeof createGitAccess>;
/** The one way to a project's repository: ownership, the sandbox, and for writes their turn. */
export function createGitAccess(needs: GitNeeds, turns: Turns) {
  const open = async (userId: string, ref: string): Promise<Opened> => {
    const project = await needs.require(userId, ref);
    const [sandbox, identity] = await Promise.all([needs.sandboxOf(project), needs.identityOf(userId)]);
    return { project, repo: openWorkingRepo(sandbox, identity) };
  };
  /** Looking is no use of the project: it may fall asleep under a window that follows it. */
  const awake = async <T>(projectId: string, isUse: boolean, work: () => Promise<T>): Promise<T> => {
    const release = await needs.keepAwake(projectId, { isUse });
    try {
      return await work();
    } finally {
      release();
    }
  };
  return {
    /** `not_a_repository` unless `anything`. */
    reading: async <T>(userId: string, ref: string, work: (opened: Opened) => Promise<T>, { anything = false } = {}): Promise<T> => {
      const opened = await open(userId, ref);
      return awake(opened.project.id, false, async () => {
        if (!anything) await opened.repo.require();
        return work(opened);
      });
    },
    /**
     * In the project's turn; afterwards everybody who looks at the repository hears of it. `movesTree`: files are exchanged, so it is
     * refused with `run_active` while the agent works on them.
     */
    writing: async <T>(
      userId: string,
      ref: string,
      work: (opened: Opened) => Promise<T>,
      { anything = false, movesTree = false } = {},
    ): Promise<T> => {
      const opened = await open(userId, ref);
      const { id } = opened.project;
      return turns.take(id, () =>
        awake(id, true, async () => {
          await needs.refuseDuringExclusiveTask(id);
          if (!anything) await opened.repo.require();
          if (!anything || (await opened.repo.isRepository())) await removeDeadLocks(opened.repo.sandbox);
          if (movesTree && (await needs.hasRun(id)))
            throw conflict("run_active", "The agent works in this project. Stop it, or wait until it is done.");
          try {
            return await work(opened);
          } finally {
            if (movesTree) await needs.treeChanged(id);
            await Promise.all([needs.announce(id), needs.touch(id)]);
          }
        }),
      );
    },
  };
}
