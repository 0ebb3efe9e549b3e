/** Files and folders that were dropped on the page, as the browser gives them. */

export const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
export const isFolderEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** Rejects if the file cannot be read. */
export const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader returns up to a hundred entries per call, and none at the end. Rejects if the folder cannot be read. */
export async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
