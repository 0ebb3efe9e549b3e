import { addAbortSignal, Readable } from "node:stream";
import { AppError } from "../errors.ts";

/**
 * What the server stores as objects: the first part of every key. The names are those of the folders of `DATA_DIR` in which the folder store
 * has them. `deployments`: files of deployed versions. `bases`: archives of templates. `arrivals`: archives that wait to be unpacked into
 * a project. `exports`: account exports. `snapshots`: copies of snapshots.
 */
export const collections = ["deployments", "bases", "arrivals", "exports", "snapshots"] as const;

export interface ObjectFacts {
  key: string;
  bytes: number;
  modifiedAt: Date;
  /** Changes with the content; quoted. */
  etag: string;
}
/** Read `data` to its end or destroy it. */
export interface StoredObject extends ObjectFacts {
  data: Readable;
}
/** First and last byte. */
export interface ByteRange {
  start: number;
  end: number;
}
/** An object as a file of this machine, until it is disposed. Not to be changed. */
export interface LocalFile extends AsyncDisposable {
  path: string;
  bytes: number;
}

export interface PutOptions {
  /** Throws `ObjectTooLarge` for more. */
  maxBytes?: number;
  /** Throws `ObjectExists` instead of replacing an object. */
  isNew?: boolean;
  signal?: AbortSignal;
}

/** Names one installation in the store. */
export interface ObjectStoreOwner {
  read(): Promise<string | undefined>;
  set(id: string): Promise<void>;
}

/**
 * Files of the server by key, such as `exports/<id>.zip`; shared by all servers of an installation. An object is complete or absent, and
 * durable once a call resolves. Without the storage, calls throw `unavailable`; with a full one, `storage_full`.
 */
export interface ObjectStore {
  readonly kind: "folder" | "s3";
  /** For messages and the log; without credentials. */
  readonly address: string;
  /** Which installation may delete objects. `undefined`: the store belongs to its installation alone. */
  readonly owner?: ObjectStoreOwner;
  /** Streams with bounded memory, and returns the number of bytes. A failed call leaves nothing, and has destroyed a stream that it was given. */
  put(key: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<number>;
  /** A new path on this machine, for `putFile`. What is left there is deleted when the server starts. */
  scratchFile(): Promise<string>;
  /** Stores a file at a path of `scratchFile`. The folder store moves it. */
  putFile(key: string, path: string): Promise<void>;
  /** `undefined` when there is none. The range must be within the object. */
  get(key: string, range?: ByteRange): Promise<StoredObject | undefined>;
  head(key: string): Promise<ObjectFacts | undefined>;
  /** The folder store returns its own file, S3 a copy in the scratch folder. */
  localFile(key: string, signal?: AbortSignal): Promise<LocalFile | undefined>;
  /** False when the source does not exist. */
  copy(from: string, to: string): Promise<boolean>;
  /** Ignores unknown keys. */
  delete(...keys: string[]): Promise<void>;
  /** Everything below a folder of a collection; `prefix` ends with `/`. */
  deleteAll(prefix: string): Promise<void>;
  /** In the order of the bytes of keys, read in pages. `prefix` ends with `/`. `after`: only later keys. */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ObjectFacts>;
  /** Names of the folders directly below `prefix`, which ends with `/`. */
  listFolders(prefix: string): Promise<string[]>;
  /** Writes, reads and deletes an object. Throws when that is not possible, with the reason as `cause`. */
  check(): Promise<void>;
  /** Deletes what killed calls left behind before that moment and no key names. Returns how many. */
  removeUnfinished(before: Date): Promise<number>;
}

export class ObjectTooLarge extends Error {
  override readonly name = "ObjectTooLarge";
}
export class ObjectExists extends Error {
  override readonly name = "ObjectExists";
}

const maxKeyBytes = 1000;
const maxNameBytes = 255;

/** Throws for a key that could lead outside of its collection, or that a store cannot have. */
export function checkKey(key: string): void {
  const names = key.split("/");
  const isValid =
    names.length > 1 &&
    collections.some((collection) => collection === names[0]) &&
    Buffer.byteLength(key) <= maxKeyBytes &&
    key.isWellFormed() &&
    names.every((name) => isName(name));
  if (!isValid) throw new Error(`${JSON.stringify(key.slice(0, 200))} is not a valid key of an object`);
}

/** `isDeleted`: not a whole collection. */
export function checkPrefix(prefix: string, { isDeleted = false } = {}): void {
  if (!prefix.endsWith("/")) throw new Error(`${JSON.stringify(prefix.slice(0, 200))} does not end with /`);
  checkKey(isDeleted ? prefix.slice(0, -1) : `${prefix}x`);
}

const isName = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= maxNameBytes && !hasControlCharacter(name);
const hasControlCharacter = (text: string) => [...text].some((character) => character < " " || character === "\u007f");

export const storageUnavailable = (cause: unknown): AppError =>
  new AppError("unavailable", "The server's file storage is not available. Try again in a moment.", { cause });
export const storageFull = (cause: unknown): AppError =>
  new AppError("storage_full", "The server's file storage is full. The operator has to free space.", { cause });

/** Passes data through. Throws when it is more than that, and the reason of the signal when it is aborted. */
export async function* limitedTo(
  data: AsyncIterable<Uint8Array>,
  maxBytes: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  // Also ends a stream that waits.
  if (signal && data instanceof Readable) addAbortSignal(signal, data);
  let bytes = 0;
  try {
    for await (const piece of data) {
      signal?.throwIfAborted();
      bytes += piece.byteLength;
      if (maxBytes !== undefined && bytes > maxBytes) throw new ObjectTooLarge(`more than ${maxBytes} bytes`);
      yield piece;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  signal?.throwIfAborted();
}
