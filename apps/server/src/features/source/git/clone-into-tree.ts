import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskContext } from "../../core/tasks/index.ts";
import type { GitChanges, WriteQueue } from "./access.ts";
import type { FetchedRepository } from "./fetch-repository.ts";
import type { GitStore } from "./git.store.ts";
import { checkOut, hasLargeFileStorage, writeRepository } from "./unpack.ts";

export interface CloneTarget {
  url: string;
  /** The point in the history with the previous tree. */
  point: string;
  /** Service keys to restart. */
  running: string[];
}

export const pointersOnly = "Git LFS files are pointers only. Run git lfs pull in a terminal to fetch them.";

export type CloneIntoTree = ReturnType<typeof createCloneIntoTree>;
/** Replaces the tree of a project with a fetched repository. Resolves to whether files are Git LFS pointers. */
export const createCloneIntoTree =
  ({
    store,
    containers,
    changes,
    writeQueue,
  }: {
    store: GitStore;
    containers: {
      stopAll(project: ProjectRow): Promise<void>;
      startAgain(project: ProjectRow, serviceKeys: string[], signal: AbortSignal): Promise<string[]>;
    };
    changes: Pick<GitChanges, "announce" | "treeChanged">;
    writeQueue: WriteQueue;
  }) =>
  async (
    project: ProjectRow,
    sandbox: Sandbox,
    { target, fetched }: { target: CloneTarget; fetched: FetchedRepository },
    context: TaskContext,
  ): Promise<boolean> => {
    const { task, signal, progress, note } = context;
    let hasPointers = false;
    await writeQueue.run(project.id, async () => {
      await progress(65, "Stopping containers");
      await containers.stopAll(project);
      try {
        await replaceTree(sandbox, target.point, context, async () => {
          await progress(75, `Checking out ${fetched.files} files of ${fetched.branch}`);
          await writeRepository(sandbox, fetched, target.url, await store.identityOf(task.user_id));
          await checkOut(sandbox, signal);
        });
        await store.transaction(async (tx) => {
          await store.resetDirectories(tx, project.id);
          await store.link(tx, project.id, target.url, fetched.branch);
        });
        await store.update(project.id, { sync_status: "synced", last_commit_sha: fetched.commit, isSynced: true });
        hasPointers = await hasLargeFileStorage(sandbox.files);
        if (hasPointers) await note(pointersOnly);
      } finally {
        await changes.treeChanged(project.id);
        await changes.announce(project.id);
        // After a shutdown the next server resumes this task.
        if (signal.reason !== "shutdown" && target.running.length > 0) {
          await progress(90, "Restarting containers");
          for (const name of await containers.startAgain(project, target.running, new AbortController().signal))
            await note(`${name} did not restart`);
        }
      }
    });
    return hasPointers;
  };

/** Empties and fills the tree; restores the previous files on failure. */
async function replaceTree(sandbox: Sandbox, point: string, { signal, progress }: TaskContext, fill: () => Promise<void>): Promise<void> {
  await progress(70, "Saving the current files");
  const { history } = sandbox;
  // An earlier attempt may have emptied the tree: its saved state counts.
  const isKept = (await history.find(point)) !== undefined;
  if (!isKept) await history.capture(point, { signal });
  try {
    await sandbox.exec(["find", ".", "-mindepth", "1", "-maxdepth", "1", "-exec", "rm", "-rf", "--", "{}", "+"]);
    await fill();
  } catch (error) {
    // A shutdown is not a failure: the next server resumes.
    if (signal.reason !== "shutdown") await bringBack(sandbox, point);
    throw error;
  }
  await history.remove([point]);
}

export async function bringBack(sandbox: Sandbox, point: string): Promise<void> {
  if ((await sandbox.history.find(point)) === undefined) return;
  await sandbox.history.restore(point);
  await sandbox.history.remove([point]);
}
