import { readFile } from "node:fs/promises";
import { readdirSync, readlinkSync } from "node:fs";

/** Finds the TCP ports that processes listen on, in their own network namespace. */
export interface PortFinder {
  /** Lowest first. */
  find(pids: readonly number[]): Promise<number[]>;
}

/**
 * The kernel takes milliseconds to write its connection table, so it is read in another thread, and only when the processes have sockets
 * and other ones than at the last read.
 */
export function createPortFinder(): PortFinder {
  let seen = { sockets: "", ports: [] as number[] };
  return {
    async find(pids) {
      const inodes = socketsOf(pids);
      if (inodes.size === 0) return [];
      const sockets = [...inodes].sort().join(" ");
      // An existing socket may start listening: the same sockets mean no change only when ports were found.
      if (sockets !== seen.sockets || seen.ports.length === 0) seen = { sockets, ports: await portsOf(pids, inodes) };
      return seen.ports;
    },
  };
}

async function portsOf(pids: readonly number[], inodes: ReadonlySet<string>): Promise<number[]> {
  for (const pid of pids) {
    const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8").catch(() => "")));
    if (tables.every((table) => table === "")) continue; // it just ended: try another one
    const listening = tables.flatMap(parseListeners).filter(({ inode }) => inodes.has(inode));
    return [...new Set(listening.map(({ port }) => port))].sort((a, b) => a - b);
  }
  return [];
}

/** Inodes of the processes' open sockets. */
function socketsOf(pids: readonly number[]): Set<string> {
  const inodes = new Set<string>();
  for (const pid of pids)
    for (const fd of list(`/proc/${pid}/fd`)) {
      const match = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`));
      if (match?.[1]) inodes.add(match[1]);
    }
  return inodes;
}

/** Listening rows of `/proc/net/tcp` or `tcp6`. */
export function parseListeners(table: string): { port: number; inode: string }[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .map((fields) => ({ port: Number.parseInt(fields[1]?.split(":")[1] ?? "", 16), inode: fields[9] ?? "" }));
}

// A process may end between any two reads.
function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
