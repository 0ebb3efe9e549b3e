import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const checkout = join(import.meta.dirname, "../..");

/** Copies the files of this checkout with its uncommitted changes into a folder, and links its packages and tools there. */
export function copyCheckout(folder: string): void {
  const { stdout } = spawnSync("git", ["-C", checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  for (const file of stdout.split("\0")) {
    if (file === "") continue;
    // An existing symbolic link would be followed.
    rmSync(join(folder, file), { force: true });
    if (existsSync(join(checkout, file))) cpSync(join(checkout, file), join(folder, file), { verbatimSymlinks: true });
  }
  for (const path of [".studio/tools", ...globSync("{.,apps/*,packages/*}/node_modules", { cwd: checkout })]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(checkout, path), join(folder, path));
  }
}
