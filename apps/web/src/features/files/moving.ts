import { nameOf, parentOf, type FileTree } from "../../lib/file-tree.ts";

export interface Move {
  from: string;
  to: string;
}

/** The renames that bring `paths` into `folder` ("" is the project itself); what is there already stays. A sentence when it cannot be. */
export function movesInto(tree: FileTree, paths: readonly string[], folder: string): Move[] | string {
  const moves: Move[] = [];
  const targets = new Set<string>();
  for (const from of paths) {
    if (folder === from || folder.startsWith(`${from}/`)) return `${nameOf(from)} cannot be moved into itself.`;
    if (parentOf(from) === folder) continue;
    const to = folder === "" ? nameOf(from) : `${folder}/${nameOf(from)}`;
    if (tree.nodes.has(to) || targets.has(to))
      return `There is a ${nameOf(from)} in ${folder === "" ? "the project" : nameOf(folder)} already.`;
    targets.add(to);
    moves.push({ from, to });
  }
  return moves;
}

/** Every folder that `paths` may be moved into, the project itself first. */
export function foldersFor(tree: FileTree, paths: readonly string[]): string[] {
  const folders = [...tree.nodes.values()].filter((node) => node.isDirectory).map((node) => node.path);
  return ["", ...folders.sort()].filter((folder) => {
    const moves = movesInto(tree, paths, folder);
    return typeof moves !== "string" && moves.length > 0;
  });
}
