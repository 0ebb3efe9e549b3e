import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeLog } from "../log.ts";
import { heldBy, reachedPath, releaseHolder } from "../reachable.ts";
import { run } from "../run.ts";
import { removeNamespace } from "../sandbox/hub.ts";
import { killPid, supervisorName } from "./process-isolation.ts";
import { findCgroups } from "./cgroups.ts";
import { removeEmptyGroups } from "./empty-groups.ts";
import { isProcess } from "./lock.ts";
import { markedProcesses } from "./marked.ts";
import { descendants } from "./pids.ts";

/** Shared by every data folder of the machine, so that two of them never use the same uids or addresses. */
export const claimsDir = "/run/tesslate-slots";

/** A state folder and the short name that goes into everything on the machine that belongs to it. */
export interface Owner {
  key: string;
  dir: string;
}

/** Short name of a state folder, given by its real path. */
export const keyOf = (dir: string): string => createHash("sha256").update(dir).digest("hex").slice(0, 8);

/** Remembers which state folder a key on this machine stands for. */
export function rememberKey({ key, dir }: Owner, claims = claimsDir): void {
  mkdirSync(join(claims, "keys"), { recursive: true });
  writeFileSync(join(claims, "keys", key), dir);
}

export function forgetKey({ key }: Pick<Owner, "key">, claims = claimsDir): void {
  rmSync(join(claims, "keys", key), { force: true });
}

/** The state folders that were opened on this machine by root and not closed since. */
export function knownOwners(claims = claimsDir): Owner[] {
  const keys = join(claims, "keys");
  return namesIn(keys).flatMap((key) => {
    const dir = readIfThere(join(keys, key));
    return dir === undefined ? [] : [{ key, dir }];
  });
}

/**
 * Ends and takes down what belongs to data folders that were deleted while something of theirs still ran: nobody will ever
 * open them again, and their addresses would be given out twice.
 */
export async function sweepDeleted(log: RuntimeLog): Promise<void> {
  for (const owner of knownOwners()) {
    if (existsSync(owner.dir)) continue;
    try {
      await endLeftovers(owner);
      log.info({ dir: owner.dir }, "took down the sandboxes of a deleted data folder");
    } catch (err) {
      // Somebody else may be at it in the same moment; the next start looks again.
      log.warn({ err, dir: owner.dir }, "the sandboxes of a deleted data folder could not be taken down");
    }
  }
}

/**
 * Ends at once every program on this machine that belongs to a state folder, and removes its control groups, network, mounts and
 * claims. Asks nothing of the folder, which may be gone: programs are found by control group, by their supervisor's command line and
 * by the mark they carry. Containers are the engine's (`docker/leftovers.ts`).
 */
export async function endLeftovers(owner: Owner): Promise<void> {
  // Made anew since, by somebody who goes by the same names.
  if (isProcess(readIfThere(join(owner.dir, "lock")) ?? "")) return;
  await takeDownSandboxes(owner);
  if (process.getuid?.() !== 0) return;
  for (const claim of namesIn(claimsDir))
    if (/^\d+$/.test(claim) && readIfThere(join(claimsDir, claim)) === owner.dir) rmSync(join(claimsDir, claim));
  forgetKey(owner);
}

/** The same for a folder that stays, by the process that holds it: its claims stay too. */
export async function takeDownSandboxes({ key, dir }: Owner): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const { cgroups } = findCgroups(`tesslate-${key}`, isRoot ? "/sys/fs/cgroup" : "/nonexistent");
  for (const name of cgroups.names()) await cgroups.group(name).remove();
  await endPrograms({ below: [dir, reachedPath(dir)], mark: `${key}/` });
  cgroups.remove();
  if (!isRoot) return;
  removeEmptyGroups(`tesslate-${key}`);
  await takeDownNetwork(key);
  await releaseHolder(key);
}

/** What is on this machine for a state folder, a line each; nothing once it is closed. Containers are the engine's to tell. */
export function listLeftovers({ key, dir }: Owner): string[] {
  const isOurs = (name: string) => name.startsWith(`tesslate-${key}`);
  const groups = namesIn("/sys/fs/cgroup").flatMap((name) =>
    isOurs(name) ? [name] : namesIn(join("/sys/fs/cgroup", name)).filter(isOurs),
  );
  return [
    ...supervisorsBelow([dir, reachedPath(dir)]).map((pid) => `process ${pid}, which looks after a service`),
    ...markedProcesses().flatMap(({ pid, mark }) => (mark.startsWith(`${key}/`) ? [`process ${pid} of ${mark}`] : [])),
    ...groups.map((name) => `control group ${name}`),
    ...namesIn("/run/netns").flatMap((name) => (isOurs(name) ? [`network namespace ${name}`] : [])),
    ...namesIn("/sys/class/net").flatMap((name) => (name.replace("-", "").startsWith(`ts${key}`) ? [`network link ${name}`] : [])),
    ...heldBy(key).map((path) => `mount ${path}`),
  ];
}

/** Ends services whose state lies below the folders, and processes whose mark begins with `mark`. */
export async function endPrograms({ below, mark }: { below: readonly string[]; mark?: string }): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const supervisors = supervisorsBelow(below);
    const marked = mark === undefined ? [] : markedProcesses().filter((each) => each.mark.startsWith(mark));
    if (supervisors.length + marked.length === 0) return;
    for (const pid of new Set([...supervisors, ...supervisors.flatMap(descendants), ...marked.map((each) => each.pid)])) killPid(pid);
    await sleep(Math.min(5 + attempt, 50));
  }
  throw new Error(`programs of ${below[0]} survive SIGKILL`);
}

/** A supervisor names the state folder of its service on its command line. */
function supervisorsBelow(folders: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const argv = readIfThere(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
      return argv.includes(supervisorName) && argv.some((arg) => folders.some((folder) => arg.startsWith(`${folder}/`)));
    });
}

async function takeDownNetwork(key: string): Promise<void> {
  for (const name of namesIn("/run/netns")) if (name.startsWith(`tesslate-${key}-`)) await removeNamespace(name);
  const device = `ts-${key}`;
  const hasDevice = () => existsSync(`/sys/class/net/${device}`);
  // The cable goes with its other end, but a little later.
  if (hasDevice())
    await run(["ip", "link", "del", device]).catch((error: unknown) => {
      if (hasDevice()) throw error;
    });
  // "add" first: deleting what is not there is an error.
  await run(["nft", "-f", "-"], { input: `add table inet tesslate_${key}\ndelete table inet tesslate_${key}\n` });
}

const namesIn = (dir: string): string[] => (statSync(dir, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(dir) : []);

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // swept by somebody else
  }
}
