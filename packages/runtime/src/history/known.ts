import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import type { BytePath } from "./names.ts";
import type { Mode, Seen } from "./scan.ts";

/** The tree at the last scan, so that only changes are read again. */
export interface Known {
  /** The git tree of `files`; undefined when empty. */
  tree: string | undefined;
  entries: Map<BytePath, KnownEntry>;
}
export interface KnownEntry {
  mode: Mode;
  size: number;
  stamp: string;
  /** The blob id; empty for folders. */
  blob: string;
}

/** The known entry when it is unchanged according to the file system. */
export const unchanged = (known: KnownEntry | undefined, seen: Seen): KnownEntry | undefined =>
  known?.mode === seen.mode && (seen.mode === "folder" || (seen.stamp !== "" && known.stamp === seen.stamp)) ? known : undefined;

/** A cache: when it is lost or broken, everything is read again. */
export function loadKnown(file: string): Known {
  try {
    const { tree, entries } = JSON.parse(readFileSync(file, "latin1")) as {
      tree?: string;
      entries: [BytePath, Mode, number, string, string][];
    };
    return {
      tree,
      entries: new Map(entries.map(([path, mode, size, stamp, blob]) => [path, { mode, size, stamp, blob }])),
    };
  } catch {
    return { tree: undefined, entries: new Map() };
  }
}
export function saveKnown(file: string, { tree, entries }: Known): void {
  const list = Array.from(entries, ([path, { mode, size, stamp, blob }]) => [path, mode, size, stamp, blob]);
  writeFileSync(`${file}.tmp`, JSON.stringify({ tree, entries: list }), { mode: 0o600, encoding: "latin1" });
  renameSync(`${file}.tmp`, file);
}

export const blobHash = (data: Uint8Array): string => createHash("sha1").update(`blob ${data.byteLength}\0`).update(data).digest("hex");

/**
 * A regular file's current content, safe against replacement; undefined when it is no longer a regular file, `large` when it exceeds
 * `maxBytes`.
 */
export function readNow(path: Buffer, maxBytes: number): Buffer | "large" | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR", "ENXIO", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    if (stat.size > maxBytes) return "large";
    const buffer = Buffer.allocUnsafe(stat.size);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(fd, buffer, length, buffer.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
