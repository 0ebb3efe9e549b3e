import type { Workspace } from "../workspace.ts";

/** Text of a file in the project, at most `maxBytes`; `undefined` when it is missing, a folder, too large or not text. */
export async function readSmallText(workspace: Workspace, path: string, maxBytes: number): Promise<string | undefined> {
  try {
    const entry = await workspace.files.stat(path);
    if (!entry || entry.isDirectory || entry.size > maxBytes) return undefined;
    const { data } = await workspace.files.read(path, { maxBytes });
    return data.subarray(0, 8_192).includes(0) ? undefined : new TextDecoder().decode(data);
  } catch {
    // Links out of the tree, races, a stopped sandbox: treated as missing.
    return undefined;
  }
}

/** Paths of the files below a folder, in order; empty when it is missing or unreadable. */
export async function filesBelow(workspace: Workspace, folder: string, skip?: ReadonlySet<string>): Promise<string[]> {
  try {
    const entry = await workspace.files.stat(folder);
    if (!entry?.isDirectory) return [];
    const entries = await workspace.files.walk({ under: folder, ...(skip ? { skip } : {}) });
    return entries.filter((one) => !one.isDirectory).map((one) => one.path);
  } catch {
    return [];
  }
}

/** One truncated line. */
export function oneLine(text: string, maxChars: number): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}
