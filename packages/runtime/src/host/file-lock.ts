import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemPath } from "../run.ts";

/**
 * Runs `work` exclusively among all processes of this machine that use the same file. The kernel releases the lock when its holder ends;
 * the file stays. For short critical sections with many waiters: the kernel keeps the queue, without polling. `holdLock` (lock.ts) fails
 * immediately instead of waiting, and SQLite waits by blocking the whole process. This lock is not suitable there: its holder is a child
 * process, which could be killed while we assume that we hold the lock.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  // `cat` prints only once the lock is held, and ends when we close its input or die.
  const holder = spawn("flock", [file, "cat"], { env: { PATH: systemPath }, stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(holder, "close");
  ended.catch(() => {}); // awaited below
  holder.stdin.on("error", () => {});
  holder.stdin.write("locked");
  let trouble = "";
  holder.stderr.on("data", (chunk: Buffer) => (trouble += chunk.toString()));
  const hasLock = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!hasLock) throw new Error(`${file} cannot be locked: ${trouble.trim()}`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
