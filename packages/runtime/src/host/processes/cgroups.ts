import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../../types.ts";

/** The kernel's support for limiting, freezing and killing groups of processes. */
export interface Cgroups {
  readonly kind: "v2" | "v1" | "none";
  /** The control group of one sandbox, created when missing. */
  group(name: string): Group;
  /** Names of existing groups, including those of an earlier process. */
  names(): string[];
  remove(): void;
}

/** The processes of one sandbox. Limits apply to all of them together; leaves can be killed individually. */
export interface Group {
  setLimits(limits: Limits): void;
  leaf(name: string): Leaf;
  leaves(): string[];
  freeze(): void;
  thaw(): void;
  isFrozen(): boolean;
  usage(): { memoryBytes: number; cpuSeconds: number; pids: number };
  /** Processes killed for memory since the group was created. */
  oomKills(): number;
  remove(): Promise<void>;
}

/** One launched program. A process joins by writing its pid to every file in `joinFiles` before exec. */
export interface Leaf {
  readonly joinFiles: readonly string[];
  pids(): number[];
  /** SIGKILL for every member at once; resolves when none is left. */
  kill(): Promise<void>;
  remove(): void;
}

const allGroups = "/sys/fs/cgroup";

/**
 * Where this process may create groups: anywhere as root, otherwise in the part of version 2 that was delegated to its user, as systemd does
 * with `Delegate=yes`. Throws with the reason.
 */
export function ownRoot(isRoot = process.getuid?.() === 0, ofSelf = "/proc/self/cgroup", mount = allGroups): string {
  if (isRoot) return mount;
  const path = existsSync(join(mount, "cgroup.controllers")) && /^0::(\/.*)$/m.exec(readFileSync(ofSelf, "utf8"))?.[1];
  if (!path) throw new Error("the server does not run as root, and this machine has no control groups of version 2");
  // We moved our own processes there (`v2`).
  const here = join(mount, basename(path) === initName ? dirname(path) : path);
  try {
    for (const file of [here, join(here, "cgroup.procs"), join(here, "cgroup.subtree_control")]) accessSync(file, constants.W_OK);
  } catch {
    throw new Error("the server does not run as root, and no control groups are delegated to its user");
  }
  return here;
}

