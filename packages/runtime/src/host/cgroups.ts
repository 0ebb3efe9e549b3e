import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../types.ts";

/** What the kernel offers for limiting, freezing and killing groups of processes. */
export interface Cgroups {
  readonly kind: "v2" | "v1" | "none";
  /** The group of one sandbox, made when missing. */
  group(name: string): Group;
  /** Names of the groups that exist, also those of a process before this one. */
  names(): string[];
  remove(): void;
}

/** The processes of one sandbox. Limits hold for all of them together; leaves exist to be killed one by one. */
export interface Group {
  setLimits(limits: Limits): void;
  leaf(name: string): Leaf;
  leaves(): string[];
  freeze(): void;
  thaw(): void;
  isFrozen(): boolean;
  usage(): { memoryBytes: number; cpuSeconds: number; pids: number };
  /** Processes killed for memory since the group exists. */
  oomKills(): number;
  remove(): Promise<void>;
}

/** One launch. A process joins by writing its pid to every one of `joinFiles` before it becomes the program. */
export interface Leaf {
  readonly joinFiles: readonly string[];
  pids(): number[];
  /** SIGKILL for every member at once; resolves when none is left. */
  kill(): Promise<void>;
  remove(): void;
}

/** Finds the best backend below `root`; `reason` says why there are no limits when there is none. */
export function findCgroups(name: string, root = "/sys/fs/cgroup"): { cgroups: Cgroups; reason?: string } {
  try {
    if (existsSync(join(root, "cgroup.controllers"))) return { cgroups: v2(root, name) };
    if (existsSync(join(root, "memory/cgroup.procs")) && existsSync(join(root, "pids/cgroup.procs"))) return { cgroups: v1(root, name) };
    return { cgroups: none, reason: `no control groups are mounted at ${root}` };
  } catch (error) {
    return { cgroups: none, reason: `control groups cannot be used (${error instanceof Error ? error.message : String(error)})` };
  }
}

const write = (dir: string, file: string, value: string | number) => writeFileSync(join(dir, file), String(value));
const readNumber = (dir: string, file: string) => Number(readFileSync(join(dir, file), "utf8"));
const readField = (dir: string, file: string, key: string) =>
  Number(new RegExp(`^${key} (\\d+)`, "m").exec(readFileSync(join(dir, file), "utf8"))?.[1] ?? 0);
/** Without the file cache, which the kernel takes back when it needs to. */
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
    return []; // gone: nobody is in it
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
          // it ended by itself meanwhile
        }
      }
    await sleep(Math.min(2 + attempt * 2, 50));
    if (attempt > 400) throw new Error(`processes in ${dir} survive SIGKILL`);
  }
}

/** The removal of a directory the kernel still holds for a moment (exiting processes) is tried again. */
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

/** One hierarchy. Limits sit on the sandbox's group, processes in its leaves ("no internal processes"). */
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
    // In a container the root of the hierarchy holds our own processes; it must be empty before controllers can be handed down.
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    mkdirSync(join(root, "init"), { recursive: true });
    for (const pid of pidsIn(root)) write(join(root, "init"), "cgroup.procs", pid);
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
        setLimits({ memoryBytes, cpus, pids }) {
          write(dir, "memory.max", memoryBytes);
          if (existsSync(join(dir, "memory.swap.max"))) write(dir, "memory.swap.max", 0);
          write(dir, "pids.max", pids);
          write(dir, "cpu.max", `${Math.round(cpus * 100_000)} 100000`);
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

/** One hierarchy per controller; leaves live in the controller-less v2 hierarchy beside them (freeze and kill at once), else in the freezer. */
function v1(root: string, name: string): Cgroups {
  const hasUnified = existsSync(join(root, "unified/cgroup.procs"));
  const tree = hasUnified ? "unified" : "freezer";
  const controllers = ["memory", "pids", "cpu", "cpuacct"].filter((c) => existsSync(join(root, c, "cgroup.procs")));
  const base = (controller: string) => join(root, controller, name);
  for (const controller of [...controllers, tree]) mkdirSync(base(controller), { recursive: true });
  // Groups below inherit the accounting of their parent; without it limits of a parent would not hold for children.
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
        setLimits({ memoryBytes, cpus, pids }) {
          const hasSwapLimit = existsSync(join(dir("memory"), "memory.memsw.limit_in_bytes"));
          // The sum of memory and swap may never be below memory: widen first, then narrow.
          if (hasSwapLimit) write(dir("memory"), "memory.memsw.limit_in_bytes", -1);
          write(dir("memory"), "memory.limit_in_bytes", memoryBytes);
          if (hasSwapLimit) write(dir("memory"), "memory.memsw.limit_in_bytes", memoryBytes);
          write(dir("pids"), "pids.max", pids);
          if (controllers.includes("cpu")) write(dir("cpu"), "cpu.cfs_quota_us", Math.round(cpus * 100_000));
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
/** No limits, no freezing; killing is left to the pid namespace, which dies with its first process. */
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
