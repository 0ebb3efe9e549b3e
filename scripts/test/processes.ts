/** Processes of this machine as /proc tells them. Without /proc (macOS) there are none to be seen. */
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Its arguments, or in brackets its name when it has none any more. */
  command: string;
  cwd: string;
  /** `NAME=value` each. Empty for what belongs to another user. */
  environment: string[];
  /** Paths of its control groups, one for each hierarchy. */
  groups: string[];
  /** Ended, and not yet waited for by its parent. */
  isZombie: boolean;
}

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // ended meanwhile, or not ours to read
  }
};
const readLink = (path: string) => {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
};

function readProcess(pid: number): ProcessEntry | undefined {
  const dir = `/proc/${pid}`;
  const stat = read(join(dir, "stat"));
  if (stat === "") return undefined;
  // The name stands in parentheses and may hold anything.
  const [state = "", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const command = read(join(dir, "cmdline")).split("\0").join(" ").trim();
  return {
    pid,
    parent: Number(parent),
    command: command || `[${name}]`,
    cwd: readLink(join(dir, "cwd")),
    environment: read(join(dir, "environ")).split("\0"),
    groups: read(join(dir, "cgroup"))
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(":").slice(2).join(":")),
    isZombie: state === "Z" || state === "X",
  };
}

export function listProcesses(): ProcessEntry[] {
  if (!existsSync("/proc/self/stat")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** The given process, its parent, and so on. */
export function ancestorsOf(pid: number, processes: readonly ProcessEntry[]): Set<number> {
  const parents = new Map(processes.map((entry) => [entry.pid, entry.parent]));
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && at > 0 && !found.has(at); at = parents.get(at)) found.add(at);
  return found;
}

/** Those given and all that they started. */
export function withDescendants(pids: Iterable<number>, processes: readonly ProcessEntry[]): Set<number> {
  const found = new Set(pids);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of processes) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/** TCP ports on which a process listens. */
export function portsOf(pid: number): number[] {
  const sockets = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) sockets.add(readLink(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // ended meanwhile, or not ours to read
  }
  const ports = ["tcp", "tcp6"].flatMap((table) =>
    read(`/proc/${pid}/net/${table}`)
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A" && sockets.has(`socket:[${fields[9]}]`))
      .map((fields) => Number.parseInt(fields[1]?.split(":").at(-1) ?? "", 16)),
  );
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/** Seconds of processor time of all children of this process that have ended, with their own. */
export function secondsOfEndedChildren(): number {
  const stat = read("/proc/self/stat");
  if (stat === "") return 0;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Ticks of user and system time; the kernel tells them in hundredths of a second everywhere.
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
