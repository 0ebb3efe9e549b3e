import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError, type Entry, type Sandbox } from "@tesslate/runtime";

/** A git that only reads, or is about to end, is waited for. */
const patienceMs = 3_000;
const stepMs = 50;
/** Beside the lock files of git, and large. References are looked at by themselves. */
const elsewhere = new Set(["objects", "refs", "logs", "hooks", "modules", "worktrees", "lfs", "info", "rr-cache"]);

/**
 * A git that was killed leaves its locks, and every later one would be told that another is at work. What no living git can hold is removed.
 * In the project's turn, so that no git of ours takes a lock meanwhile; one of a terminal that begins meanwhile finds the lock and gives up.
 */
export async function removeDeadLocks(sandbox: Sandbox): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await sleep(stepMs)) {
    const locks = await locksOf(sandbox);
    if (locks.length === 0) return;
    const isHeld = (await sandbox.programs()).some((name) => name.startsWith("git"));
    if (!isHeld) return void (await Promise.all(locks.map((lock) => removeSame(sandbox, lock))));
    // A living git's: the command itself says so.
    if (performance.now() > until) return;
  }
}

async function locksOf({ files }: Sandbox): Promise<Entry[]> {
  const found = await Promise.all([files.walk({ under: ".git", skip: elsewhere }), files.walk({ under: ".git/refs" })].map(orNothing));
  return found.flat().filter(({ path, isDirectory }) => !isDirectory && path.endsWith(".lock"));
}
/** Under a git that works, folders of references come and go. */
const orNothing = (walk: Promise<Entry[]>): Promise<Entry[]> =>
  walk.catch((error: unknown) => {
    if (error instanceof RuntimeError && error.code === "not_found") return [];
    throw error;
  });

/** Not the one of somebody who came since. */
async function removeSame({ files }: Sandbox, { path, etag }: Entry): Promise<void> {
  await files.remove(path, { ifMatch: etag }).catch((error: unknown) => {
    if (!(error instanceof RuntimeError) || !["not_found", "etag_mismatch"].includes(error.code)) throw error;
  });
}
