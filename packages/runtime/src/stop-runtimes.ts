import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { killPid } from "./host/process-isolation.ts";
import { endLeftovers, endPrograms, knownOwners, listLeftovers, type Owner } from "./host/leftovers.ts";
import { isProcess } from "./host/lock.ts";
import { caretakerName, type Estate } from "./lease.ts";

/**
 * Ends everything on this machine that belongs to data folders at or below a folder, whether these are still there or not: the
 * processes that hold them (ours apart), their caretakers and services, with networks, control groups and mounts. Answers what it
 * found, a line each: nothing where every runtime was closed. Containers are left to their engine.
 */
export async function endRuntimesBelow(folder: string): Promise<string[]> {
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  const isBelow = ({ dir }: Owner) => `${dir}/`.startsWith(`${real}/`);
  const found: string[] = [];
  const owners = new Map(
    knownOwners()
      .filter(isBelow)
      .map((owner) => [owner.key, owner]),
  );
  // First who holds the folders: the caretakers would take their end for a sign.
  const caretakers = findCaretakers().filter(({ owner }) => isBelow(owner));
  for (const { pid, owner } of caretakers) {
    owners.set(owner.key, owner);
    found.push(`process ${pid}, the caretaker of ${owner.dir}`);
    killPid(pid);
  }
  for (const { dir } of owners.values()) {
    const holder = readIfThere(join(dir, "lock"));
    const pid = Number(holder.split(" ")[0]);
    if (!isProcess(holder) || pid === process.pid) continue;
    found.push(`process ${pid}, which holds ${dir}`);
    killPid(pid);
    while (isProcess(holder)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const owner of owners.values()) {
    found.push(...listLeftovers(owner));
    await endLeftovers(owner);
  }
  // Where nobody is root there is no list of folders.
  await endPrograms({ below: [real] });
  return found;
}

function findCaretakers(): { pid: number; owner: Owner }[] {
  return readdirSync("/proc").flatMap((pid) => {
    const argv = /^\d+$/.test(pid) ? readIfThere(`/proc/${pid}/cmdline`).split("\0") : [];
    const estate = argv.includes(caretakerName) ? argv.find((arg) => arg.startsWith("{")) : undefined;
    // One of another version may know it by another name.
    const { owner } = estate === undefined ? {} : (JSON.parse(estate) as Partial<Estate>);
    return owner === undefined ? [] : [{ pid: Number(pid), owner }];
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended, or there is none
  }
}
