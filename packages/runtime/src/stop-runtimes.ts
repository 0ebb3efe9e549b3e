import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { killPid } from "./host/process-isolation.ts";
import { endLeftovers, endPrograms, knownOwners, listLeftovers, type StateOwner } from "./host/leftovers.ts";
import { isProcess } from "./host/files/locks.ts";
import { caretakerName, type CaretakerState } from "./lease.ts";

/**
 * Ends everything on this machine that belongs to data folders at or below a folder, whether they still exist or not: the processes that
 * hold them (except ours), their caretakers and services, with networks, control groups and mounts. Returns what it found, one line each;
 * empty when every runtime was closed. Does not touch containers.
 */
export async function stopRuntimesBelow(folder: string): Promise<string[]> {
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  const isBelow = ({ dir }: StateOwner) => `${dir}/`.startsWith(`${real}/`);
  const found: string[] = [];
  const owners = new Map(
    knownOwners()
      .filter(isBelow)
      .map((owner) => [owner.key, owner]),
  );
  // Caretakers first: they would react to the end of the holders.
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
  // Without root there is no list of folders.
  await endPrograms({ below: [real] });
  return found;
}

function findCaretakers(): { pid: number; owner: StateOwner }[] {
  return readdirSync("/proc").flatMap((pid) => {
    const argv = /^\d+$/.test(pid) ? readIfThere(`/proc/${pid}/cmdline`).split("\0") : [];
    const state = argv.includes(caretakerName) ? argv.find((arg) => arg.startsWith("{")) : undefined;
    // Another version may use another name for it.
    const { owner } = state === undefined ? {} : (JSON.parse(state) as Partial<CaretakerState>);
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
