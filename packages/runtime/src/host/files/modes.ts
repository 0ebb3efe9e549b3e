import { chmodSync, mkdirSync, writeFileSync } from "node:fs";

/** A folder with exactly this mode, regardless of the umask: projects must traverse some of ours. Also applies to created parents. */
export function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

/** A file with exactly this mode. */
export function writeWithMode(path: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
}
