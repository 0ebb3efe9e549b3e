import type { Contract, File as WireFile } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { maxBatchPaths, maxFileBytes } from "@tesslate/contract/limits";
import type { FileTree } from "../../lib/file-tree.ts";

type Api = Client<Contract>;

const mostBytes = 20 * 1024 * 1024;

/** What a deletion removes, and whether it can be undone here. */
export interface Removal {
  paths: readonly string[];
  files: readonly string[];
  folders: readonly string[];
  isUndoable: boolean;
}

export function removalOf(tree: FileTree, paths: readonly string[]): Removal {
  const files: string[] = [];
  const folders: string[] = [];
  let bytes = 0;
  let isLarge = false;
  const walk = (path: string) => {
    const node = tree.nodes.get(path);
    if (!node) return;
    if (node.isDirectory) {
      folders.push(path);
      for (const child of tree.children.get(path) ?? []) walk(child);
    } else {
      files.push(path);
      bytes += node.size;
      if (node.size > maxFileBytes) isLarge = true;
    }
  };
  paths.forEach(walk);
  return { paths, files, folders, isUndoable: !isLarge && files.length <= maxBatchPaths && bytes <= mostBytes };
}

/**
 * Reads the files to be deleted, and resolves with the function that restores them; `overwrite`: over files that exist then. Throws if a
 * file can't be read: then nothing may be deleted.
 */
export async function keepForUndo(
  api: Api,
  projectId: string,
  { files, folders }: Pick<Removal, "files" | "folders">,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<() => Promise<void>> {
  const id = projectId;
  const kept: WireFile[] = [];
  if (files.length > 0) {
    const answer = await api.files.batch({ params: { id }, body: { paths: [...files] } });
    const [unread] = answer.errors;
    if (unread) throw new Error(`Couldn't load ${unread.path}.`);
    kept.push(...answer.files);
  }
  return async () => {
    for (const path of folders) await api.files.mkdir({ params: { id }, body: { path } });
    if (kept.length === 0) return;
    const form = new FormData();
    for (const file of kept) form.append("file", new Blob([bytesOf(file)]), file.path);
    await api.files.upload({ params: { id }, query: { overwrite }, form });
  };
}

const bytesOf = ({ content, encoding }: WireFile): BlobPart =>
  encoding === "base64" ? Uint8Array.from(atob(content ?? ""), (character) => character.charCodeAt(0)) : (content ?? "");
