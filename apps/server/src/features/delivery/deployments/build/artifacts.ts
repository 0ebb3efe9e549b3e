import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { cp, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../../../platform/errors.ts";
import type { Artifact, ArtifactFile } from "../providers/provider.ts";

type Entry = Omit<ArtifactFile, "open">;

/** Identifies a version's files. `checked`: the local build of a version whose provider builds from source, kept for the launch gate. */
export interface ArtifactRef {
  project_id: string;
  id: string;
}
export type ArtifactVariant = "sent" | "checked";

/** Writes the files of one artifact. Nothing is visible before `complete`. */
export interface ArtifactWriter {
  add(path: string, mode: number, data: Readable, limits: { fileBytes: number }): Promise<Entry>;
  complete(): Promise<Artifact>;
}

/** Thrown when a file exceeds the size limit. */
export class FileTooLarge extends Error {
  override readonly name = "FileTooLarge";
}

export type ArtifactStore = ReturnType<typeof createArtifactStore>;
/**
 * Build output, stored per version: regular files that only this server writes, at their original paths, and a list of them. Readers rely
 * on the list, not the directory.
 */
export function createArtifactStore({ dir }: { dir: string }) {
  const folderOf = ({ project_id, id }: ArtifactRef, part: ArtifactVariant = "sent") =>
    join(dir, project_id, id, ...(part === "sent" ? [] : [part]));
  const listOf = (folder: string) => join(folder, "files.json");
  const treeOf = (folder: string) => join(folder, "tree");

  const load = async (folder: string): Promise<Artifact | undefined> => {
    try {
      return toArtifact(folder, JSON.parse(await readFile(listOf(folder), "utf8")) as Entry[]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  };

  return {
    /** Absolute path of the folder with the files. */
    treeOf: (ref: ArtifactRef, part?: ArtifactVariant): string => treeOf(folderOf(ref, part)),
    /** Streams one file, from byte `start` to byte `end` (inclusive). */
    read: (ref: ArtifactRef, path: string, range?: { start: number; end: number }): Readable =>
      createReadStream(join(treeOf(folderOf(ref)), path), range),
    /** Undefined when there is none, or it was not completed. */
    find: (ref: ArtifactRef, part?: ArtifactVariant): Promise<Artifact | undefined> => load(folderOf(ref, part)),
    /** Starts empty: removes what an earlier attempt left. */
    create: async (ref: ArtifactRef, part?: ArtifactVariant): Promise<ArtifactWriter> => {
      const folder = folderOf(ref, part);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const entries: Entry[] = [];
      return {
        add: async (path, mode, data, limits) => {
          const file = join(treeOf(folder), path);
          // Paths come from a tree that contains no escaping paths; this is the last line of defense.
          if (!file.startsWith(`${treeOf(folder)}/`)) throw new Error("path escapes the artifact");
          await mkdir(dirname(file), { recursive: true, mode: 0o700 });
          try {
            const { size, sha1, sha256 } = await write(data, file, limits.fileBytes);
            const entry = { path, size, sha1, sha256, mode };
            entries.push(entry);
            return entry;
          } catch (error) {
            data.destroy();
            await rm(file, { force: true });
            throw storageError(error);
          }
        },
        complete: async () => {
          entries.sort((a, b) => (a.path < b.path ? -1 : 1));
          const part = `${listOf(folder)}.part`;
          try {
            await using file = await open(part, "w", 0o600);
            await file.writeFile(JSON.stringify(entries));
            await file.sync();
          } catch (error) {
            throw storageError(error);
          }
          await rename(part, listOf(folder));
          return toArtifact(folder, entries);
        },
      };
    },
    /** Copies the files of one version to another. False when the source no longer exists. */
    copy: async (from: ArtifactRef, to: ArtifactRef): Promise<boolean> => {
      if (!(await load(folderOf(from)))) return false;
      await rm(folderOf(to), { recursive: true, force: true });
      await cp(folderOf(from), folderOf(to), { recursive: true }).catch((error: unknown) => Promise.reject(storageError(error)));
      return true;
    },
    remove: (ref: ArtifactRef): Promise<void> => rm(folderOf(ref), { recursive: true, force: true }),
    removeProject: (projectId: string): Promise<void> => rm(join(dir, projectId), { recursive: true, force: true }),
    /** All stored versions. */
    list: async (): Promise<ArtifactRef[]> => {
      const namesIn = (folder: string) => readdir(folder).catch(() => [] as string[]);
      const found = [];
      for (const project_id of await namesIn(dir)) for (const id of await namesIn(join(dir, project_id))) found.push({ project_id, id });
      return found;
    },
  };
}

/** A full disk becomes an error for the user; other errors pass through. */
function storageError(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return isFull ? new AppError("storage_full", "This server's disk is full. Nothing was deployed.", { cause: error }) : error;
}

function toArtifact(folder: string, entries: readonly Entry[]): Artifact {
  return {
    files: entries.map((entry) => ({ ...entry, open: () => createReadStream(join(folder, "tree", entry.path)) })),
    totalBytes: entries.reduce((sum, { size }) => sum + size, 0),
  };
}

async function write(data: Readable, file: string, maxBytes: number) {
  const hashes = [createHash("sha1"), createHash("sha256")] as const;
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) return done(new FileTooLarge(`more than ${maxBytes} bytes`));
      for (const hash of hashes) hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(data, measure, createWriteStream(file, { flags: "wx", mode: 0o600 }));
  return { size, sha1: hashes[0].digest("hex"), sha256: hashes[1].digest("hex") };
}
