import { maxUploadFiles, maxUploadTotalBytes } from "@tesslate/contract/limits";

/** A file of this computer on its way into the project. */
export interface Incoming {
  /** With the folders it was dropped in. */
  path: string;
  file: File;
}

/** Installed again rather than uploaded. */
const leftOut = new Set(["node_modules", ".git", "__pycache__", ".venv", "venv", ".next", ".cache", ".turbo", ".DS_Store", "Thumbs.db"]);
const isWanted = (path: string) => !path.split("/").some((name) => leftOut.has(name));

/** From a file picker; folders come with their relative paths. */
export const fromPicker = (files: Iterable<File>): Incoming[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })).filter(({ path }) => isWanted(path));

/** From a drop: files, and folders with all that is in them. Must be called before the drop event is over. */
export async function fromDrop(data: DataTransfer): Promise<Incoming[]> {
  const entries = [...data.items].flatMap((item) => (item.kind === "file" ? [item.webkitGetAsEntry()] : []));
  if (entries.every((entry) => entry === null)) return fromPicker(data.files);
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
/** A reader gives a hundred at a time, and nothing at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** As many calls as the limits of one ask for; each appears as a whole. */
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
