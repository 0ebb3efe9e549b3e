import { makeZip, predictLength } from "client-zip";
import ignore, { type Ignore } from "ignore";
import { importSkips } from "@tesslate/contract/generated-folders";
import { maxArchiveBytes, maxArchiveEntries } from "@tesslate/contract/limits";
import { formatByteLimit } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { childrenOf, fileOf, isFileEntry, isFolderEntry } from "../../lib/file-entries.ts";
import { formatNumber } from "../../lib/numbers.ts";

/** A folder of the computer, without what an import leaves out. */
export interface ImportFolder {
  name: string;
  /** Paths are relative to the folder. */
  files: { path: string; file: File }[];
  bytes: number;
  /** Paths of files and folders that the browser could not read. */
  unreadable: string[];
}

/** What is left out: generated folders, `.git`, and what the `.gitignore` files of the folder list. */
function createSkips() {
  const rules: { folder: string; matcher: Ignore }[] = [];
  return {
    /** `folder`: of the `.gitignore` file, "" for the imported folder itself. */
    add(folder: string, gitignore: string): void {
      rules.push({ folder, matcher: ignore().add(gitignore) });
      // As in Git, a file that is nearer decides.
      rules.sort((a, b) => b.folder.length - a.folder.length);
    },
    /** Paths of folders end in "/". */
    has(path: string): boolean {
      if (path.split("/").some((name) => importSkips.has(name))) return true;
      for (const { folder, matcher } of rules) {
        if (folder !== "" && !path.startsWith(`${folder}/`)) continue;
        const { ignored, unignored } = matcher.test(folder === "" ? path : path.slice(folder.length + 1));
        if (ignored || unignored) return ignored;
      }
      return false;
    },
  };
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const made = (name: string, files: ImportFolder["files"], unreadable: string[]): ImportFolder => ({
  name,
  files,
  bytes: files.reduce((sum, { file }) => sum + file.size, 0),
  unreadable,
});

/** From a folder picker, whose files have paths that begin with the folder's name. Undefined if it has no files at all. */
export async function folderFromPicker(picked: Iterable<File>): Promise<ImportFolder | undefined> {
  const all = [...picked].map((file) => ({ path: file.webkitRelativePath, file }));
  const [first] = all;
  if (!first) return undefined;
  const [name = ""] = first.path.split("/");
  const inside = all.map(({ path, file }) => ({ path: path.slice(name.length + 1), file }));
  const skips = createSkips();
  const unreadable: string[] = [];
  for (const { path, file } of inside)
    if (nameOf(path) === ".gitignore" && !skips.has(path))
      await file.text().then(
        (text) => skips.add(folderOf(path), text),
        () => unreadable.push(path),
      );
  return made(
    name,
    inside.filter(({ path }) => !skips.has(path) && !unreadable.includes(path)),
    unreadable,
  );
}

/** From a folder that was dropped. Folders that are left out are not opened. */
export async function folderFromDrop(root: FileSystemDirectoryEntry): Promise<ImportFolder> {
  const skips = createSkips();
  const files: ImportFolder["files"] = [];
  const unreadable: string[] = [];
  const walk = async (folder: FileSystemDirectoryEntry, at: string): Promise<void> => {
    const children = await childrenOf(folder).catch(() => void unreadable.push(at || root.name));
    if (!children) return;
    const pathOf = ({ name }: FileSystemEntry) => (at === "" ? name : `${at}/${name}`);
    const found: ImportFolder["files"] = [];
    for (const child of children) {
      if (!isFileEntry(child) || importSkips.has(child.name)) continue;
      const path = pathOf(child);
      const file = await fileOf(child).catch(() => undefined);
      const gitignore = child.name === ".gitignore" ? await file?.text().catch(() => undefined) : undefined;
      if (gitignore !== undefined) skips.add(at, gitignore);
      if (file) found.push({ path, file });
      else unreadable.push(path);
    }
    files.push(...found.filter(({ path }) => !skips.has(path)));
    for (const child of children) if (isFolderEntry(child) && !skips.has(`${pathOf(child)}/`)) await walk(child, pathOf(child));
  };
  await walk(root, "");
  return made(
    root.name,
    files,
    unreadable.filter((path) => !skips.has(path)),
  );
}

/** In the archive everything is in one folder, which the server leaves out. */
const archivePath = (path: string) => `project/${path}`;

/** Why a folder cannot be imported; undefined if it can. */
export function folderProblem({ name, files }: ImportFolder): string | undefined {
  if (files.length === 0) return `${name} has no files to import.`;
  if (files.length > maxArchiveEntries)
    return `${name} has ${counted(files.length, "file")}. The limit is ${formatNumber(maxArchiveEntries)}.`;
  const bytes = Number(predictLength(files.map(({ path, file }) => ({ name: archivePath(path), input: file }))));
  return bytes > maxArchiveBytes ? `${name} is larger than ${formatByteLimit(maxArchiveBytes)}.` : undefined;
}

/** Files of the folder could not be read while the archive was made. */
export class UnreadableFiles extends Error {
  readonly paths: readonly string[];
  constructor(paths: readonly string[], options?: ErrorOptions) {
    super(
      `Couldn't read ${counted(paths.length, "file")}. Retry to import the folder without ${paths.length === 1 ? "it" : "them"}.`,
      options,
    );
    this.paths = paths;
  }
}

/**
 * Packs a folder into one archive for the server. The browser keeps it, on disk if it is large. Programs (files that begin with `#!`) stay
 * executable. Throws `UnreadableFiles` when some files cannot be read, and the reason of `signal` when it is aborted.
 */
export async function packFolder(
  { name, files, bytes }: ImportFolder,
  { onProgress, signal }: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<File> {
  const unreadable: string[] = [];
  let current = "";
  let done = 0;
  async function* entries() {
    for (const { path, file } of files) {
      signal.throwIfAborted();
      const start = await file
        .slice(0, 2)
        .text()
        .catch(() => void unreadable.push(path));
      if (start !== undefined && unreadable.length === 0) {
        current = path;
        yield { name: archivePath(path), input: file, lastModified: file.lastModified, mode: start === "#!" ? 0o755 : 0o644 };
      }
      done += file.size;
      onProgress(bytes === 0 ? 1 : done / bytes);
    }
  }
  // A file that changes or disappears while it is read breaks the archive.
  const content = await new Response(makeZip(entries())).blob().catch((error: unknown) => {
    signal.throwIfAborted();
    throw new UnreadableFiles([...unreadable, ...(current ? [current] : [])], { cause: error });
  });
  if (unreadable.length > 0) throw new UnreadableFiles(unreadable);
  return new File([content], `${name}.zip`, { type: "application/zip" });
}
