import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Writes a small JSON file atomically: readers, also after a kill, see the old or the new content. */
export function writeJson(path: string, value: unknown): void {
  replaceFile(path, JSON.stringify(value));
}

/** The same for any text. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
}

/** The file's content; `undefined` when it does not exist or is not valid JSON. */
export function readJsonFile<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
