import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

let cleaner: ChildProcess | undefined;
const dirs = new Set<string>();

function tell(line: string): void {
  if (!cleaner) {
    cleaner = spawn(process.execPath, [join(import.meta.dirname, "cleaner.ts")], {
      stdio: ["pipe", "ignore", "ignore"],
      // A session of its own: it is still there when we are interrupted, or killed.
      detached: true,
    });
    cleaner.unref();
    (cleaner.stdin as unknown as { unref(): void } | null)?.unref();
    cleaner.stdin?.on("error", () => undefined);
  }
  cleaner.stdin?.write(`${line}\n`);
}

/** From here on the folder, and whatever runs from it, goes when this process ends, however it ends. */
export function own(dir: string): void {
  dirs.add(dir);
  tell(`own ${dir}`);
}
/** It is gone, or somebody else's. */
export function disown(dir: string): void {
  dirs.delete(dir);
  tell(`disown ${dir}`);
}
/** What is owned now, the last first: it may lie within what was owned before. */
export const owned = (): string[] => [...dirs].reverse();

/** Nothing is to be cleaned any more: whoever would do it goes, too. */
export async function dismissCleaner(): Promise<void> {
  if (!cleaner || cleaner.exitCode !== null) return;
  cleaner.ref();
  const gone = once(cleaner, "exit");
  cleaner.stdin?.end();
  await gone;
}