/** Finds the best backend below `root`; `reason` explains why there are no limits. */
export function findCgroups(name: string, root?: string): { cgroups: Cgroups; reason?: string } {
  try {
    root ??= ownRoot();
    if (existsSync(join(root, "cgroup.controllers"))) return { cgroups: v2(root, name) };
    if (existsSync(join(root, "memory/cgroup.procs")) && existsSync(join(root, "pids/cgroup.procs"))) return { cgroups: v1(root, name) };
    return { cgroups: none, reason: `no control groups are mounted at ${root}` };
  } catch (error) {
    return { cgroups: none, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The kernel's weight of a group that has none of its own. */
const defaultWeight = 100;
/** False when the kernel refuses a limit below what is in use. */
export function tryLimits(group: Group, limits: Limits): boolean {
  try {
    group.setLimits(limits);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
    throw error;
  }
}

const write = (dir: string, file: string, value: string | number) => writeFileSync(join(dir, file), String(value));
const readNumber = (dir: string, file: string) => Number(readFileSync(join(dir, file), "utf8"));
const readField = (dir: string, file: string, key: string) =>
  Number(new RegExp(`^${key} (\\d+)`, "m").exec(readFileSync(join(dir, file), "utf8"))?.[1] ?? 0);
/** Without the file cache, which the kernel can reclaim. */
const inUse = (usage: number, cache: number) => Math.max(0, usage - cache);
const children = (dir: string) =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];
const pidsIn = (dir: string) => {
  try {
    return readFileSync(join(dir, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return []; // it was deleted, so it is empty
  }
};
const removeDir = (dir: string) => {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!["ENOENT", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
};

async function killAll(dir: string): Promise<void> {
  const hasKill = existsSync(join(dir, "cgroup.kill"));
  for (let attempt = 0; pidsIn(dir).length > 0; attempt++) {
    if (hasKill) write(dir, "cgroup.kill", 1);
    else
      for (const pid of pidsIn(dir)) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // it has already ended
        }
      }
    await sleep(Math.min(2 + attempt * 2, 50));
    if (attempt > 400) throw new Error(`processes in ${dir} survive SIGKILL`);
  }
}

/** Retries the removal of a directory that the kernel still holds because of exiting processes. */
async function removeSoon(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs)
    for (let attempt = 0; existsSync(dir) && attempt < 100; attempt++) {
      removeDir(dir);
      if (existsSync(dir)) await sleep(10);
    }
}

const leafIn = (dir: string, limitDirs: readonly string[]): Leaf => {
  mkdirSync(dir, { recursive: true });
  return {
    joinFiles: [...limitDirs, dir].map((d) => join(d, "cgroup.procs")),
    pids: () => pidsIn(dir),
    kill: () => killAll(dir),
    remove: () => removeDir(dir),
  };
};

/** Group for our own processes, where they were in the group that has to be empty. */
const initName = "init";

/** Unified hierarchy. Limits are set on the sandbox's group, processes are in its leaves ("no internal processes"). */
function v2(root: string, name: string): Cgroups {
  const base = join(root, name);
  const wanted = ["memory", "pids", "cpu"];
  const enable = (dir: string) => write(dir, "cgroup.subtree_control", wanted.map((c) => `+${c}`).join(" "));
  const offered = readFileSync(join(root, "cgroup.controllers"), "utf8").trim().split(" ");
  const missing = wanted.filter((c) => !offered.includes(c));
  if (missing.length > 0) throw new Error(`the ${missing.join(", ")} controller is not available`);
  try {
    enable(root);
  } catch (error) {
    // In a container our own processes are in the root group; it must be empty before controllers can be delegated.
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    mkdirSync(join(root, initName), { recursive: true });
    for (const pid of pidsIn(root)) write(join(root, initName), "cgroup.procs", pid);
    enable(root);
  }
  mkdirSync(base, { recursive: true });
  enable(base);
  return {
    kind: "v2",
    names: () => children(base),
    remove: () => removeDir(base),
    group(id) {
      const dir = join(base, id);
      mkdirSync(dir, { recursive: true });
      return {
        setLimits({ memoryBytes, cpus, cpuWeight = defaultWeight, pids }) {
          write(dir, "memory.max", memoryBytes);
          if (existsSync(join(dir, "memory.swap.max"))) write(dir, "memory.swap.max", 0);
          write(dir, "pids.max", pids);
          write(dir, "cpu.max", `${Math.round(cpus * 100_000)} 100000`);
          write(dir, "cpu.weight", cpuWeight);
        },
        leaf: (leaf) => leafIn(join(dir, leaf), []),
        leaves: () => children(dir),
        freeze: () => write(dir, "cgroup.freeze", 1),
        thaw: () => write(dir, "cgroup.freeze", 0),
        isFrozen: () => readNumber(dir, "cgroup.freeze") === 1,
        usage: () => ({
          memoryBytes: inUse(readNumber(dir, "memory.current"), readField(dir, "memory.stat", "inactive_file")),
          cpuSeconds: readField(dir, "cpu.stat", "usage_usec") / 1e6,
          pids: readNumber(dir, "pids.current"),
        }),
        oomKills: () => readField(dir, "memory.events", "oom_kill"),
        async remove() {
          for (const leaf of children(dir)) await killAll(join(dir, leaf));
          await removeSoon([...children(dir).map((leaf) => join(dir, leaf)), dir]);
        },
      };
    },
  };
}

/**
 * One hierarchy per controller; leaves use the controller-less v2 hierarchy if present (freeze and kill at once), otherwise the freezer.
 */
function v1(root: string, name: string): Cgroups {
  const hasUnified = existsSync(join(root, "unified/cgroup.procs"));
  const tree = hasUnified ? "unified" : "freezer";
  const controllers = ["memory", "pids", "cpu", "cpuacct"].filter((c) => existsSync(join(root, c, "cgroup.procs")));
  const base = (controller: string) => join(root, controller, name);
  for (const controller of [...controllers, tree]) mkdirSync(base(controller), { recursive: true });
  // Child groups must inherit accounting, otherwise limits of the parent do not apply to them.
  return {
    kind: "v1",
    names: () => children(base(tree)),
    remove: () => [...controllers, tree].forEach((c) => removeDir(base(c))),
    group(id) {
      const dir = (controller: string) => join(base(controller), id);
      for (const controller of [...controllers, tree]) mkdirSync(dir(controller), { recursive: true });
      const limitDirs = controllers.map(dir);
      const top = dir(tree);
      const [freezeFile, frozen, thawed] = hasUnified ? ["cgroup.freeze", "1", "0"] : ["freezer.state", "FROZEN", "THAWED"];
      return {
        setLimits({ memoryBytes, cpus, cpuWeight = defaultWeight, pids }) {
          const hasSwapLimit = existsSync(join(dir("memory"), "memory.memsw.limit_in_bytes"));
          // The limit of memory and swap may never be below that of memory: raise first, then lower.
          if (hasSwapLimit) write(dir("memory"), "memory.memsw.limit_in_bytes", -1);
          write(dir("memory"), "memory.limit_in_bytes", memoryBytes);
          if (hasSwapLimit) write(dir("memory"), "memory.memsw.limit_in_bytes", memoryBytes);
          write(dir("pids"), "pids.max", pids);
          if (!controllers.includes("cpu")) return;
          write(dir("cpu"), "cpu.cfs_quota_us", Math.round(cpus * 100_000));
          // The kernel's default is 1024, its minimum 2.
          write(dir("cpu"), "cpu.shares", Math.max(2, Math.round((cpuWeight / defaultWeight) * 1024)));
        },
        leaf: (leaf) => leafIn(join(top, leaf), limitDirs),
        leaves: () => children(top),
        freeze: () => write(top, freezeFile ?? "", frozen ?? ""),
        thaw: () => write(top, freezeFile ?? "", thawed ?? ""),
        isFrozen: () => readFileSync(join(top, freezeFile ?? ""), "utf8").trim() !== thawed,
        usage: () => ({
          memoryBytes: inUse(
            readNumber(dir("memory"), "memory.usage_in_bytes"),
            readField(dir("memory"), "memory.stat", "total_inactive_file"),
          ),
          cpuSeconds: controllers.includes("cpuacct") ? readNumber(dir("cpuacct"), "cpuacct.usage") / 1e9 : 0,
          pids: readNumber(dir("pids"), "pids.current"),
        }),
        oomKills: () => readField(dir("memory"), "memory.oom_control", "oom_kill"),
        async remove() {
          if (!hasUnified) write(top, "freezer.state", "THAWED");
          for (const leaf of children(top)) await killAll(join(top, leaf));
          await removeSoon([...children(top).map((leaf) => join(top, leaf)), top, ...limitDirs]);
        },
      };
    },
  };
}

const nothing: Leaf = { joinFiles: [], pids: () => [], kill: async () => {}, remove: () => {} };
/** No limits and no freezing; killing relies on the pid namespace, which ends with its init process. */
const none: Cgroups = {
  kind: "none",
  names: () => [],
  remove: () => {},
  group: () => ({
    setLimits: () => {},
    leaf: () => nothing,
    leaves: () => [],
    freeze: () => {},
    thaw: () => {},
    isFrozen: () => false,
    usage: () => ({ memoryBytes: 0, cpuSeconds: 0, pids: 0 }),
    oomKills: () => 0,
    remove: async () => {},
  }),
};
