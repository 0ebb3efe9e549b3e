import { readFileSync, readdirSync } from "node:fs";
import { supervisorName } from "./process-isolation.ts";

/**
 * The variable that every process of the process driver carries, and all that descend from it, however they detach: how they are
 * found again. `<key>/<sandbox>/<name>`.
 */
export const marker = "STUDIO_RUN";

/** Those of this machine. Supervisors, which carry the mark too, are left out. */
export function markedProcesses(): { pid: number; mark: string }[] {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const mark = read(`/proc/${name}/environ`)
      .split("\0")
      .find((entry) => entry.startsWith(`${marker}=`))
      ?.slice(marker.length + 1);
    if (mark === undefined || read(`/proc/${name}/cmdline`).includes(`\0${supervisorName}\0`)) continue;
    found.push({ pid: Number(name), mark });
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended, or is none of ours
  }
}
