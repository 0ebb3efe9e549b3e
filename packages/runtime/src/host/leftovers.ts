import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeLog } from "../log.ts";
import { heldBy, reachedPath, releaseHolder } from "../reachable.ts";
import { run } from "../run.ts";
import { isInContainer, placeOutside } from "./container.ts";
import { killPid, networkHolderName, supervisorName } from "./process-isolation.ts";
import { findCgroups } from "./processes/cgroups.ts";
import { removeEmptyGroups } from "./processes/empty-groups.ts";
import { isProcess } from "./files/locks.ts";
import { markedProcesses } from "./processes/marked.ts";
import { removeLink, removeNamespace } from "./network/network-namespaces.ts";
import { descendants } from "./processes/pids.ts";

/** Shared by every data folder of the machine, so that no two use the same uids or addresses. */
export const claimsDir = "/run/tesslate-slots";

/** A state folder and its short name, which is part of everything on the machine that belongs to it. */
export interface StateOwner {
  key: string;
  dir: string;
}

/**
 * Short name of a state folder, from its real path. Containers often have theirs at the same path, and share control groups or an engine
 * with each other: there, from its place outside of the container.
 */
export const keyOf = (dir: string): string =>
  createHash("sha256")
    .update(isInContainer() ? placeOutside(dir) : dir)
    .digest("hex")
    .slice(0, 8);

/** Records the state folder of a key. */
export function rememberKey({ key, dir }: StateOwner, claims = claimsDir): void {
  mkdirSync(join(claims, "keys"), { recursive: true });
  writeFileSync(join(claims, "keys", key), dir);
}

export function forgetKey({ key }: Pick<StateOwner, "key">, claims = claimsDir): void {
  rmSync(join(claims, "keys", key), { force: true });
}

/** State folders that root opened on this machine and did not close. */
export function knownOwners(claims = claimsDir): StateOwner[] {
  const keys = join(claims, "keys");
  return namesIn(keys).flatMap((key) => {
    const dir = readIfThere(join(keys, key));
    return dir === undefined ? [] : [{ key, dir }];
  });
}

/**
 * Ends and removes what belongs to data folders that were deleted while programs ran: they will not be opened again, and their addresses
 * would be assigned twice.
 */
export async function sweepDeleted(log: RuntimeLog): Promise<void> {
  if (process.getuid?.() !== 0) return endDeleted(log);
  for (const owner of knownOwners()) {
    if (existsSync(owner.dir)) continue;
    try {
      await endLeftovers(owner);
      log.info({ dir: owner.dir }, "removed the sandboxes of a deleted data folder");
    } catch (err) {
      // Another process may do the same; the next start checks again.
      log.warn({ err, dir: owner.dir }, "the sandboxes of a deleted data folder could not be removed");
    }
  }
}

/** The same for an ordinary user, whose folders are recorded nowhere: the command lines of its programs name them. */
function endDeleted(log: RuntimeLog): void {
  const mounts = mountsOf("self");
  for (const { pid, path, isSeenIn } of holders()) {
    // In a container the path means another folder, and to another user it may only be closed.
    if (isSeenIn !== mounts || existsSync(path) || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid !== process.getuid?.())
      continue;
    for (const member of [pid, ...descendants(pid)]) killPid(member);
    log.info({ path }, "ended a program of a deleted data folder");
  }
}

/**
 * Ends at once every program on this machine that belongs to a state folder, and removes its control groups, network, mounts and claims.
 * Does not use the folder, which may be deleted: programs are found by control group, supervisor command line and marker. Containers
 * belong to the engine (`docker/leftovers.ts`).
 */
export async function endLeftovers(owner: StateOwner): Promise<void> {
  // Recreated in between by another process with the same names.
  const holder = readIfThere(join(owner.dir, "lock")) ?? "";
  if (isProcess(holder) && Number(holder.split(" ")[0]) !== process.pid) return;
  await takeDownSandboxes(owner);
  if (process.getuid?.() !== 0) return;
  for (const claim of namesIn(claimsDir))
    if (/^\d+$/.test(claim) && readIfThere(join(claimsDir, claim)) === owner.dir) rmSync(join(claimsDir, claim));
  forgetKey(owner);
}

