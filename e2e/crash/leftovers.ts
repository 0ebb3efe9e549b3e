import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What of a data folder is still on the machine, by kind. */
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
    return undefined; // it ended meanwhile, or is none of ours
  }
};

/** A data folder that outlives its server, so that one can look at it afterwards. */
export async function ownDataDir() {
  const path = realpathSync(await mkdtemp(join(tmpdir(), "studio-crash-")));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Processes that carry this text on their command line, in their environment or as their folder, whatever their state. */
export const processesOf = (text: string): string[] =>
  readdirSync("/proc").flatMap((pid) => {
    if (!isPid(pid) || Number(pid) === process.pid) return [];
    const read = (file: string) => attempt(() => readFileSync(`/proc/${pid}/${file}`, "utf8")) ?? "";
    const line = read("cmdline").replaceAll("\0", " ");
    const isOurs = line.includes(text) || read("environ").includes(text) || attempt(() => readlinkSync(`/proc/${pid}/cwd`))?.includes(text);
    return isOurs && line !== "" ? [`${pid} ${line.slice(0, 120)}`] : [];
  });

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
 * Everything of that data folder that is still there once its server has ended. What is ending is given a moment. `isEmptied`: all its
 * projects were deleted, so that nothing at all may be left; else only processes are looked for.
 */
export async function leftoversOf(dataDir: string, { isEmptied }: { isEmptied: boolean }): Promise<Leftovers> {
  const runtime = join(dataDir, "runtime");
  const key = createHash("sha256").update(runtime).digest("hex").slice(0, 8);
  // Programs of projects see it at a path that they can traverse.
  const alias = `/run/tesslate-${createHash("sha256").update(runtime).digest("hex").slice(0, 12)}`;
  const look = (): Leftovers => ({
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
  let found = look();
  for (let i = 0; i < 30 && countOf(isEmptied ? found : { ...nothing, processes: found.processes }) > 0; i++) {
    await sleep(100);
    found = look();
  }
  return found;
}
const nothing: Leftovers = { processes: [], namespaces: [], cgroups: [], mounts: [], fifos: [] };
export const countOf = (found: Leftovers): number => Object.values(found).reduce((sum, kind: string[]) => sum + kind.length, 0);
