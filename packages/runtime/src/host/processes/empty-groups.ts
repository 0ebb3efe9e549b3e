import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Removes empty groups: engines create the configured parent group in every hierarchy and leave it behind. */
export function removeEmptyGroups(path: string, root = "/sys/fs/cgroup"): void {
  for (const hierarchy of foldersIn(root)) {
    const dir = join(root, hierarchy, path);
    for (const name of foldersIn(dir)) removeIfEmpty(join(dir, name));
    removeIfEmpty(dir);
  }
}

const foldersIn = (dir: string) =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];

function removeIfEmpty(dir: string) {
  try {
    rmdirSync(dir);
  } catch (error) {
    // Something runs in it, or it is not ours.
    if (!["ENOENT", "EBUSY", "EACCES", "EPERM", "EROFS", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
