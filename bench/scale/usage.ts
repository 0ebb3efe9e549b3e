/** CPU time and memory of the processes behind a server, read from /proc. */
import { readFileSync } from "node:fs";
import { treeOf } from "../memory.ts";

/** Main processes of what is measured. Their descendants are the database, and what runs for projects. */
export interface Roots {
  servers: number[];
  runners: number[];
  databases: number[];
}
export type Part = "servers" | "runners" | "database" | "projects";
/** CPU in milliseconds since the process began, memory as proportional set size: shared pages are counted once. */
export type Usage = Record<Part, { cpuMs: number; memoryMiB: number }>;

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process has ended
  }
};

export function usageOf({ servers, runners, databases }: Roots): Usage {
  const usage: Usage = {
    servers: { cpuMs: 0, memoryMiB: 0 },
    runners: { cpuMs: 0, memoryMiB: 0 },
    database: { cpuMs: 0, memoryMiB: 0 },
    projects: { cpuMs: 0, memoryMiB: 0 },
  };
  for (const root of [...servers, ...runners, ...databases])
    for (const pid of treeOf(root)) {
      const stat = read(`/proc/${pid}/stat`);
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const part = servers.includes(pid) ? "servers" : runners.includes(pid) ? "runners" : name === "postgres" ? "database" : "projects";
      // Ticks of 10 ms. The database's process of a connection that was closed is gone; its parent has what it used.
      const ticks = part === "database" ? fields.slice(11, 15) : fields.slice(11, 13);
      usage[part].cpuMs += 10 * ticks.reduce((sum, field) => sum + Number(field), 0);
      usage[part].memoryMiB += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
    }
  return usage;
}
