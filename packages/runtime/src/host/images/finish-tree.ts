import { chmodSync, lchownSync, lstatSync, readdirSync, type Dirent, type Stats } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { compileCacheFolder } from "./compile-cache.ts";

/** What projects share of an image. Paths are relative. */
export interface Manifest {
  /** Dependency folders. */
  shared: string[];
  /** Folders in them that the project must be able to write to. */
  folders: string[];
  /** Files in them that tools rewrite in place (lock files, bundler caches): the project gets its own copies. */
  own: string[];
  /** Disk space in bytes. Absent in images of older versions. */
  bytes?: number;
  /** It was neither pruned nor warmed up. */
  isCold?: boolean;
}

/** Dependency folders are shared: thousands of files that are not edited. Everything else is copied. */
const sharedNames = new Set(["node_modules", ".venv"]);
/** 11 MB in a template with React. Vite replaces the folder as a whole and never rewrites a file in it. */
const viteSourceMap = /\/\.vite\/deps\/[^/]+\.map$/;
const isNeverRewritten = (path: string) => viteSourceMap.test(path) || path.startsWith(`${compileCacheFolder}/`);

/** Readable by everyone, writable by the owner alone, executable by everyone if it was by anyone. */
const safeMode = ({ mode }: Stats, isDirectory: boolean) => (mode & 0o1755) | 0o444 | (isDirectory || (mode & 0o111) !== 0 ? 0o111 : 0);
/** After this many entries, other work of this process gets a turn. */
const stepsAtOnce = 100;

/**
 * Sets owner and modes of the files of an image, and lists what projects share. No process may write to the tree until it is done. One walk: the first
 * project waits for it, and there are 20,000 files. `onShared`: called with each dependency folder once its owner and mode are set, before its
 * contents.
 */
export async function finishTree(
  files: string,
  { ownerUid, onShared }: { ownerUid: number | undefined; onShared: (path: string) => void },
): Promise<Manifest> {
  const manifest = { shared: [] as string[], folders: [] as string[], own: [] as string[], bytes: 0 };
  /** Files with several names count once. */
  const counted = new Set<number>();
  let steps = 0;

  const secure = (path: string, entry: Dirent | undefined): void => {
    const stat = lstatSync(path);
    const isDirectory = stat.isDirectory();
    const isNew = isDirectory || stat.nlink === 1 || !counted.has(stat.ino);
    if (isNew) manifest.bytes += stat.blocks * 512;
    if (stat.nlink > 1 && !isDirectory) counted.add(stat.ino);
    const mode = safeMode(stat, isDirectory);
    if (!entry?.isSymbolicLink() && (stat.mode & 0o7777) !== mode) chmodSync(path, mode);
    if (ownerUid !== undefined && (stat.uid !== ownerUid || stat.gid !== ownerUid)) lchownSync(path, ownerUid, ownerUid);
  };
  const visit = async (path: string, inShared: boolean, isOwn: boolean): Promise<void> => {
    if (inShared) manifest.folders.push(path);
    for (const entry of readdirSync(join(files, path), { withFileTypes: true })) {
      if (++steps % stepsAtOnce === 0) await setImmediate();
      const full = path === "" ? entry.name : `${path}/${entry.name}`;
      // `.package-lock.json`, `.modules.yaml`, `.vite/**`; but `.bin` and `.pnpm` contain packages.
      const own = isOwn || (inShared && path.split("/").at(-1) === "node_modules" && /^\.(?!bin$|pnpm$)/.test(entry.name));
      secure(join(files, full), entry);
      if (entry.isDirectory()) {
        const starts = !inShared && sharedNames.has(entry.name);
        if (starts) {
          manifest.shared.push(full);
          onShared(full);
        }
        await visit(full, inShared || starts, own);
      } else if (entry.isFile() && inShared && own && !isNeverRewritten(full)) manifest.own.push(full);
    }
  };
  secure(files, undefined);
  await visit("", false, false);
  return manifest;
}
