import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface MemoryUse {
  usedBytes: number;
  totalBytes: number;
}

/** Memory use of this host, or of an enclosing control group with a limit: the one closest to its limit. Reclaimable caches do not count. */
export function readMemory({ proc = "/proc", cgroups = "/sys/fs/cgroup" } = {}): MemoryUse | undefined {
  const uses = [hostUse(proc), ...groupsOf(proc, cgroups).map(groupUse)].filter((use) => use !== undefined);
  return uses.toSorted((a, b) => b.usedBytes / b.totalBytes - a.usedBytes / a.totalBytes)[0];
}

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};
const field = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN);

function hostUse(proc: string): MemoryUse | undefined {
  const text = read(join(proc, "meminfo"));
  const totalBytes = field(text, /^MemTotal:\s+(\d+) kB/m) * 1024;
  const free = field(text, /^MemAvailable:\s+(\d+) kB/m) * 1024;
  return totalBytes > 0 && free >= 0 ? { usedBytes: totalBytes - free, totalBytes } : undefined;
}

/** Folders of this process's memory control group and its visible parents. */
function groupsOf(proc: string, root: string): string[] {
  const lines = read(join(proc, "self/cgroup")).split("\n");
  const unified = lines.find((line) => line.startsWith("0::"))?.slice(3);
  const legacy = lines.find((line) => /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:/.test(line))?.split(":")[2];
  const base = legacy === undefined ? root : join(root, "memory");
  const parts = (legacy ?? unified ?? "").split("/").filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, depth) => join(base, ...parts.slice(0, depth))).filter((dir) => existsSync(dir));
}

function groupUse(dir: string): MemoryUse | undefined {
  const total = read(join(dir, "memory.max")) || read(join(dir, "memory.limit_in_bytes"));
  const used = read(join(dir, "memory.current")) || read(join(dir, "memory.usage_in_bytes"));
  const [totalBytes, usedBytes] = [Number.parseInt(total, 10), Number.parseInt(used, 10)];
  // cgroup v1 reports "no limit" as a number near 2^63.
  if (!(totalBytes > 0 && totalBytes < 2 ** 60) || !(usedBytes >= 0)) return undefined;
  const cache = field(read(join(dir, "memory.stat")), /^(?:total_)?inactive_file (\d+)/m) || 0;
  return { usedBytes: Math.max(0, usedBytes - cache), totalBytes };
}
