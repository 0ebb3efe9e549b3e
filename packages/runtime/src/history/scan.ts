import { closeSync, constants, lstatSync, openSync, readdirSync, type Stats } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { createThrottle } from "../tree/throttle.ts";
import { codeOf } from "../tree/pin.ts";
import { toBytes, type BytePath } from "./names.ts";
import { environmentMark, isReinstallable } from "./skipped.ts";

export type Mode = "100644" | "100755" | "120000" | "folder";

/** An entry of the tree to store. */
export interface Seen {
  mode: Mode;
  size: number;
  /** Changes with the content; empty when the last change is too recent for the clock's resolution. */
  stamp: string;
}

export const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file changed this recently may change again without a new timestamp. */
const tickMs = 50;
/** Limit against trees made to exhaust the server. */
const maxDepth = 200;
const maxEntries = 250_000;

/** A name in an open folder: the descriptor stays on the opened folder whatever is swapped. */
export const inFolder = (fd: number, name: BytePath): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), toBytes(name)]);

/** Every entry to store; links are never followed. Of folders only empty ones are listed. */
export async function scan(
  root: string,
  { maxFileBytes = Number.POSITIVE_INFINITY, signal }: { maxFileBytes?: number; signal?: AbortSignal } = {},
) {
  const found = new Map<BytePath, Seen>();
  const pace = createThrottle();
  const stableBefore = Date.now() - tickMs;

  async function visit(fd: number, base: BytePath, depth: number): Promise<void> {
    if (depth > maxDepth) throw new RuntimeError("not_supported", `Folders of this project are nested more than ${maxDepth} levels deep.`);
    if (found.size > maxEntries) throw new RuntimeError("not_supported", `This project exceeds the limit of ${maxEntries} files.`);
    const before = found.size;
    const names = readdirSync(`/proc/self/fd/${fd}`, "latin1");
    if (base !== "" && names.includes(environmentMark)) return;
    for (const name of names) {
      const stat = lstatSync(inFolder(fd, name), { throwIfNoEntry: false });
      if (!stat) continue;
      const path = base === "" ? name : `${base}/${name}`;
      if (stat.isDirectory()) {
        if (isReinstallable(name)) continue;
        const child = openChild(fd, name);
        if (child === undefined) continue;
        try {
          await pace();
          signal?.throwIfAborted();
          await visit(child, path, depth + 1);
        } finally {
          closeSync(child);
        }
      } else if (stat.isSymbolicLink()) found.set(path, { mode: "120000", size: stat.size, stamp: stampOf(stat, stableBefore) });
      else if (stat.isFile() && stat.size <= maxFileBytes)
        found.set(path, { mode: (stat.mode & 0o100) !== 0 ? "100755" : "100644", size: stat.size, stamp: stampOf(stat, stableBefore) });
    }
    if (base !== "" && found.size === before) found.set(base, { mode: "folder", size: 0, stamp: "" });
  }

  const fd = openSync(root, openFolder);
  try {
    await visit(fd, "", 0);
  } finally {
    closeSync(fd);
  }
  return found;
}

/** Uses ctime, which the project cannot set, unlike mtime. */
export const stampOf = (stat: Stats, stableBefore: number): string =>
  stat.ctimeMs > stableBefore ? "" : `${stat.ctimeMs} ${stat.ino} ${stat.size}`;

export function openChild(fd: number, name: BytePath): number | undefined {
  try {
    return openSync(inFolder(fd, name), openFolder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(codeOf(error))) return undefined;
    throw error;
  }
}
