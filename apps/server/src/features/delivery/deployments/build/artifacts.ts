import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { forEachConcurrently } from "../../../../platform/concurrency.ts";
import { AppError } from "../../../../platform/errors.ts";
import type { ObjectStore } from "../../../../platform/objects/index.ts";
import type { Artifact, ArtifactFile } from "../providers/provider.ts";

/** `offset`: where the file begins in `content`. Versions of earlier releases have an object per file instead. */
type Entry = Pick<ArtifactFile, "path" | "size" | "sha1" | "sha256" | "mode"> & { offset?: number };

/** Identifies a version's files. `checked`: the local build of a version whose provider builds from source, kept for the launch gate. */
export interface ArtifactRef {
  project_id: string;
  id: string;
}
export type ArtifactVariant = "sent" | "checked";

export interface StoredArtifact extends Artifact {
  files: readonly StoredFile[];
}
interface StoredFile extends ArtifactFile {
  /** Its bytes from `start` to `end` (inclusive), or to its own end. Rejects when the file cannot be opened. */
  read(range?: { start: number; end: number }): Promise<Readable>;
}

/** Collects the files of one artifact on this machine. Nothing is stored before `complete`. One of `complete` and `discard` ends it. */
export interface ArtifactWriter {
  add(path: string, mode: number, data: Readable, limits: { fileBytes: number }): Promise<{ size: number }>;
  complete(): Promise<StoredArtifact>;
  discard(): Promise<void>;
}

/** An artifact that is read from this machine, until it is disposed. */
export type LocalArtifact = StoredArtifact & AsyncDisposable;

/** Thrown when a file exceeds the size limit. */
export class FileTooLarge extends Error {
  override readonly name = "FileTooLarge";
}

const collection = "deployments/";
/** Projects whose versions are listed at the same time. */
const concurrency = 16;

export type ArtifactStore = ReturnType<typeof createArtifactStore>;
/**
 * Build output, stored per version as two objects: the contents of its regular files one after another, and a list of them, which is stored
 * last.
 */
