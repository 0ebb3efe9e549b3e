import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** TCP ports the given processes listen on, seen in their own network namespace, lowest first. */
export function listeningPorts(pids: readonly number[]): number[] {
  const inodes = new Set<string>();
  for (const pid of pids)
    for (const fd of list(`/proc/${pid}/fd`)) {
      const match = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`));
      if (match?.[1]) inodes.add(match[1]);
    }
  if (inodes.size === 0) return [];
  const ports = new Set<number>();
  for (const pid of pids) {
    const tables = ["tcp", "tcp6"].map((table) => text(`/proc/${pid}/net/${table}`));
    if (tables.every((table) => table === "")) continue; // it just ended: ask another one
    for (const { port, inode } of tables.flatMap(parseListeners)) if (inodes.has(inode)) ports.add(port);
    break;
  }
  return [...ports].sort((a, b) => a - b);
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
function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
