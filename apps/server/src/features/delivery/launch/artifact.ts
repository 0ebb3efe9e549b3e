import type { Readable } from "node:stream";

/** Build output. */
export interface LaunchArtifact {
  /** Regular files by path: POSIX, relative, without a leading slash. Sorted. */
  files: ReadonlyMap<string, { size: number }>;
  totalBytes: number;
  /** SHA-256 of a file's content, in hexadecimal digits. */
  hash(path: string): Promise<string>;
  /** From byte `start` to byte `end` (inclusive). Destroy it or read it to its end. */
  open(path: string, range?: { start: number; end: number }): Promise<Readable>;
}
