import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

let cleaner: ChildProcess | undefined;

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
export const own = (dir: string): void => tell(`own ${dir}`);
/** It is gone, or somebody else's. */
export const disown = (dir: string): void => tell(`disown ${dir}`);
