import { closeSync, fchmodSync, fchownSync, mkdirSync, openSync, unlinkSync } from "node:fs";
import { codeOf } from "../tree/pin.ts";
import type { BytePath } from "./names.ts";
import { inFolder, openChild, openFolder } from "./scan.ts";

/** Where files are restored. */
export interface RestoreTarget {
  /** The tree's folder. */
  host: string;
  /** Private, on the same file system. */
  tmp: string;
  owner: { uid: number; gid: number } | undefined;
}

export const parentOf = (path: BytePath): BytePath => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const baseName = (path: BytePath): BytePath => path.slice(path.lastIndexOf("/") + 1);

export function unlinkIfThere(parent: number, name: BytePath) {
  try {
    unlinkSync(inFolder(parent, name));
  } catch (error) {
    if (!["ENOENT", "EISDIR", "EPERM"].includes(codeOf(error))) throw error;
  }
}

/** Caches open folders on the path of the last entry, because neighbors are usually next. */
export function openWalker({ host, owner }: Pick<RestoreTarget, "host" | "owner">) {
  const root = openSync(host, openFolder);
  let chain: { name: BytePath; fd: number }[] = [];

  function step(fd: number, name: BytePath, isMade: boolean): number | undefined {
    const there = openChild(fd, name);
    if (there !== undefined || !isMade) return there;
    // A file or link where the point has a folder.
    unlinkIfThere(fd, name);
    mkdirSync(inFolder(fd, name));
    const made = openSync(inFolder(fd, name), openFolder);
    if (owner) fchownSync(made, owner.uid, owner.gid);
    fchmodSync(made, 0o755);
    return made;
  }
  function go(path: BytePath, isMade: boolean): number | undefined {
    const parts = path === "" ? [] : path.split("/");
    let same = 0;
    while (same < chain.length && chain[same]?.name === parts[same]) same++;
    for (const { fd } of chain.splice(same)) closeSync(fd);
    for (const name of parts.slice(same)) {
      const fd = step(chain.at(-1)?.fd ?? root, name, isMade);
      if (fd === undefined) return undefined;
      chain.push({ name, fd });
    }
    return chain.at(-1)?.fd ?? root;
  }
  return {
    find: (path: BytePath) => go(path, false),
    make: (path: BytePath) => go(path, true) as number,
    close() {
      for (const { fd } of chain) closeSync(fd);
      chain = [];
      closeSync(root);
    },
  };
}
