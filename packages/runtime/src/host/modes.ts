import { chmodSync, mkdirSync, writeFileSync } from "node:fs";

/** A folder with exactly this mode, whatever the server's umask: projects must pass some of ours. Parents are made like it. */
export function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

/** A file with exactly this mode. */
export function writeWithMode(path: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
}
