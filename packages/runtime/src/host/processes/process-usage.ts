import { readFileSync } from "node:fs";
import type { SandboxUsage } from "../../types.ts";

/** Of `utime` and `stime`: the kernel reports them in hundredths of a second on every architecture. */
const ticksPerSecond = 100;

/**
 * What these processes use, from `/proc`; `undefined` if none of them exists. Memory that they share is counted once: what the process with
 * most of it has. CPU time includes that of children that have ended and were waited for.
 */
export function usageOfProcesses(pids: readonly number[]): SandboxUsage | undefined {
  let own = 0;
  let shared = 0;
  let ticks = 0;
  let count = 0;
  for (const pid of pids) {
    let status: string;
    let stat: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, "utf8");
      stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue; // it just ended
    }
    const bytes = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
    own += bytes("RssAnon");
    shared = Math.max(shared, bytes("RssFile") + bytes("RssShmem"));
    // The name before it is in parentheses and can contain anything. From the state on: utime is the 12th field, then stime, cutime, cstime.
    const times = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += times.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    count++;
  }
  return count === 0 ? undefined : { memoryBytes: own + shared, cpuSeconds: ticks / ticksPerSecond, pids: count };
}
