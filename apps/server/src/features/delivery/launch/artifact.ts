import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Build output on disk. */
export interface LaunchArtifact {
  /** Regular files by path: POSIX, relative, without a leading slash. Sorted. */
  files: ReadonlyMap<string, { size: number }>;
  totalBytes: number;
  /** The file count exceeds `maxFiles`. */
  isCut: boolean;
  /** SHA-256 of a file's content, in hexadecimal digits. */
  hash(path: string): Promise<string>;
  /** From byte `start` to byte `end` (inclusive). Destroy it or read it to its end. */
  open(path: string, range?: { start: number; end: number }): Promise<Readable>;
}

const maxFiles = 50_000;

/** Lists a folder without following links. */
export async function listArtifact(dir: string): Promise<LaunchArtifact> {
  const found: [string, { size: number }][] = [];
  const folders = [""];
  let isCut = false;
  for (let folder = folders.pop(); folder !== undefined && !isCut; folder = folders.pop())
    for await (const entry of await opendir(join(dir, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) found.push([path, { size: (await lstat(join(dir, path))).size }]);
      if (found.length + folders.length > maxFiles) {
        isCut = true;
        break;
      }
    }
  const read = async (path: string, range?: { start: number; end: number }) =>
    (await open(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW)).createReadStream({ ...range, highWaterMark: 256 * 1024 });
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    files: new Map(found),
    totalBytes: found.reduce((sum, [, { size }]) => sum + size, 0),
    isCut,
    hash: async (path) => {
      const sha256 = createHash("sha256");
      await pipeline(await read(path), sha256);
      return sha256.digest("hex");
    },
    open: read,
  };
}
