import { statSync } from "node:fs";

/** Identifies a folder by device and inode; undefined only when it does not exist: an inaccessible one does not count as deleted. */
export function folderAt(dir: string): string | undefined {
  try {
    const stat = statSync(dir, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.dev} ${stat.ino}`;
  } catch {
    return "hidden";
  }
}

/** Returns a function that checks whether the folder is still the same: neither deleted nor replaced. */
export function rememberFolder(dir: string): () => boolean {
  const first = folderAt(dir);
  return () => {
    const now = folderAt(dir);
    return first !== undefined && (now === first || now === "hidden");
  };
}
