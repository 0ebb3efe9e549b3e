import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";

/** One process per data folder. A lock whose holder is dead is taken over. Returns the release. */
export function holdLock(file: string): () => void {
  const mine = nameOfProcess(process.pid);
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => {
        if (read(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 3) throw error;
      const holder = read(file);
      if (isProcess(holder)) throw new RuntimeError("unavailable", `process ${holder.split(" ")[0]} uses this data folder already`);
      rmSync(file, { force: true });
    }
  }
}

/** The same, but whoever ends what an earlier server left (`caretaker` is on its command line) is waited for: it is done soon. */
export async function awaitLock(file: string, caretaker: string): Promise<() => void> {
  for (const until = Date.now() + 60_000; ; await sleep(100)) {
    try {
      return holdLock(file);
    } catch (error) {
      const [pid] = read(file).split(" ");
      const isCaretaker = pid !== String(process.pid) && read(`/proc/${pid}/cmdline`).split("\0").includes(caretaker);
      // A lock that went meanwhile may have been the caretaker's.
      if (!(error instanceof RuntimeError) || Date.now() > until || (pid && !isCaretaker)) throw error;
    }
  }
}

const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Tells a process from every other one, also from later ones with its pid: `<pid> <start time>`. */
export const nameOfProcess = (pid: number): string => `${pid} ${startTime(pid)}`;

/** Whether the process of that name still runs. */
export function isProcess(name: string): boolean {
  const [pid = "", started = ""] = name.split(" ");
  return started !== "" && startTime(Number(pid)) === started;
}

/** When a process started, in the kernel's ticks: tells it from another one with the same pid. Empty when there is none. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
