import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError, type Entry, type Sandbox } from "@tesslate/runtime";

/** Wait this long for a running git, which may be read-only or about to exit. */
const patienceMs = 3_000;
const stepMs = 50;
/** Large folders without lock files; references are listed separately. */
const elsewhere = new Set(["objects", "refs", "logs", "hooks", "modules", "worktrees", "lfs", "info", "rr-cache"]);

/**
 * Removes lock files that a killed git left, which would block every later command. Only when no git process runs. Runs in the project's
 * write queue, so that no git of ours takes a lock in between; a git in a terminal that starts in between sees the lock and gives up.
 */
export async function removeStaleLocks(sandbox: Sandbox): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await sleep(stepMs)) {
    const locks = await locksOf(sandbox);
    if (locks.length === 0) return;
    const isHeld = (await sandbox.programs()).some((name) => name.startsWith("git"));
    if (!isHeld) return void (await Promise.all(locks.map((lock) => removeSame(sandbox, lock))));
    // A running git's lock: the command itself reports it.
    if (performance.now() > until) return;
  }
}

async function locksOf({ files }: Sandbox): Promise<Entry[]> {
  const found = await Promise.all([files.walk({ under: ".git", skip: elsewhere }), files.walk({ under: ".git/refs" })].map(orNothing));
  return found.flat().filter(({ path, isDirectory }) => !isDirectory && path.endsWith(".lock"));
}
/** Reference folders may be created and deleted while git works. */
const orNothing = (walk: Promise<Entry[]>): Promise<Entry[]> =>
  walk.catch((error: unknown) => {
    if (error instanceof RuntimeError && error.code === "not_found") return [];
    throw error;
  });

/** Only the same file, not a newer lock. */
async function removeSame({ files }: Sandbox, { path, etag }: Entry): Promise<void> {
  await files.remove(path, { ifMatch: etag }).catch((error: unknown) => {
    if (!(error instanceof RuntimeError) || !["not_found", "etag_mismatch"].includes(error.code)) throw error;
  });
}
