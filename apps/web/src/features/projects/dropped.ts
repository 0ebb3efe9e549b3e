/** A file or folder of the computer that was dropped, as the browser gave it during the drop. */
export interface Dropped {
  entry: FileSystemEntry | null;
  file: File | null;
}

/** The first file or folder of a drop. Must be called during the drop event. */
export function droppedOf(items: readonly DataTransferItem[]): Dropped | undefined {
  const item = items.find(({ kind }) => kind === "file");
  return item && { entry: item.webkitGetAsEntry(), file: item.getAsFile() };
}
