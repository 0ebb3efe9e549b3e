/** A control group for one test run, with one below it for each part: every process of the run is in it, also after its parent ended. Needs root. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ControlGroup {
  /** Moves a process that was just started, and so its future descendants, into the group of a part. */
  add(part: string, pid: number): void;
  /** CPU seconds of everything that ran in the group of a part; `undefined` if the kernel does not count them. */
  cpuSeconds(part: string): number | undefined;
  remove(): void;
}

const base = "/sys/fs/cgroup";
const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Folders of this process's groups: the one that identifies the members of a run, and the one that counts CPU time. */
function ownFolders(): { members: string; cpu: string | undefined } | undefined {
  const lines = read("/proc/self/cgroup")
    .split("\n")
    .map((line) => line.split(":"));
  const pathIn = (controller: string) => {
    const line = lines.find(([, controllers]) => controllers === controller || controllers?.split(",").includes(controller));
    return line?.slice(2).join(":");
  };
  const own = (folder: string, controller: string) => {
    const path = pathIn(controller);
    const dir = path === undefined ? undefined : join(base, folder, path);
    return dir !== undefined && existsSync(join(dir, "cgroup.procs")) ? dir : undefined;
  };
  // One hierarchy for all controllers.
  const unified = existsSync(join(base, "cgroup.controllers")) ? own("", "") : undefined;
  if (unified) return { members: unified, cpu: unified };
  // One hierarchy per controller: the sandboxes move their processes in those that set limits, never in these.
  const members = own("systemd", "name=systemd") ?? own("devices", "devices") ?? own("blkio", "blkio");
  return members === undefined ? undefined : { members, cpu: own("cpuacct", "cpuacct") };
}

/** `undefined` for a user without root, and without control groups. */
export function openControlGroup(name: string): ControlGroup | undefined {
  const folders = ownFolders();
  if (!folders || process.getuid?.() !== 0) return undefined;
  const dirs = [...new Set([folders.members, folders.cpu].filter((dir) => dir !== undefined))].map((dir) => join(dir, name));
  try {
    for (const dir of dirs) mkdirSync(dir, { recursive: true });
  } catch {
    return undefined; // a container whose control groups are read-only
  }
  const cpu = folders.cpu && join(folders.cpu, name);
  return {
    add(part, pid) {
      for (const dir of dirs) {
        mkdirSync(join(dir, part), { recursive: true });
        try {
          writeFileSync(join(dir, part, "cgroup.procs"), String(pid));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ended already
        }
      }
    },
    cpuSeconds: (part) => (cpu === undefined ? undefined : cpuSecondsIn(join(cpu, part))),
    remove() {
      for (const dir of dirs) removeGroup(dir);
    },
  };
}

/** CPU seconds of a group of either version, with all groups below it. */
export function cpuSecondsIn(dir: string): number | undefined {
  const nanoseconds = read(join(dir, "cpuacct.usage"));
  if (nanoseconds !== "") return Number(nanoseconds) / 1e9;
  const microseconds = /^usage_usec (\d+)/m.exec(read(join(dir, "cpu.stat")))?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1e6;
}

/** Removes the folder of a group and those below it. A group that still has processes stays. */
export function removeGroup(dir: string): void {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir))
    if (statSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory()) removeGroup(join(dir, name));
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!["EBUSY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Folders that can contain control groups: the hierarchy itself, or one per controller. */
export function hierarchies(): string[] {
  if (existsSync(join(base, "cgroup.controllers"))) return [base];
  if (!existsSync(base)) return [];
  return readdirSync(base)
    .map((name) => join(base, name))
    .filter((dir) => existsSync(join(dir, "cgroup.procs")));
}
