import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterWorker } from "./worker.ts";

const prefix = "studio-vitest-";
let root: string | undefined;

/** A temporary folder, deleted at the end of this test process (`worker-environment.ts`) or, after a kill, by the next one. */
export function temporaryFolder(name: string): string {
  if (!root) {
    sweep();
    const made = (root = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`)));
    const remove = () => rmSync(made, { recursive: true, force: true });
    // A worker is ended by a signal; without workers the process exits itself.
    afterWorker(remove);
    process.once("exit", remove);
  }
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, `${name}-`));
}

/** Deletes the folder at the end of a worker, which vitest ends with a signal. */
export function removeTemporaryFolder(): void {
  for (const folder of readdirSync(tmpdir()))
    if (folder.startsWith(`${prefix}${process.pid}-`)) rmSync(join(tmpdir(), folder), { recursive: true, force: true });
}

/** Deletes folders of killed processes: their data folders would occupy all uid ranges of the host. */
function sweep() {
  for (const folder of readdirSync(tmpdir())) {
    const pid = folder.startsWith(prefix) ? /^(\d+)-/.exec(folder.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), folder), { recursive: true, force: true });
  }
}
