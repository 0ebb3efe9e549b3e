import { lstatSync, readdirSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import type { Entry } from "../types.ts";
import { createThrottle } from "./throttle.ts";

export const etagOf = (stat: BigIntStats) => `${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}-${stat.ino.toString(36)}`;

export function entryOf(path: string, stat: BigIntStats): Entry {
  const isDirectory = stat.isDirectory();
  return {
    path,
    isDirectory,
    size: isDirectory ? 0 : Number(stat.size),
    etag: etagOf(stat),
    mtimeMs: Number(stat.mtimeNs / 1000n) / 1000,
    mode: Number(stat.mode & 0o777n),
    ...(stat.isSymbolicLink() && { isLink: true as const }),
  };
}

/** Bytes of everything below a folder owned by one uid; shared files of an image have another owner. */
export async function ownBytes(dir: string, uid: number | undefined, throttle = createThrottle()): Promise<number> {
  let bytes = 0;
  for (const entry of listIfThere(dir)) {
    const path = join(dir, entry.name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    if (uid === undefined || stat.uid === uid) bytes += stat.blocks * 512;
    if (!entry.isDirectory()) continue;
    await throttle();
    bytes += await ownBytes(path, uid, throttle);
  }
  return bytes;
}

function listIfThere(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return []; // deleted since
  }
}
