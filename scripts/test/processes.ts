/** Processes of this machine according to /proc. Without /proc (macOS) the list is empty. */
import { existsSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Its arguments, or its name in brackets if it has none. */
  command: string;
  cwd: string;
  /** `NAME=value` each. Empty for processes of another user. */
  environment: string[];
  /** Paths of its control groups, one per hierarchy. */
  groups: string[];
  /** Ended, but its parent has not waited for it yet. */
  isZombie: boolean;
}

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // ended, or not readable for us
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
  // The name is in parentheses and may contain anything.
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

/** The given processes and all their descendants. */
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
    return []; // ended, or not readable for us
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

/** CPU seconds of all ended children of this process, with their descendants. */
export function secondsOfEndedChildren(): number {
  const stat = read("/proc/self/stat");
  if (stat === "") return 0;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Ticks of user and system time, which are hundredths of a second on every platform.
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
