import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeLog } from "../log.ts";
import { run } from "../run.ts";
import { findCgroups } from "./cgroups.ts";
import { removeEmptyGroups } from "./empty-groups.ts";

/** Remembers which data folder a key on this machine stands for. */
export function rememberKey(claimsDir: string, key: string, dir: string): void {
  mkdirSync(join(claimsDir, "keys"), { recursive: true });
  writeFileSync(join(claimsDir, "keys", key), dir);
}

export function forgetKey(claimsDir: string, key: string): void {
  rmSync(join(claimsDir, "keys", key), { force: true });
}

/**
 * Ends and takes down what belongs to data folders that were deleted while something of theirs still ran: nobody will ever
 * open them again, and their addresses would be given out twice.
 */
export async function sweepDeleted(claimsDir: string, log: RuntimeLog): Promise<void> {
  const keys = join(claimsDir, "keys");
  if (!existsSync(keys)) return;
  for (const key of readdirSync(keys)) {
    const dir = readIfThere(join(keys, key));
    if (dir === undefined || existsSync(dir)) continue;
    try {
      const { cgroups } = findCgroups(`tesslate-${key}`);
      for (const name of cgroups.names()) await cgroups.group(name).remove();
      cgroups.remove();
      removeEmptyGroups(`tesslate-${key}`);
      await takeDown(key);
      forgetKey(claimsDir, key);
      log.info({ dir }, "took down the sandboxes of a deleted data folder");
    } catch (err) {
      // Somebody else may be at it in the same moment; the next start looks again.
      log.warn({ err, dir }, "the sandboxes of a deleted data folder could not be taken down");
    }
  }
}

async function takeDown(key: string): Promise<void> {
  for (const name of existsSync("/run/netns") ? readdirSync("/run/netns") : [])
    if (name.startsWith(`tesslate-${key}-`)) await run(["ip", "netns", "del", name]);
  // "add" first: deleting what is not there is an error.
  await run(["nft", "-f", "-"], { input: `add table inet tesslate_${key}\ndelete table inet tesslate_${key}\n` });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // swept by somebody else
  }
}
