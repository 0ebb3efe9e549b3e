import { fileNameOf, parentOf, type FileTree } from "../../lib/file-tree.ts";

export interface Move {
  from: string;
  to: string;
}

/** The renames that move `paths` into `folder` ("" is the project root), or the reason why they can't be moved. Nothing is overwritten. */
export function movesInto(tree: FileTree, paths: readonly string[], folder: string): Move[] | string {
  const moves: Move[] = [];
  const targets = new Set<string>();
  for (const from of paths) {
    if (folder === from || folder.startsWith(`${from}/`)) return `${fileNameOf(from)} can't be moved into itself.`;
    if (parentOf(from) === folder) continue;
    const to = folder === "" ? fileNameOf(from) : `${folder}/${fileNameOf(from)}`;
    if (tree.nodes.has(to) || targets.has(to))
      return folder === ""
        ? `${fileNameOf(from)} already exists in the project root.`
        : `${fileNameOf(from)} already exists in ${fileNameOf(folder)}.`;
    targets.add(to);
    moves.push({ from, to });
  }
  return moves;
}

/** Every folder that `paths` may be moved into, the project root first. */
export function foldersFor(tree: FileTree, paths: readonly string[]): string[] {
  const folders = [...tree.nodes.values()].filter((node) => node.isDirectory).map((node) => node.path);
  return ["", ...folders.sort()].filter((folder) => {
    const moves = movesInto(tree, paths, folder);
    return typeof moves !== "string" && moves.length > 0;
  });
}
