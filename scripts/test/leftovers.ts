/** Finds what a test run left on the machine: processes, mounts, network namespaces and links, control groups, firewall tables, folders. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSecondsIn, hierarchies, removeGroup } from "./control-group.ts";
import { ancestorsOf, listProcesses, portsOf, withDescendants, type ProcessEntry } from "./processes.ts";

export type LeftoverKind = "process" | "mount" | "network namespace" | "network link" | "firewall table" | "control group" | "folder";
export interface Leftover {
  kind: LeftoverKind;
  name: string;
  detail?: string;
}
interface Found extends Leftover {
  remove(): void;
}

/** Names of existing resources of the machine before a run; they do not belong to the run. */
type Inventory = Record<Exclude<LeftoverKind, "process">, Set<string>>;

/** Where the runtime records the data folder of each of its keys (packages/runtime/src/host/leftovers.ts). */
const keysDir = "/run/tesslate-slots/keys";
/** Folders that the product and its tests create outside of TMPDIR. */
const productFolder = /^(studio|runtime|everyday|escape|crash|probe|image|agent-ws|git-providers|git-host|dockerd|tests)-/;

const names = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);
const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};
const run = (command: string, ...argv: string[]) => spawnSync(command, argv, { encoding: "utf8" }).stdout ?? "";

interface Mount {
  /** The mounted folder, from the root of its file system. */
  source: string;
  target: string;
}
const unescapePath = (text: string) =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
const mounts = (): Mount[] =>
  read("/proc/self/mountinfo")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "))
    .map((fields) => ({ source: unescapePath(fields[3] ?? ""), target: unescapePath(fields[4] ?? "") }));

const tables = () =>
  process.getuid?.() === 0
    ? run("nft", "list", "tables")
        .split("\n")
        .map((line) => line.replace(/^table /, "").trim())
        .filter((name) => name.includes(" tesslate_"))
    : [];
const links = () => names("/sys/class/net").filter((name) => /^(ts|veth|br-|docker)/.test(name));
const groups = () =>
  hierarchies().flatMap((dir) =>
    names(dir)
      .filter((name) => name.startsWith("tesslate-"))
      .map((name) => join(dir, name)),
  );
const folders = () => [
  ...[...new Set([tmpdir(), "/tmp", "/var/tmp", "/dev/shm"])].flatMap((dir) =>
    names(dir)
      .filter((name) => productFolder.test(name))
      .map((name) => join(dir, name)),
  ),
  ...names("/run")
    .filter((name) => name.startsWith("tesslate-") && name !== "tesslate-slots")
    .map((name) => join("/run", name)),
];

function takeInventory(): Inventory {
  return {
    mount: new Set(mounts().map(({ target }) => target)),
    "network namespace": new Set(names("/run/netns").filter((name) => name.startsWith("tesslate-"))),
    "network link": new Set(links()),
    "firewall table": new Set(tables()),
    "control group": new Set(groups()),
    folder: new Set(folders()),
  };
}

const nothing = (): Inventory => ({
  mount: new Set(),
  "network namespace": new Set(),
  "network link": new Set(),
  "firewall table": new Set(),
  "control group": new Set(),
  folder: new Set(),
});

export interface LeftoverWatch {
  /** Records what is visible only while it exists; call about every second. */
  sample(): void;
  /** CPU seconds of sandboxes, which have their own control groups, since the watch started. */
  sandboxSeconds(): number;
  /** Waits a moment for processes that are about to end, then lists and removes what is left. What may belong to others is not touched. */
  collect(graceMs?: number): Promise<Leftover[]>;
}

/**
 * Watches what the run with the folder `root` does on the machine. Its processes are recognized by their control group, by STUDIO_TEST_RUN in their
 * environment, by a folder below `root`, or as descendants of these; other resources by names that the runtime derives from a data folder below `root`.
 * Anything that cannot be recognized counts only if no other studio and no other test run is on the machine.
 */
