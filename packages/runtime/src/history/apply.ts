import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../run.ts";
import { createThrottle } from "../tree/throttle.ts";
import { codeOf } from "../tree/pin.ts";
import { removePinned } from "../tree/walk.ts";
import type { Blobs } from "./feed.ts";
import type { KnownEntry } from "./known.ts";
import type { BytePath } from "./names.ts";
import { inFolder, openFolder } from "./scan.ts";
import { baseName, openWalker, parentOf, unlinkIfThere, type RestoreTarget } from "./walker.ts";

export interface RestorePlan {
  /** Entries of the tree that are not in the point. */
  remove: BytePath[];
  write: [BytePath, Pick<KnownEntry, "mode" | "blob">][];
  /** Folders of the point and their parents: kept even when empty. */
  folders: ReadonlySet<BytePath>;
}

const stagePrefix = "history-";
/** Up to this many files are flushed individually; beyond that, syncing the whole file system is cheaper. */
const flushOneByOne = 32;

/** Removes what an interrupted apply left. */
export function sweepStage(tmp: string): void {
  for (const name of readdirSync(tmp)) if (name.startsWith(stagePrefix)) rmSync(join(tmp, name), { recursive: true, force: true });
}

/** Differences between the current and the wanted tree. Files larger than `maxFileBytes` were never captured, so they stay. */
export function planOf(
  current: ReadonlyMap<BytePath, Pick<KnownEntry, "mode" | "blob" | "size">>,
  target: ReadonlyMap<BytePath, Pick<KnownEntry, "mode" | "blob">>,
  maxFileBytes: number,
): RestorePlan {
  const folders = new Set<BytePath>();
  for (const [path, { mode }] of target) {
    let at = mode === "folder" ? path : parentOf(path);
    for (; at !== "" && !folders.has(at); at = parentOf(at)) folders.add(at);
  }
  return {
    remove: [...current].flatMap(([path, { size, mode }]) =>
      target.has(path) || folders.has(path) || (size > maxFileBytes && mode !== "120000") ? [] : [path],
    ),
    write: [...target].filter(([path, { mode, blob }]) => {
      const now = current.get(path);
      return now?.mode !== mode || now.blob !== blob;
    }),
    folders,
  };
}

/** Everything new is staged before the first name changes. */
export interface Staged {
  /** Fast; can be repeated after a kill with a new plan. */
  swap(): Promise<void>;
  discard(): void;
}

export async function stage(
  target: RestoreTarget,
  plan: RestorePlan,
  blobs: Blobs,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<Staged> {
  const { owner } = target;
  const dir = join(target.tmp, `${stagePrefix}${randomBytes(8).toString("hex")}`);
  mkdirSync(dir, { mode: 0o700 });
  const discard = () => rmSync(dir, { recursive: true, force: true });
  const pace = createThrottle();
  const files = plan.write.filter(([, { mode }]) => mode !== "folder");
  const isFew = files.length <= flushOneByOne;
  try {
    for (const [, { blob }] of files) blobs.request(blob);
    for (const [i, [, { mode }]] of files.entries()) {
      signal?.throwIfAborted();
      await pace();
      const path = join(dir, String(i));
      if (mode === "120000") {
        const parts: Buffer[] = [];
        for await (const chunk of blobs.next()) parts.push(chunk);
        symlinkSync(Buffer.concat(parts), path);
        if (owner) lchownSync(path, owner.uid, owner.gid);
      } else {
        const fd = openSync(path, "wx", 0o600);
        try {
          for await (const chunk of blobs.next()) for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
          if (owner) fchownSync(fd, owner.uid, owner.gid);
          fchmodSync(fd, mode === "100755" ? 0o755 : 0o644);
          if (isFew) fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
      }
      onProgress?.(i + 1, files.length);
    }
    if (!isFew) await run(["sync", "-f", dir], { timeoutMs: 120_000 });
  } catch (error) {
    discard();
    throw error;
  }

  const swap = async () => {
    const walker = openWalker(target);
    const stageFd = openSync(dir, openFolder);
    try {
      for (const path of plan.remove) {
        await pace();
        const parent = walker.find(parentOf(path));
        if (parent !== undefined) unlinkIfThere(parent, baseName(path));
      }
      // Deepest first; folders with content that no point keeps stay.
      const emptied = new Set<BytePath>();
      for (const path of plan.remove) for (let at = parentOf(path); at !== "" && !emptied.has(at); at = parentOf(at)) emptied.add(at);
      for (const path of plan.remove) emptied.add(path);
      for (const path of [...emptied].sort((a, b) => b.length - a.length)) {
        if (plan.folders.has(path)) continue;
        const parent = walker.find(parentOf(path));
        if (parent !== undefined) rmdirIfEmpty(parent, baseName(path));
      }
      for (const [i, [path]] of files.entries()) {
        await pace();
        const parent = walker.make(parentOf(path));
        await clear(parent, baseName(path), stageFd);
        renameSync(inFolder(stageFd, String(i)), inFolder(parent, baseName(path)));
      }
      for (const [path, { mode }] of plan.write) if (mode === "folder") walker.make(path);
    } finally {
      walker.close();
      closeSync(stageFd);
    }
  };
  return { swap, discard };
}

/** Moves a folder that is in the way of a file, with its content, out of the tree. */
async function clear(parent: number, name: BytePath, stageFd: number): Promise<void> {
  if (!lstatSync(inFolder(parent, name), { throwIfNoEntry: false })?.isDirectory()) return;
  renameSync(inFolder(parent, name), inFolder(stageFd, "discarded"));
  await removePinned(stageFd, "discarded");
}
function rmdirIfEmpty(parent: number, name: BytePath) {
  try {
    rmdirSync(inFolder(parent, name));
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY"].includes(codeOf(error))) throw error;
  }
}
