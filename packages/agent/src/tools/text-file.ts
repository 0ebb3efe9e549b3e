import { seenAfterEdit } from "../seen-files.ts";
import { ToolFailure, type ToolContext } from "../tool.ts";
import { describeChange, noChange, shownChange } from "../unified-diff.ts";
import { shownPath } from "../workspace-path.ts";

/** Larger files are not edited by tools. */
const maxEditableBytes = 5 * 1024 * 1024;

export interface TextFile {
  path: string;
  text: string;
  etag: string;
}

/** Reads a file to edit. Fails unless it is UTF-8, so that an edit never damages other bytes. */
export async function loadText(context: ToolContext, path: string): Promise<TextFile> {
  const { data, entry } = await context.workspace.files.read(path, { maxBytes: maxEditableBytes });
  if (data.includes(0)) throw new ToolFailure(`${shownPath(context.root, path)} is a binary file.`);
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data), etag: entry.etag };
  } catch {
    throw new ToolFailure(`${shownPath(context.root, path)} is not UTF-8 text, so it cannot be edited here.`);
  }
}

/** `etag` is that of the current file, if any. */
export type FoundText = { exists: false; file?: undefined } | { exists: true; etag: string; file?: TextFile };

/** The same, with undefined for missing and binary files. */
export async function findText(context: ToolContext, path: string): Promise<FoundText> {
  const entry = await context.workspace.files.stat(path);
  if (!entry) return { exists: false };
  if (entry.isDirectory) throw new ToolFailure(`${shownPath(context.root, path)} is a folder.`);
  if (entry.size > maxEditableBytes) return { exists: true, etag: entry.etag };
  try {
    const file = await loadText(context, path);
    return { exists: true, etag: file.etag, file };
  } catch (error) {
    if (error instanceof ToolFailure) return { exists: true, etag: entry.etag };
    throw error;
  }
}

/** Writes the edited text unless the file has changed, and reports the change. */
export async function saveText(
  context: ToolContext,
  file: TextFile,
  text: string,
): Promise<{ sizeBytes: number; shown: ReturnType<typeof shownChange> }> {
  if (text === file.text) return { sizeBytes: Buffer.byteLength(text), shown: noChange };
  const { entry } = await context.workspace.files.write(file.path, text, { ifMatch: file.etag });
  seenAfterEdit(context, file.path, { before: file, after: { etag: entry.etag, text } });
  const change = describeChange(file.path, file.text, text);
  await context.fileChanged({
    path: file.path,
    op: "update",
    ...(change.diff === undefined ? {} : { diff: change.diff }),
    size: entry.size,
  });
  return { sizeBytes: entry.size, shown: shownChange(change) };
}
