import { readFile } from "node:fs/promises";
import { readdirSync, readlinkSync } from "node:fs";

/** Finds the TCP ports that processes listen on, seen in their own network namespace. */
export interface PortFinder {
  /** Lowest first. */
  find(pids: readonly number[]): Promise<number[]>;
}

/**
 * The kernel takes milliseconds to write its table of connections, whatever is in it, so the table is read in another thread, and only when
 * the processes have a socket at all and other ones than when they were seen to listen.
 */
export function createPortFinder(): PortFinder {
  let seen = { sockets: "", ports: [] as number[] };
  return {
    async find(pids) {
      const inodes = socketsOf(pids);
      if (inodes.size === 0) return [];
      const sockets = [...inodes].sort().join(" ");
      // A socket that is there may still begin to listen: the same sockets tell nothing new only once they do.
      if (sockets !== seen.sockets || seen.ports.length === 0) seen = { sockets, ports: await portsOf(pids, inodes) };
      return seen.ports;
    },
  };
}

async function portsOf(pids: readonly number[], inodes: ReadonlySet<string>): Promise<number[]> {
  for (const pid of pids) {
    const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8").catch(() => "")));
    if (tables.every((table) => table === "")) continue; // it just ended: ask another one
    const listening = tables.flatMap(parseListeners).filter(({ inode }) => inodes.has(inode));
    return [...new Set(listening.map(({ port }) => port))].sort((a, b) => a - b);
  }
  return [];
}

/** Inodes of the sockets that the processes have open. */
function socketsOf(pids: readonly number[]): Set<string> {
  const inodes = new Set<string>();
  for (const pid of pids)
    for (const fd of list(`/proc/${pid}/fd`)) {
      const match = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`));
      if (match?.[1]) inodes.add(match[1]);
    }
  return inodes;
}

/** The listening rows of `/proc/net/tcp` or `tcp6`. */
export function parseListeners(table: string): { port: number; inode: string }[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .map((fields) => ({ port: Number.parseInt(fields[1]?.split(":")[1] ?? "", 16), inode: fields[9] ?? "" }));
}

// A process may end between any two of these reads; then there is nothing to see.
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