/** The same for an existing folder, by the process that holds it: its claims stay. */
export async function takeDownSandboxes({ key, dir }: StateOwner): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const { cgroups } = findCgroups(`tesslate-${key}`);
  for (const name of cgroups.names()) await cgroups.group(name).remove();
  await endPrograms({ below: [dir, reachedPath(dir)], mark: `${key}/` });
  cgroups.remove();
  if (!isRoot) return;
  removeEmptyGroups(`tesslate-${key}`);
  await takeDownNetwork(key);
  await releaseHolder(key);
}

/** Everything on this machine that belongs to a state folder, one line each; empty once it is closed. Without containers. */
export function listLeftovers({ key, dir }: StateOwner): string[] {
  const isOurs = (name: string) => name.startsWith(`tesslate-${key}`);
  const groups = namesIn("/sys/fs/cgroup").flatMap((name) =>
    isOurs(name) ? [name] : namesIn(join("/sys/fs/cgroup", name)).filter(isOurs),
  );
  return [
    ...programsBelow([dir, reachedPath(dir)]).map((pid) => `process ${pid}, which keeps a service or a network`),
    ...markedProcesses().flatMap(({ pid, mark }) => (mark.startsWith(`${key}/`) ? [`process ${pid} of ${mark}`] : [])),
    ...groups.map((name) => `control group ${name}`),
    ...namesIn("/run/netns").flatMap((name) => (isOurs(name) ? [`network namespace ${name}`] : [])),
    ...namesIn("/sys/class/net").flatMap((name) => (name.replace("-", "").startsWith(`ts${key}`) ? [`network link ${name}`] : [])),
    ...heldBy(key).map((path) => `mount ${path}`),
  ];
}

/** Ends services and networks whose state is below the folders, and processes whose mark begins with `mark`. */
export async function endPrograms({ below, mark }: { below: readonly string[]; mark?: string }): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const holders = programsBelow(below);
    const marked = mark === undefined ? [] : markedProcesses().filter((each) => each.mark.startsWith(mark));
    if (holders.length + marked.length === 0) return;
    for (const pid of new Set([...holders, ...holders.flatMap(descendants), ...marked.map((each) => each.pid)])) killPid(pid);
    await sleep(Math.min(5 + attempt, 50));
  }
  throw new Error(`programs of ${below[0]} survive SIGKILL`);
}

interface Holder {
  pid: number;
  /** Its path below the state folder. */
  path: string;
  /** The mount namespace in which that path is valid. */
  isSeenIn: string | undefined;
}

/** Supervisors of services and holders of networks, whose command lines contain a path below their state folder. */
function holders(): Holder[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const argv = readIfThere(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
      const [service, network] = [supervisorName, networkHolderName].map((name) => argv.indexOf(name) + 1);
      if (service) return [{ pid: Number(pid), path: argv[service] ?? "", isSeenIn: mountsOf(pid) }];
      return network ? [{ pid: Number(pid), path: argv[network] ?? "", isSeenIn: argv[network + 1] }] : [];
    });
}

const programsBelow = (folders: readonly string[]): number[] =>
  holders().flatMap(({ pid, path }) => (folders.some((folder) => path.startsWith(`${folder}/`)) ? [pid] : []));

function mountsOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined; // it ended, or belongs to another user
  }
}

async function takeDownNetwork(key: string): Promise<void> {
  for (const name of namesIn("/run/netns")) if (name.startsWith(`tesslate-${key}-`)) await removeNamespace(name);
  await removeLink(`ts-${key}`);
  // "add" first, because deleting a missing table is an error.
  await run(["nft", "-f", "-"], { input: `add table inet tesslate_${key}\ndelete table inet tesslate_${key}\n` });
}

const namesIn = (dir: string): string[] => (statSync(dir, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(dir) : []);

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // removed by another process
  }
}
