import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemPath } from "../run.ts";

/**
 * Does the work while no other process of this machine does any under the same file. The kernel gives the lock back when its
 * holder ends, however it ends; the file itself stays.
 *
 * For short turns that many wait for: the kernel keeps the queue, and nothing polls. `holdLock` (lock.ts) cannot serve here, since it
 * refuses at once, and SQLite waits only by stopping the whole process. This cannot serve there: the holder is a child of ours, which
 * could be killed while we go on believing that we hold the lock.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  // Whatever `cat` says it says with the lock in hand, and it ends when we close its input or die.
  const holder = spawn("flock", [file, "cat"], { env: { PATH: systemPath }, stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(holder, "close");
  ended.catch(() => {}); // asked below, where it matters
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
