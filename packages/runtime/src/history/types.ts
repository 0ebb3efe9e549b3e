import type { Readable } from "node:stream";

/**
 * Points in time of one sandbox's tree, kept outside the sandbox where no program of the project can reach them.
 *
 * A point holds every file, link and empty folder of the tree, `.env` files and `.git` folders included, whatever a `.gitignore`
 * says. It leaves out what can be installed again (`isReinstallable`), sockets, pipes and devices; a restore leaves those where they are.
 * A kill at any moment leaves each point either whole or absent, and a restore either done or not begun: what was cut
 * short is finished when the sandbox is opened next.
 *
 * Names are `[a-z0-9-]` parts joined by `/`, e.g. `snapshot/<uuid>`. Calls for one sandbox run one after the other.
 */
export interface History {
  /** Keeps the tree as it is. An existing point of that name is replaced. Throws `storage_full`. */
  take(name: string, options?: TakeOptions): Promise<Point>;
  find(name: string): Promise<Point | undefined>;
  /** Names that begin with `prefix`. */
  names(prefix?: string): Promise<string[]>;
  /** Unknown names are fine. The room is given back by `tidy`. */
  remove(names: readonly string[]): Promise<void>;
  /**
   * Makes the tree what it was. Everything is fetched first; a failure before or after leaves the tree as it was before.
   * Nothing of the project may run meanwhile. Throws `not_found`, `storage_full`.
   */
  restore(name: string, options?: RestoreOptions): Promise<Restored>;
  /** What changed from one point to another, or to the tree as it is `now`; without `.git` folders. Throws `not_found`. */
  compare(from: string, to: string | "now", options?: CompareOptions): Promise<Comparison>;
  /** Everything in a point, folders not listed unless empty, in order of path. Content is read as it is asked for, one at a time. Throws `not_found`. */
  read(name: string, options?: { signal?: AbortSignal }): AsyncIterable<KeptEntry>;
  /** A file that was kept beside the tree; `undefined` when the point has none of that path. */
  attachment(name: string, path: string): Promise<{ size: number; data: Readable } | undefined>;
  /** Gives room back. For quiet hours: takes seconds on large trees. */
  tidy(): Promise<void>;
}

export interface TakeOptions {
  /** Files of this host kept beside the tree, by path. */
  attachments?: Readonly<Record<string, string>>;
  /** Files larger than this are left out, and left alone by a restore. */
  maxFileBytes?: number;
  signal?: AbortSignal;
}
export interface Point {
  files: number;
  /** Of the files and attachments, uncompressed. */
  bytes: number;
  attachments: string[];
}
export interface RestoreOptions {
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}
export interface Restored {
  written: number;
  removed: number;
}
export interface CompareOptions {
  /** Only this path, or what is below it. */
  path?: string;
  /** Leaves out what the project's git ignores (`.gitignore` at any depth, `.git/info/exclude`), unless it is tracked. */
  withoutIgnored?: boolean;
  /** Of all patches together; files beyond it come without. Default 512 KiB; 0 spares the work. */
  maxPatchBytes?: number;
  /** More are counted, not listed. Default 1000. */
  maxFiles?: number;
  signal?: AbortSignal;
}
export interface Comparison {
  files: ChangedFile[];
  /** All, listed or not. */
  totalFiles: number;
  additions: number;
  deletions: number;
}
export interface ChangedFile {
  path: string;
  /** Where it was, when it moved. */
  oldPath?: string;
  status: "added" | "modified" | "deleted" | "renamed";
  additions: number;
  deletions: number;
  isBinary: boolean;
  /** Unified, from the first `@@` on. Undefined for binary files and where it did not fit. */
  patch?: string;
}
export interface KeptEntry {
  path: string;
  kind: "file" | "link" | "folder";
  isExecutable: boolean;
  size: number;
  /** A link's is its target. To be read to its end before the next entry is asked for, or not at all. */
  content(): AsyncIterable<Uint8Array>;
}
