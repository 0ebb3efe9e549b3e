import { lchownSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createThrottle } from "../../tree/throttle.ts";
import { serviceNote } from "../services/service.ts";

/**
 * Changes the owner of every file below a folder whose uid (or gid) is a key of `owners`. Nothing else may change the folders. Can be
 * killed at any moment and run again.
 */
export async function changeOwners(dir: string, owners: ReadonlyMap<number, number>, throttle = createThrottle()): Promise<void> {
  give(dir, owners);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await changeOwners(path, owners, throttle);
    else give(path, owners);
    await throttle();
  }
}

function give(path: string, owners: ReadonlyMap<number, number>): void {
  const { uid, gid } = lstatSync(path);
  const [owner, group] = [owners.get(uid) ?? uid, owners.get(gid) ?? gid];
  if (owner !== uid || group !== gid) lchownSync(path, owner, group);
}

/** Discards records of services that ran when the folder was copied: they belong to the original. */
export function forgetServices(sandboxes: string): void {
  for (const id of namesIn(sandboxes))
    for (const service of namesIn(join(sandboxes, id, "services")))
      rmSync(join(sandboxes, id, "services", service, serviceNote), { force: true });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // there are none
  }
}
