import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

let cleaner: ChildProcess | undefined;
const dirs = new Set<string>();

function send(line: string): void {
  if (!cleaner) {
    cleaner = spawn(process.execPath, [join(import.meta.dirname, "cleaner.ts")], {
      stdio: ["pipe", "ignore", "ignore"],
      // Its own session, so that it survives when this process is interrupted or killed.
      detached: true,
    });
    cleaner.unref();
    (cleaner.stdin as unknown as { unref(): void } | null)?.unref();
    cleaner.stdin?.on("error", () => undefined);
  }
  cleaner.stdin?.write(`${line}\n`);
}

/** When this process ends, however it ends, the folder is deleted and processes that run from it are killed. */
export function trackFolder(dir: string): void {
  dirs.add(dir);
  send(`track ${dir}`);
}
/** It was deleted, or is no longer ours. */
export function untrackFolder(dir: string): void {
  dirs.delete(dir);
  send(`untrack ${dir}`);
}
/** The latest first, because it may be inside an earlier one. */
export const trackedFolders = (): string[] => [...dirs].reverse();

/** Ends the cleaner, once nothing is left to clean. */
export async function stopCleaner(): Promise<void> {
  if (!cleaner || cleaner.exitCode !== null) return;
  cleaner.ref();
  const exited = once(cleaner, "exit");
  cleaner.stdin?.end();
  await exited;
}
