import { readFileSync, readdirSync } from "node:fs";
import { supervisorName } from "../process-isolation.ts";

/**
 * Environment variable inherited by all processes of the process driver, however they detach: identifies them. `<key>/<sandbox>/<name>`.
 */
export const marker = "STUDIO_RUN";

/** Marked processes of this machine, without supervisors, which have the marker too. */
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
