import { closeSync, constants, lstatSync, openSync, readdirSync, type Stats } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { createPace } from "../tree/throttle.ts";
import { codeOf } from "../tree/pin.ts";
import { toBytes, type BytePath } from "./names.ts";
import { environmentMark, isReinstallable } from "./skipped.ts";

export type Mode = "100644" | "100755" | "120000" | "folder";

/** Something of the tree that a point keeps. */
export interface Seen {
  mode: Mode;
  size: number;
  /** Changes with the content; empty when it cannot be told yet, because the change is too recent for the clock. */
  stamp: string;
}

export const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file changed this short before it was seen may change again without a new time. */
const tickMs = 50;
/** More than anybody writes; a tree made to exhaust us is refused. */
const maxDepth = 200;
const maxEntries = 250_000;

/** A name in an open folder: whatever is swapped meanwhile, the descriptor stays on the folder that was opened. */
export const inFolder = (fd: number, name: BytePath): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), toBytes(name)]);

/** Everything that a point keeps, links never followed. Only empty folders are listed themselves. */
export async function scan(
  root: string,
  { maxFileBytes = Number.POSITIVE_INFINITY, signal }: { maxFileBytes?: number; signal?: AbortSignal } = {},
) {
  const found = new Map<BytePath, Seen>();
  const pace = createPace();
  const settled = Date.now() - tickMs;

  async function look(fd: number, base: BytePath, depth: number): Promise<void> {
    if (depth > maxDepth) throw new RuntimeError("not_supported", `Folders of this project are nested more than ${maxDepth} deep.`);
    if (found.size > maxEntries) throw new RuntimeError("not_supported", `This project has more than ${maxEntries} files of its own.`);
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
          await look(child, path, depth + 1);
        } finally {
          closeSync(child);
        }
      } else if (stat.isSymbolicLink()) found.set(path, { mode: "120000", size: stat.size, stamp: stampOf(stat, settled) });
      else if (stat.isFile() && stat.size <= maxFileBytes)
        found.set(path, { mode: (stat.mode & 0o100) !== 0 ? "100755" : "100644", size: stat.size, stamp: stampOf(stat, settled) });
    }
    if (base !== "" && found.size === before) found.set(base, { mode: "folder", size: 0, stamp: "" });
  }

  const fd = openSync(root, openFolder);
  try {
    await look(fd, "", 0);
  } finally {
    closeSync(fd);
  }
  return found;
}

/** The time of the last change of any kind cannot be set by the project, unlike that of the content. */
export const stampOf = (stat: Stats, settled: number): string => (stat.ctimeMs > settled ? "" : `${stat.ctimeMs} ${stat.ino} ${stat.size}`);

export function openChild(fd: number, name: BytePath): number | undefined {
  try {
    return openSync(inFolder(fd, name), openFolder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(codeOf(error))) return undefined;
    throw error;
  }
}
