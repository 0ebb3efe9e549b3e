import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Engines make the group they are told to hang containers in, in every hierarchy there is, and leave it behind empty. */
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
    // Something runs in it, or it is none of ours.
    if (!["ENOENT", "EBUSY", "EACCES", "EPERM", "EROFS", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
