import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Whose file it is and who must own it, after the system refused to open `path`; `undefined` for other errors. A folder on the way to it
 * may be what refuses, then that one is named.
 */
export async function explainRefusedAccess(path: string, error: unknown, use: "read" | "write"): Promise<string | undefined> {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") return undefined;
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const refused = `${path} cannot be ${use === "read" ? "read" : "written"} by user ${uid} and group ${gid} (${code})`;
  if (code === "EROFS") return `${refused}: it is on a read-only file system. Mount its folder writable.`;
  for (let at = path; ; at = dirname(at)) {
    const facts = await stat(at).catch(() => undefined);
    if (facts) {
      const mode = (facts.mode & 0o7777).toString(8).padStart(4, "0");
      const remedy =
        at === path || use === "read" ? `Change its owner: chown ${uid} ${at}` : `Create ${path} as root: install -d -o ${uid} ${path}`;
      return `${refused}: ${at} belongs to user ${facts.uid} and group ${facts.gid} (mode ${mode}). ${remedy}`;
    }
    if (dirname(at) === at) return `${refused}.`;
  }
}
