import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Engines make a group of their parent's name in every hierarchy there is, and leave it behind empty. */
export function removeParents(path: string, root = "/sys/fs/cgroup"): void {
  for (const { name } of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
    try {
      rmdirSync(join(root, name, path));
    } catch (error) {
      if (!["ENOENT", "EBUSY", "EACCES", "EPERM", "EROFS", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
}