export function watchLeftovers(root: string, { isAbandoned = false } = {}): LeftoverWatch {
  const id = basename(root);
  // The leftovers of a killed run existed before; only what is recognized as its own counts.
  const before = isAbandoned ? nothing() : takeInventory();
  /** Keys of the runtime whose data folder is below `root`. */
  const keys = new Set<string>();
  const seconds = new Map<string, number>();
  let scannedAt = 0;
  let hasOtherRuns = false;
  let hasEngine = false;

  const isInside = (path: string) => `${path}/`.includes(`/${id}/`);

  function sample() {
    for (const key of names(keysDir)) if (!keys.has(key) && isInside(read(join(keysDir, key)))) keys.add(key);
    for (const key of keys)
      for (const dir of hierarchies()) {
        const now = cpuSecondsIn(join(dir, `tesslate-${key}`));
        if (now !== undefined) seconds.set(key, Math.max(seconds.get(key) ?? 0, now));
      }
    if (Date.now() - scannedAt > 15_000) findOthers();
  }
  function findOthers(processes = listProcesses()) {
    scannedAt = Date.now();
    const mine = new Set([...findOwn(processes).map(({ pid }) => pid), ...ancestorsOf(process.pid, processes)]);
    const others = processes.filter(({ pid }) => !mine.has(pid));
    hasOtherRuns ||= others.some(({ command }) => /vitest|\be2e\/|apps\/server\/(dist|src)\/|scripts\/test\.ts|caretaker/.test(command));
    hasEngine ||= others.some(({ command }) => /^\S*(dockerd|containerd)\b/.test(command));
  }

  /** The owner according to the key of a data folder in the name. */
  function ownerOf(name: string): "run" | "other" | "unknown" {
    const key = /(?:tesslate[-_]|^ts-?)([0-9a-f]{8})(?![0-9a-f])/.exec(name)?.[1];
    if (key === undefined) return "unknown";
    if (keys.has(key)) return "run";
    return existsSync(join(keysDir, key)) ? "other" : "unknown";
  }
  const counts = (owner: "run" | "other" | "unknown") => owner === "run" || (owner === "unknown" && !hasOtherRuns && !isAbandoned);

  function findOwn(processes: readonly ProcessEntry[]): ProcessEntry[] {
    const marked = processes.filter(
      ({ pid, command, cwd, environment, groups: paths }) =>
        paths.some((path) => isInside(path) || (path.includes("/tesslate-") && ownerOf(path) === "run")) ||
        environment.some((entry) => entry.startsWith("STUDIO_TEST_RUN=") && entry.slice(16).split("/").includes(id)) ||
        isInside(cwd) ||
        command.includes(`/${id}/`) ||
        hasMountsOf(pid, isInside),
    );
    const all = withDescendants(
      marked.map(({ pid }) => pid),
      processes,
    );
    const above = ancestorsOf(process.pid, processes);
    return processes.filter(({ pid, isZombie }) => all.has(pid) && !above.has(pid) && !isZombie);
  }

  function findProcesses(): Found[] {
    return findOwn(listProcesses()).map(({ pid, command, cwd }) => {
      const ports = portsOf(pid);
      return {
        kind: "process",
        name: `${pid} ${command.slice(0, 300)}`,
        detail: `in ${cwd || "an unknown folder"}${ports.length > 0 ? `, listens on ${ports.join(", ")}` : ""}`,
        remove: () => kill(pid),
      };
    });
  }

  function findMounts(): Found[] {
    return mounts()
      .filter(({ source, target }) => {
        if (before.mount.has(target) || target.startsWith("/run/netns/")) return false;
        if (isInside(source) || isInside(target)) return true;
        return target.startsWith("/run/tesslate-") && counts(/\/tests-\d+-/.test(source) ? "other" : "unknown");
      })
      .toSorted((a, b) => b.target.length - a.target.length)
      .map(({ source, target }) => ({
        kind: "mount",
        name: target,
        detail: `of ${source}`,
        remove: () => void run("umount", "-l", target),
      }));
  }

  function findNamed(): Found[] {
    const now = takeInventory();
    const fresh = (kind: keyof Inventory) => [...now[kind]].filter((name) => !before[kind].has(name));
    return [
      ...fresh("network namespace")
        .filter((name) => counts(ownerOf(name)))
        .map((name) => ({ kind: "network namespace" as const, name, remove: () => void run("ip", "netns", "del", name) })),
      ...fresh("network link")
        .filter((name) => ownerOf(name) === "run" || (counts(ownerOf(name)) && !hasEngine))
        .map((name) => ({ kind: "network link" as const, name, remove: () => void run("ip", "link", "del", name) })),
      ...fresh("firewall table")
        .filter((name) => counts(ownerOf(name)))
        .map((name) => ({ kind: "firewall table" as const, name, remove: () => void run("nft", "delete", "table", ...name.split(" ")) })),
      ...fresh("control group")
        .filter((name) => counts(ownerOf(name)))
        .map((name) => ({ kind: "control group" as const, name, remove: () => removeGroup(name) })),
      ...fresh("folder")
        .filter((name) => name !== root && !/\/tests-\d+-\w{6}$/.test(name) && counts("unknown"))
        .map((name) => ({ kind: "folder" as const, name, remove: () => removeFolder(name) })),
    ];
  }

  function findInRoot(): Found[] {
    return names(root)
      .filter((name) => name !== compiled)
      .map((name) => ({ kind: "folder", name: join(root, name), remove: () => removeFolder(join(root, name)) }));
  }

  const find = () => [...findProcesses(), ...findMounts(), ...findNamed(), ...findInRoot()];

  async function collect(graceMs = 3000): Promise<Leftover[]> {
    sample();
    findOthers();
    let found = find();
    for (const deadline = Date.now() + graceMs; found.length > 0 && Date.now() < deadline; found = find()) await sleep(100);
    const listed = found.map(({ kind, name, detail }) => ({ kind, name, ...(detail !== undefined && { detail }) }));
    // Killed processes may have started others, and mounts hide folders: repeat until nothing is left.
    for (let round = 0; round < 10 && found.length > 0; round += 1) {
      thaw(found);
      for (const { remove } of found) remove();
      await sleep(100);
      found = find();
    }
    for (const key of keys) rmSync(join(keysDir, key), { force: true });
    return listed;
  }
  return { sample, sandboxSeconds: () => [...seconds.values()].reduce((sum, value) => sum + value, 0), collect };
}

