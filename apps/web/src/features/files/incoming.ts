import { maxUploadFiles, maxUploadTotalBytes } from "@tesslate/contract/limits";

/** A file to be uploaded. */
export interface Incoming {
  /** With the folders it was dropped in. */
  path: string;
  file: File;
}

/** Not uploaded: created by installs and tools. */
const leftOut = new Set(["node_modules", ".git", "__pycache__", ".venv", "venv", ".next", ".cache", ".turbo", ".DS_Store", "Thumbs.db"]);
const isWanted = (path: string) => !path.split("/").some((name) => leftOut.has(name));

/** From a file picker; folders come with their relative paths. */
export const fromPicker = (files: Iterable<File>): Incoming[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })).filter(({ path }) => isWanted(path));

/** From a drop: files, and folders with everything in them. Must be called during the drop event. */
export async function fromDrop(items: readonly DataTransferItem[]): Promise<Incoming[]> {
  const dropped = items.filter(({ kind }) => kind === "file");
  const entries = dropped.map((item) => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null)) return fromPicker(dropped.flatMap((item) => item.getAsFile() ?? []));
  const found: Incoming[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    const path = entry.fullPath.replace(/^\/+/, "");
    if (!isWanted(path)) return;
    if (isFile(entry)) found.push({ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) });
    else if (isFolder(entry)) for (const child of await childrenOf(entry)) await walk(child);
  };
  for (const entry of entries) if (entry) await walk(entry);
  return found;
}
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
/** A reader returns up to a hundred entries per call, and none at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** Splits files by the limits of one call. Each call is applied as a whole. */
export function batchesOf(files: readonly Incoming[], maxFiles = maxUploadFiles, maxBytes = maxUploadTotalBytes): Incoming[][] {
  const batches: Incoming[][] = [];
  let bytes = 0;
  for (const one of files) {
    const last = batches.at(-1);
    if (last && last.length < maxFiles && bytes + one.file.size <= maxBytes) {
      last.push(one);
      bytes += one.file.size;
    } else {
      batches.push([one]);
      bytes = one.file.size;
    }
  }
  return batches;
}