export function createArtifactStore({ objects }: { objects: ObjectStore }) {
  const folderOf = ({ project_id, id }: ArtifactRef, part: ArtifactVariant = "sent") =>
    `${collection}${project_id}/${id}/${part === "sent" ? "" : `${part}/`}`;
  const listOf = (folder: string) => `${folder}files.json`;
  const contentOf = (folder: string) => `${folder}content`;

  const readList = async (folder: string): Promise<Entry[] | undefined> => {
    const found = await objects.get(listOf(folder));
    return found && (JSON.parse(await text(found.data)) as Entry[]);
  };
  const writeList = async (folder: string, entries: readonly Entry[]): Promise<void> => {
    await objects.put(listOf(folder), Buffer.from(JSON.stringify(entries)));
  };
  /** Reads files of a version. */
  const readerOf = (folder: string) => async (entry: Entry, range: { start: number; end: number }) => {
    const { offset, path } = entry;
    const found =
      offset === undefined
        ? await objects.get(`${folder}tree/${path}`, range)
        : await objects.get(contentOf(folder), { start: offset + range.start, end: offset + range.end });
    if (!found) throw new Error(`${path} of ${folder} is missing`);
    return found.data;
  };
  const load = async (folder: string): Promise<StoredArtifact | undefined> => {
    const entries = await readList(folder);
    return entries && toArtifact(entries, readerOf(folder));
  };

  const create = async (ref: ArtifactRef, part?: ArtifactVariant): Promise<ArtifactWriter> => {
    const folder = folderOf(ref, part);
    await objects.deleteAll(folder);
    const file = await objects.scratchFile();
    const entries: Entry[] = [];
    let bytes = 0;
    const discard = () => rm(file, { force: true });
    return {
      discard,
      add: async (path, mode, data, limits) => {
        try {
          const written = await append(data, file, bytes, limits.fileBytes);
          entries.push({ path, ...written, mode, offset: bytes });
          bytes += written.size;
          return written;
        } catch (error) {
          data.destroy();
          throw storageError(error);
        }
      },
      complete: async () => {
        entries.sort((a, b) => (a.path < b.path ? -1 : 1));
        try {
          if (entries.length > 0) await objects.putFile(contentOf(folder), file);
          await writeList(folder, entries);
        } finally {
          await discard();
        }
        return toArtifact(entries, readerOf(folder));
      },
    };
  };

  return {
    /** Undefined when there is none, or it was not completed. */
    find: (ref: ArtifactRef, part?: ArtifactVariant): Promise<StoredArtifact | undefined> => load(folderOf(ref, part)),
    /** The same for one that is read many times: of a bucket, it is downloaded first. */
    findLocal: async (ref: ArtifactRef, part?: ArtifactVariant, signal?: AbortSignal): Promise<LocalArtifact | undefined> => {
      const folder = folderOf(ref, part);
      const entries = await readList(folder);
      if (!entries) return undefined;
      const local = entries.some(({ offset }) => offset !== undefined) ? await objects.localFile(contentOf(folder), signal) : undefined;
      const read = readerOf(folder);
      return {
        ...toArtifact(entries, async (entry, { start, end }) =>
          local && entry.offset !== undefined
            ? createReadStream(local.path, { start: entry.offset + start, end: entry.offset + end, highWaterMark: 256 * 1024 })
            : read(entry, { start, end }),
        ),
        [Symbol.asyncDispose]: async () => local?.[Symbol.asyncDispose](),
      };
    },
    /** Starts empty: removes what an earlier attempt left. */
    create,
    /** Copies the files of one version to another. False when the source no longer exists. */
    copy: async (from: ArtifactRef, to: ArtifactRef): Promise<boolean> => {
      const [source, target] = [folderOf(from), folderOf(to)];
      const entries = await readList(source);
      if (!entries) return false;
      if (entries.every(({ offset }) => offset !== undefined)) {
        await objects.deleteAll(target);
        if (entries.length > 0 && !(await objects.copy(contentOf(source), contentOf(target)))) return false;
        await writeList(target, entries);
        return true;
      }
      const writer = await create(to);
      try {
        for (const { path, mode, size, open } of toArtifact(entries, readerOf(source)).files)
          await writer.add(path, mode, open(), { fileBytes: size });
        await writer.complete();
        return true;
      } catch (error) {
        await writer.discard();
        throw error;
      }
    },
    /** When the newest object of a version was stored; undefined without any. */
    lastStoredAt: async (ref: ArtifactRef): Promise<Date | undefined> => {
      let last: Date | undefined;
      for await (const { modifiedAt } of objects.list(folderOf(ref))) if (!last || modifiedAt > last) last = modifiedAt;
      return last;
    },
    remove: (ref: ArtifactRef): Promise<void> => objects.deleteAll(folderOf(ref)),
    removeProject: (projectId: string): Promise<void> => objects.deleteAll(`${collection}${projectId}/`),
    /** All stored versions. */
    list: async (): Promise<ArtifactRef[]> => {
      const found: ArtifactRef[] = [];
      await forEachConcurrently(await objects.listFolders(collection), concurrency, new AbortController().signal, async (project_id) => {
        for (const id of await objects.listFolders(`${collection}${project_id}/`)) found.push({ project_id, id });
      });
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

function toArtifact(
  entries: readonly Entry[],
  read: (entry: Entry, range: { start: number; end: number }) => Promise<Readable>,
): StoredArtifact {
  return {
    files: entries.map((entry) => {
      const { path, size, sha1, sha256, mode } = entry;
      const all = { start: 0, end: size - 1 };
      return {
        path,
        size,
        sha1,
        sha256,
        mode,
        read: async ({ start, end } = all) => {
          const last = Math.min(end, size - 1);
          return start > last ? Readable.from([]) : read(entry, { start, end: last });
        },
        // Nothing is opened before it is read.
        open: () =>
          Readable.from(
            (async function* () {
              if (size > 0) yield* await read(entry, all);
            })(),
            { objectMode: false },
          ),
      };
    }),
    totalBytes: entries.reduce((sum, { size }) => sum + size, 0),
  };
}

/** Writes a file behind those that are there; what is left of one that failed is overwritten. */
async function append(data: Readable, file: string, start: number, maxBytes: number) {
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
  await pipeline(data, measure, createWriteStream(file, start === 0 ? { flags: "w", mode: 0o600 } : { flags: "r+", start }));
  return { size, sha1: hashes[0].digest("hex"), sha256: hashes[1].digest("hex") };
}
