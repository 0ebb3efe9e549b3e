import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";

import { caretakerName } from "../lease.ts";
import type { RuntimeLog } from "../log.ts";
import { reachable, releaseHolder } from "../reachable.ts";
import { fifoPrefix } from "./commands/fifos.ts";
import { claimsDir, forgetKey, keyOf, rememberKey, takeDownSandboxes, type StateOwner } from "./leftovers.ts";
import { awaitProcessLock } from "./files/locks.ts";
import { makeFolder } from "./files/modes.ts";
import { forgetServices, changeOwners } from "./slots/ownership.ts";
import { runsOfServices } from "./services/service.ts";
import { openSlots, type Slots } from "./slots/slots.ts";

/** A driver's state folder, held by this process. */
export interface State {
  /** Short name of the data folder, part of every unique name on the machine. */
  key: string;
  dir: string;
  /** The folder at a path that projects can traverse. */
  root: string;
  /** New at each start. Earlier ones remain while a program uses something in them, such as its `/etc`. */
  runDir: string;
  slots: Slots;
  /** Makes a host folder accessible to projects. */
  reach(dir: string): Promise<string>;
  /** `isLeftRunning`: services still use the mounts. */
  release(options: { isLeftRunning: boolean }): Promise<void>;
}

/** Throws `unavailable` when another living process holds the data folder. */
export async function openState(dataDir: string, mountDir: string | undefined, log: RuntimeLog): Promise<State> {
  const dir = join(dataDir, "runtime");
  makeFolder(dir, 0o711);
  const real = realpathSync(dir);
  const unlock = await awaitProcessLock(join(real, "lock"), caretakerName);
  const key = keyOf(real);
  const isRoot = process.getuid?.() === 0;
  const mounting = { runDir: mountDir, holder: key };
  const reach = (path: string) => reachable(path, mounting);
  try {
    const slots = openSlots(real, isRoot ? claimsDir : undefined);
    await moveToNewSlots(slots, { key, dir: real }, log);
    const root = await reach(real);
    const runs = join(root, "run");
    makeFolder(runs, 0o711);
    sweepRuns(runs, runsOfServices(real));
    const runDir = join(runs, randomBytes(6).toString("hex"));
    makeFolder(runDir, 0o711);
    if (isRoot) rememberKey({ key, dir: real });
    return {
      dir: real,
      key,
      root,
      runDir,
      slots,
      reach,
      async release({ isLeftRunning }) {
        if (isLeftRunning && existsSync(runDir)) removeFifos(runDir);
        if (!isLeftRunning) rmSync(runDir, { recursive: true, force: true });
        if (!isLeftRunning) await releaseHolder(key, mounting);
        if (!isLeftRunning && isRoot) forgetKey({ key });
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A copied folder gets other slots than the original: running programs belong to the original, and its files get other uids. */
async function moveToNewSlots(slots: Slots, owner: StateOwner, log: RuntimeLog): Promise<void> {
  const owners = slots.owners();
  if (owners.size === 0) return;
  log.warn({ dir: owner.dir }, "this data folder is a copy of another one on this machine: its projects get other user ids and addresses");
  await takeDownSandboxes(owner);
  const sandboxes = join(owner.dir, "sandboxes");
  forgetServices(sandboxes);
  for (const folder of [sandboxes, join(owner.dir, "images")]) if (existsSync(folder)) await changeOwners(folder, owners);
  slots.forgetOwners();
}

/**
 * Removes run folders of earlier processes, unless a service was started from one, or a program has it mounted or in its environment.
 * Mounts alone are not sufficient: a service that was just started has none yet.
 */
function sweepRuns(runs: string, inUse: readonly string[]): void {
  for (const entry of readdirSync(runs, { withFileTypes: true }))
    // Before 0.2 pipes were beside the folders.
    if (!entry.isDirectory()) rmSync(join(runs, entry.name), { force: true });
  const all = readdirSync(runs);
  // Named pipes belong to the process that created them; users have them open.
  for (const name of all) removeFifos(join(runs, name));
  const left = new Set(all.filter((name) => !inUse.includes(name)));
  for (const pid of left.size === 0 ? [] : readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    for (const file of ["mountinfo", "environ"])
      for (const [, name = ""] of readOf(`/proc/${pid}/${file}`).matchAll(/\/run\/([0-9a-f]{12})\//g)) left.delete(name);
  for (const name of left) rmSync(join(runs, name), { recursive: true, force: true });
}

function removeFifos(dir: string): void {
  for (const name of readdirSync(dir)) if (name.startsWith(fifoPrefix)) rmSync(join(dir, name), { force: true });
}

function readOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended, or is none of ours
  }
}
