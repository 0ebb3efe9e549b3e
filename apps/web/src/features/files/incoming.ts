import { maxUploadFiles, maxUploadTotalBytes } from "@tesslate/contract/limits";
import { childrenOf, fileOf, isFileEntry, isFolderEntry } from "../../lib/file-entries.ts";

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
    if (isFileEntry(entry)) found.push({ path, file: await fileOf(entry) });
    else if (isFolderEntry(entry)) for (const child of await childrenOf(entry)) await walk(child);
  };
  for (const entry of entries) if (entry) await walk(entry);
  return found;
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
