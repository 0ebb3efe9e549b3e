import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Writes a small JSON file whole or not at all: a reader, and the next process after a kill, sees the old content or the new. */
export function writeNote(path: string, value: unknown): void {
  replaceFile(path, JSON.stringify(value));
}

/** The same for any text. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
}

/** The note's content; `undefined` when there is none or it cannot be read any more. */
export function readNote<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
