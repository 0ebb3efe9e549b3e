import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { trackFolder, untrackFolder } from "./tracked-folders.ts";

/** What is left of a data folder on the machine, by kind. */
export interface Leftovers {
  processes: string[];
  namespaces: string[];
  cgroups: string[];
  mounts: string[];
  fifos: string[];
}
const isPid = (name: string) => /^\d+$/.test(name);
const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined; // it has ended, or is not ours
  }
};

/** Creates a data folder that outlives its server, so that it can be inspected afterwards. */
export async function createDataDir() {
  const path = realpathSync(await mkdtemp(join(tmpdir(), "studio-crash-")));
  trackFolder(path);
  return {
    path,
    remove: async () => {
      await removeLeftovers(path);
      untrackFolder(path);
    },
  };
}

/** Processes in any state with this text in their command line, environment or working folder. */
export const processesOf = (text: string): string[] =>
  readdirSync("/proc").flatMap((pid) => {
    if (!isPid(pid) || Number(pid) === process.pid) return [];
    const read = (file: string) => attempt(() => readFileSync(`/proc/${pid}/${file}`, "utf8")) ?? "";
    const line = read("cmdline").replaceAll("\0", " ");
    const isOurs = line.includes(text) || read("environ").includes(text) || attempt(() => readlinkSync(`/proc/${pid}/cwd`))?.includes(text);
    return isOurs && line !== "" && !line.includes(cleanerFile) ? [`${pid} ${line.slice(0, 120)}`] : [];
  });
/** The cleaner matches too, but is not a leftover. */
export const cleanerFile = "e2e/cleaner.ts";

function foldersNamed(dir: string, name: string, depth: number): string[] {
  if (depth < 0) return [];
  return (attempt(() => readdirSync(dir, { withFileTypes: true })) ?? [])
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => (entry.name === name ? below(join(dir, entry.name)) : foldersNamed(join(dir, entry.name), name, depth - 1)));
}
const below = (dir: string): string[] => [
  dir,
  ...(attempt(() => readdirSync(dir, { withFileTypes: true })) ?? [])
    .filter((e) => e.isDirectory())
    .flatMap((e) => below(join(dir, e.name))),
];
function fifosIn(dir: string): string[] {
  return (attempt(() => readdirSync(dir)) ?? []).flatMap((name) => {
    const path = join(dir, name);
    const stat = attempt(() => statSync(path, { throwIfNoEntry: false }));
    return stat?.isFIFO() ? [path] : stat?.isDirectory() ? fifosIn(path) : [];
  });
}

/**
 * Finds what is left of a data folder after its server has ended, and waits a moment for what is ending. `isEmptied`: all its
 * projects were deleted, so that nothing may be left; otherwise only processes are waited for.
 */
export async function leftoversOf(dataDir: string, { isEmptied }: { isEmptied: boolean }): Promise<Leftovers> {
  const { runtime, key, alias } = namesOf(dataDir);
  const scan = (): Leftovers => ({
    processes: [...new Set([...processesOf(dataDir), ...processesOf(alias)])],
    namespaces: ["/run/netns", "/sys/class/net"].flatMap((dir) =>
      existsSync(dir) ? readdirSync(dir).filter((name) => name.includes(key)) : [],
    ),
    cgroups: foldersNamed("/sys/fs/cgroup", `tesslate-${key}`, 2),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(dataDir) || line.includes(alias)),
    fifos: fifosIn(join(runtime, "run")),
  });
  let found = scan();
  for (let i = 0; i < 30 && countOf(isEmptied ? found : { ...nothing, processes: found.processes }) > 0; i++) {
    await sleep(100);
    found = scan();
  }
  return found;
}
/** Names of the resources that the runtime creates on the machine for that data folder. */
function namesOf(dataDir: string) {
  const runtime = join(dataDir, "runtime");
  const hash = createHash("sha256").update(runtime).digest("hex");
  // Programs of projects see it at a path that they can traverse.
  return { runtime, key: hash.slice(0, 8), alias: `/run/tesslate-${hash.slice(0, 12)}` };
}

/** Kills every process of a data folder, removes its other resources on the machine, and deletes it, even after its server was killed. */
export async function removeLeftovers(dataDir: string): Promise<void> {
  const { key, alias } = namesOf(dataDir);
  const groups = () => foldersNamed("/sys/fs/cgroup", `tesslate-${key}`, 2);
  for (let i = 0; i < 100; i++) {
    // Frozen processes are killed only after they are thawed.
    for (const group of groups()) {
      attempt(() => writeFileSync(join(group, "cgroup.freeze"), "0"));
      attempt(() => writeFileSync(join(group, "freezer.state"), "THAWED"));
    }
    const inGroups = groups().flatMap((group) => (attempt(() => readFileSync(join(group, "cgroup.procs"), "utf8")) ?? "").split("\n"));
    const named = [...processesOf(dataDir), ...processesOf(alias)].map((found) => found.split(" ")[0] ?? "");
    const pids = new Set([...inGroups, ...named].filter(isPid).map(Number));
    if (pids.size === 0) break;
    for (const pid of pids) attempt(() => process.kill(pid, "SIGKILL"));
    await sleep(20);
  }
  // The innermost first.
  for (const group of groups().toSorted((a, b) => b.length - a.length)) attempt(() => rmdirSync(group));
  const call = (...argv: [string, ...string[]]) => spawnSync(argv[0], argv.slice(1), { stdio: "ignore" });
  for (const name of attempt(() => readdirSync("/run/netns")) ?? [])
    if (name.startsWith(`tesslate-${key}`)) call("ip", "netns", "del", name);
  for (const name of attempt(() => readdirSync("/sys/class/net")) ?? []) if (name.includes(key)) call("ip", "link", "del", name);
  if (existsSync(`/run/tesslate-slots/keys/${key}`)) {
    call("nft", "delete", "table", "inet", `tesslate_${key}`);
    rmSync(`/run/tesslate-slots/keys/${key}`, { force: true });
  }
  const targets = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((target) => target.startsWith(`${dataDir}/`) || target.startsWith(`${alias}/`));
  for (const target of targets.reverse()) call("umount", "-l", target);
  await rm(alias, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
const nothing: Leftovers = { processes: [], namespaces: [], cgroups: [], mounts: [], fifos: [] };
export const countOf = (found: Leftovers): number => Object.values(found).reduce((sum, kind: string[]) => sum + kind.length, 0);
