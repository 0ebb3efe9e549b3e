import { statSync } from "node:fs";

/** Which folder lies there; undefined only when there is none: one that cannot be looked at is not taken for deleted. */
export function folderAt(dir: string): string | undefined {
  try {
    const stat = statSync(dir, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.dev} ${stat.ino}`;
  } catch {
    return "hidden";
  }
}

/** Tells whether a folder is still the one that lies there now: neither deleted nor replaced. */
export function rememberFolder(dir: string): () => boolean {
  const first = folderAt(dir);
  return () => {
    const now = folderAt(dir);
    return first !== undefined && (now === first || now === "hidden");
  };
}