/** The folder in a run's root for compiled code; not a leftover. */
export const compiled = "compiled";

/** Removes the folder and the leftovers of a run whose driver was killed. */
export async function removeAbandoned(root: string): Promise<Leftover[]> {
  const left = await watchLeftovers(root, { isAbandoned: true }).collect(0);
  for (const dir of hierarchies()) removeGroup(join(dir, basename(root)));
  removeFolder(root);
  return left.filter(({ name }) => !name.startsWith(`${root}/`));
}

/** Removes a folder, unless something is still mounted below it: that would be deleted too. */
export function removeFolder(dir: string): void {
  if (mounts().some(({ target }) => target.startsWith(`${dir}/`))) return;
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has already ended
  }
}

/** With control groups v1 a frozen process cannot be killed before it is thawed. */
function thaw(found: readonly Leftover[]): void {
  for (const { kind, name } of found) {
    if (kind !== "control group") continue;
    for (const group of ["", ...names(name)])
      if (existsSync(join(name, group, "freezer.state"))) writeFileSync(join(name, group, "freezer.state"), "THAWED");
  }
}

/** Whether a process with its own mount namespace, such as in a sandbox, has a folder of the run mounted. */
function hasMountsOf(pid: number, isInside: (path: string) => boolean): boolean {
  if (namespaceOf(pid) === namespaceOf("self")) return false;
  return read(`/proc/${pid}/mountinfo`)
    .split("\n")
    .map((line) => line.split(" "))
    .some(([, , , source = "", target = ""]) => isInside(source) && !isInside(target) && !target.startsWith("/run/"));
}
function namespaceOf(pid: number | "self"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return ""; // ended, or not readable for us
  }
}
