import { closeSync, constants, lstatSync, openSync, readdirSync, rmdirSync, unlinkSync, type BigIntStats } from "node:fs";
import { createThrottle } from "./throttle.ts";
import { codeOf } from "./pin.ts";

const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Calls `visit` for everything below the open directory, parents first. Skips entries that disappear. */
export async function walkPinned(
  fd: number,
  base: string,
  skip: ReadonlySet<string>,
  visit: (path: string, stat: BigIntStats) => void,
  throttle = createThrottle(),
): Promise<void> {
  for (const name of readdirSync(`/proc/self/fd/${fd}`)) {
    if (skip.has(name)) continue;
    const stat = lstatSync(`/proc/self/fd/${fd}/${name}`, { bigint: true, throwIfNoEntry: false });
    if (!stat) continue;
    const path = base === "" ? name : `${base}/${name}`;
    visit(path, stat);
    if (!stat.isDirectory()) continue;
    const child = openChild(fd, name);
    if (child === undefined) continue;
    try {
      await throttle();
      await walkPinned(child, path, skip, visit, throttle);
    } finally {
      closeSync(child);
    }
  }
}

/** Deletes a name and everything below it, never through a link. */
export async function removePinned(fd: number, name: string, throttle = createThrottle()): Promise<void> {
  const path = `/proc/self/fd/${fd}/${name}`;
  const child = openChild(fd, name);
  if (child === undefined) {
    ignoreMissing(() => unlinkSync(path));
    return;
  }
  try {
    for (const entry of readdirSync(`/proc/self/fd/${child}`, { withFileTypes: true })) {
      await throttle();
      if (entry.isDirectory()) await removePinned(child, entry.name, throttle);
      else ignoreMissing(() => unlinkSync(`/proc/self/fd/${child}/${entry.name}`));
    }
  } finally {
    closeSync(child);
  }
  ignoreMissing(() => rmdirSync(path));
}

function openChild(fd: number, name: string): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}/${name}`, openFlags);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function ignoreMissing(action: () => void) {
  try {
    action();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
