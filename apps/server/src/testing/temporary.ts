import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;

/** A fresh folder that goes with this test process. */
export function temporaryFolder(name: string): string {
  if (!root) {
    const made = (root = mkdtempSync(join(tmpdir(), "studio-vitest-")));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, `${name}-`));
}
