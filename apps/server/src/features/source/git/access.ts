import type { Sandbox } from "@tesslate/runtime";
import type { Queries } from "../../../platform/database.ts";
import { conflict } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { removeStaleLocks } from "./stale-locks.ts";
import type { Identity } from "./identity.ts";
import { openWorkingRepo, type WorkingRepo } from "./working-repo.ts";

/** The projects as git opens them. */
export interface GitProjects {
  require(userId: string, ref: string): Promise<ProjectRow>;
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  /** The project's processes run and it does not sleep until the returned function is called. */
  keepAwake(projectId: string, use?: { isUse?: boolean }): Promise<() => void>;
}

/** Work that excludes changes of the tree. */
export interface TreeExclusion {
  /** Throws `project_busy` during a restore or clone: changes would be lost or mixed with it. */
  refuseDuringExclusiveTask(projectId: string): Promise<void>;
  /** Whether an agent run is active in the project. */
  hasRun(projectId: string, tx?: Queries): Promise<boolean>;
}

/** To call after git changed a project. */
export interface GitChanges {
  /** Emits that the repository changed. */
  announce(projectId: string): Promise<void>;
  touch(projectId: string): Promise<void>;
  /** After files were replaced: emits that, and features that keep rows about files follow. */
  treeChanged(projectId: string): Promise<void>;
}

export interface Opened {
  project: ProjectRow;
  repo: WorkingRepo;
}

export type GitAccess = ReturnType<typeof createGitAccess>;
/** Access to a project's repository: ownership, sandbox, and serialized writes. */
export function createGitAccess({
  projects,
  firstCommits,
  identityOf,
  exclusion,
  changes,
  writeQueue,
}: {
  projects: GitProjects;
  /** Git waits for the first commit of a new project. */
  firstCommits: { settled(projectId: string): Promise<void> };
  identityOf(userId: string): Promise<Identity>;
  exclusion: TreeExclusion;
  changes: GitChanges;
  writeQueue: WriteQueue;
}) {
  const open = async (userId: string, ref: string): Promise<Opened> => {
    const project = await projects.require(userId, ref);
    await firstCommits.settled(project.id);
    const [sandbox, identity] = await Promise.all([projects.sandboxOf(project), identityOf(userId)]);
    return { project, repo: openWorkingRepo(sandbox, identity) };
  };
  /** Reading is not use: the project may sleep while a window polls. */
  const awake = async <T>(projectId: string, isUse: boolean, work: () => Promise<T>): Promise<T> => {
    const release = await projects.keepAwake(projectId, { isUse });
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
     * Runs serialized, then emits a change, unless `isSilent`: nothing that a person sees changes. `movesTree`: replaces files, so it is rejected with
     * `run_active` during an agent run. `changesTree`: changes files, also beside a run. `inExclusiveTask`: called by a restore, which excludes everything else.
     */
    writing: async <T>(
      userId: string,
      ref: string,
      work: (opened: Opened) => Promise<T>,
      { anything = false, movesTree = false, changesTree = false, isSilent = false, inExclusiveTask = false } = {},
    ): Promise<T> => {
      const opened = await open(userId, ref);
      const { id } = opened.project;
      return writeQueue.run(id, () =>
        awake(id, true, async () => {
          if (!inExclusiveTask) await exclusion.refuseDuringExclusiveTask(id);
          if (!anything) await opened.repo.require();
          if (!anything || (await opened.repo.isRepository())) await removeStaleLocks(opened.repo.sandbox);
          if (movesTree && (await exclusion.hasRun(id)))
            throw conflict("run_active", "The agent is working in this project. Stop it, or wait until it is done.");
          try {
            return await work(opened);
          } finally {
            if (movesTree || changesTree) await changes.treeChanged(id);
            if (!isSilent) await Promise.all([changes.announce(id), changes.touch(id)]);
          }
        }),
      );
    },
  };
}

/** Serializes git writes of a project. A project's tree is on one server, so an in-process queue is sufficient. */
export interface WriteQueue {
  /** Throws `git_busy` when its turn does not come within `waitMs`. */
  run<T>(projectId: string, work: () => Promise<T>): Promise<T>;
}
export function createWriteQueue({ waitMs }: { waitMs: number }): WriteQueue {
  const last = new Map<string, Promise<unknown>>();
  return {
    run: async (projectId, work) => {
      const before = last.get(projectId);
      const mine = Promise.withResolvers<void>();
      const chained = (before ?? Promise.resolve()).then(() => mine.promise);
      last.set(projectId, chained);
      void chained.then(() => last.get(projectId) === chained && last.delete(projectId));
      try {
        if (before) await within(before, waitMs);
        return await work();
      } finally {
        mine.resolve();
      }
    },
  };
}

async function within(turn: Promise<unknown>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(conflict("git_busy", "Another git command is running in this project. Try again in a moment.")),
      waitMs,
    );
  });
  try {
    await Promise.race([turn, late]);
  } finally {
    clearTimeout(timer);
  }
}
