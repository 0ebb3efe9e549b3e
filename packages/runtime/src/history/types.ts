import type { Readable } from "node:stream";

/**
 * Points in time of one sandbox's tree, stored outside the sandbox where project code cannot reach them. A point holds every file, link
 * and empty folder, including `.env` files and `.git` folders, regardless of `.gitignore`. It omits what can be installed again
 * (`isReinstallable`), sockets, pipes and devices; a restore leaves those in place. After a kill a point is complete or absent, and a
 * restore is done or not started: an interrupted one is completed when the sandbox is opened next. Names are `[a-z0-9-]` parts joined by
 * `/`, such as `snapshot/<uuid>`. Calls for one sandbox are serialized.
 */
export interface History {
  /** Stores the current tree, replacing an existing point of that name. Throws `storage_full`. */
  capture(name: string, options?: CaptureOptions): Promise<Point>;
  find(name: string): Promise<Point | undefined>;
  /** Names that begin with `prefix`. */
  names(prefix?: string): Promise<string[]>;
  /** Ignores unknown names. `tidy` reclaims the space. */
  remove(names: readonly string[]): Promise<void>;
  /**
   * Restores a point. Fetches everything first; a failure leaves the tree unchanged, unless reverting fails too: then the error says so, and
   * its details have `isReverted: false`. Nothing of the project may run during a restore. Throws `not_found`, `storage_full`.
   */
  restore(name: string, options?: RestoreOptions): Promise<Restored>;
  /** Changes between two points, or between a point and the current tree (`now`); without `.git` folders. Throws `not_found`. */
  compare(from: string, to: string | "now", options?: CompareOptions): Promise<Comparison>;
  /** All entries of a point in path order; folders only when empty. Content is read on demand, one entry at a time. Throws `not_found`. */
  read(name: string, options?: { signal?: AbortSignal }): AsyncIterable<KeptEntry>;
  /** A file stored beside the tree; `undefined` when the point has none of that path. */
  attachment(name: string, path: string): Promise<{ size: number; data: Readable } | undefined>;
  /**
   * A point as a git bundle, for another history. With `base`, another point, only what that one does not have; everything if there is no such point.
   * The caller reads `data` to its end or destroys it. Throws `not_found`.
   */
  exportPoint(name: string, options?: { base?: string; signal?: AbortSignal }): Promise<ExportedPoint>;
  /**
   * Adds a point from a bundle of `exportPoint`, replacing an existing one of that name. Its base must be in this history: throws `not_found`. A
   * bundle of anything else than `commit` is refused with `not_supported`, and leaves no point. Throws `storage_full`.
   */
  importPoint(name: string, bundle: ImportedBundle): Promise<Point>;
  /** Reclaims space. Takes seconds on large trees, so run it when idle. */
  tidy(): Promise<void>;
}

/** Content to store beside a tree. `data` has exactly `size` bytes, each time it is called: storing can start over. */
export interface Attachment {
  size: number;
  data(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}
export interface CaptureOptions {
  /** Stored beside the tree, by path. One with another size than it says fails the capture with `not_supported`. */
  attachments?: Readonly<Record<string, Attachment>>;
  /** Larger files are omitted, and left in place by a restore. */
  maxFileBytes?: number;
  signal?: AbortSignal;
}
export interface Point {
  files: number;
  /** Uncompressed size of files and attachments. */
  bytes: number;
  attachments: string[];
  /** Of a capture: identifies the files, without attachments. Points with the same one have the same files. Older runners do not send it. */
  tree?: string;
}
export interface ExportedPoint {
  /** Identifies the content of the point. */
  commit: string;
  /** It needs no base. */
  isFull: boolean;
  data: Readable;
}
export interface ImportedBundle {
  /** Of the exported point. */
  commit: string;
  /** Its length. More is refused. */
  bytes: number;
  data: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
}
export interface RestoreOptions {
  /** Files and folders at the top that stay as they are, such as `.git`. */
  keep?: readonly string[];
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}
export interface Restored {
  written: number;
  removed: number;
}
export interface CompareOptions {
  /** Only this path or what is below it. */
  path?: string;
  /** Omits files that the project's git ignores (`.gitignore` at any depth, `.git/info/exclude`), unless they are tracked. */
  withoutIgnored?: boolean;
  /** Limit of all patches together; later files have none. Default 512 KiB; 0 skips patches. */
  maxPatchBytes?: number;
  /** Further files are counted, not listed. Default 1000. */
  maxFiles?: number;
  signal?: AbortSignal;
}
export interface Comparison {
  files: ChangedFile[];
  /** Including files that are not listed. */
  totalFiles: number;
  additions: number;
  deletions: number;
}
export interface ChangedFile {
  path: string;
  /** The previous path of a moved file. */
  oldPath?: string;
  status: "added" | "modified" | "deleted" | "renamed";
  additions: number;
  deletions: number;
  isBinary: boolean;
  /** Unified, from the first `@@` on. Undefined for binary files and beyond the limit. */
  patch?: string;
}
export interface KeptEntry {
  path: string;
  kind: "file" | "link" | "folder";
  isExecutable: boolean;
  size: number;
  /** For a link, its target. Read it to its end before requesting the next entry, or not at all. */
  content(): AsyncIterable<Uint8Array>;
}
