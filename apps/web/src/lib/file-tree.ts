import type { ProjectEventData, TreeEntry } from "@tesslate/contract";

/** A file or directory of the project; `path` has no slash at either end. */
export interface TreeNode {
  path: string;
  name: string;
  isDirectory: boolean;
  size: number;
  etag: string;
  /** When it was changed, as the server listed it; empty if it was added or moved since then. */
  mtime: string;
}
/** All nodes by path, and the sorted children of every directory ("" is the root). Never changed in place. */
export interface FileTree {
  nodes: ReadonlyMap<string, TreeNode>;
  children: ReadonlyMap<string, readonly string[]>;
}
type FileChange = ProjectEventData<"file_changed">;

export const trimPath = (path: string): string => path.replace(/^\.?\/+|\/+$/g, "");
export const fileNameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
/** The directories above a path, outermost first. */
export const ancestorsOf = (path: string): string[] => {
  const found: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) found.push(path.slice(0, at));
  return found;
};

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
/** The order of names and paths: "file2" before "file10", the same for all readers. */
export const compareNames = (a: string, b: string): number => collator.compare(a, b);
/** Directories first, then by name as a person would sort. */
const order = (nodes: ReadonlyMap<string, TreeNode>) => (a: string, b: string) => {
  const first = nodes.get(a);
  const second = nodes.get(b);
  if (first?.isDirectory !== second?.isDirectory) return first?.isDirectory ? -1 : 1;
  return compareNames(fileNameOf(a), fileNameOf(b)) || (a < b ? -1 : 1);
};

const nodeOf = (path: string, isDirectory: boolean, size: number, etag: string, mtime = ""): TreeNode => ({
  path,
  name: fileNameOf(path),
  isDirectory,
  size,
  etag,
  mtime,
});

/** The tree of these entries. Directories that are only part of a path are added. */
export function buildTree(entries: readonly TreeEntry[]): FileTree {
  const nodes = new Map<string, TreeNode>();
  for (const entry of entries) {
    const path = trimPath(entry.path);
    if (path === "") continue;
    nodes.set(path, nodeOf(path, entry.is_directory, entry.size, entry.etag, entry.mtime));
  }
  for (const path of nodes.keys())
    for (const above of ancestorsOf(path)) if (!nodes.has(above)) nodes.set(above, nodeOf(above, true, 0, ""));
  const children = new Map<string, string[]>([["", []]]);
  for (const node of nodes.values()) {
    if (node.isDirectory && !children.has(node.path)) children.set(node.path, []);
    const parent = parentOf(node.path);
    const siblings = children.get(parent);
    if (siblings) siblings.push(node.path);
    else children.set(parent, [node.path]);
  }
  const compare = order(nodes);
  for (const siblings of children.values()) siblings.sort(compare);
  return { nodes, children };
}

interface Draft {
  nodes: Map<string, TreeNode>;
  children: Map<string, readonly string[]>;
  /** The lists that were copied, which may be changed in place. */
  copied: Map<string, string[]>;
  /** Directories whose list is sorted at the end. */
  unsorted: Set<string>;
}

/** The children of a directory, as a list that may be changed. */
function writableChildren(draft: Draft, path: string): string[] {
  const known = draft.copied.get(path);
  if (known) return known;
  const copy = [...(draft.children.get(path) ?? [])];
  draft.copied.set(path, copy);
  draft.children.set(path, copy);
  return copy;
}

function put(draft: Draft, node: TreeNode): void {
  const known = draft.nodes.get(node.path);
  draft.nodes.set(node.path, node);
  if (node.isDirectory && !draft.children.has(node.path)) draft.children.set(node.path, []);
  if (known && known.isDirectory === node.isDirectory) return;
  const parent = parentOf(node.path);
  if (parent !== "" && !draft.nodes.get(parent)?.isDirectory) put(draft, nodeOf(parent, true, 0, ""));
  if (!known) writableChildren(draft, parent).push(node.path);
  draft.unsorted.add(parent);
}

function drop(draft: Draft, path: string): void {
  if (!draft.nodes.has(path)) return;
  const siblings = writableChildren(draft, parentOf(path));
  siblings.splice(siblings.indexOf(path), 1);
  forget(draft, path);
}
function forget(draft: Draft, path: string): void {
  for (const child of draft.children.get(path) ?? []) forget(draft, child);
  draft.nodes.delete(path);
  draft.children.delete(path);
  draft.copied.delete(path);
  draft.unsorted.delete(path);
}

function move(draft: Draft, from: string, to: string): void {
  const node = draft.nodes.get(from);
  const below = [...(draft.children.get(from) ?? [])];
  put(draft, nodeOf(to, node?.isDirectory ?? false, node?.size ?? 0, node?.etag ?? ""));
  for (const child of below) move(draft, child, `${to}/${fileNameOf(child)}`);
  drop(draft, from);
}

/** Applies one `file_changed`. `draftOf` copies the tree, and is called only if the change makes a difference. */
function apply(tree: Pick<FileTree, "nodes">, change: FileChange, draftOf: () => Draft): void {
  const path = trimPath(change.path);
  if (path === "") return;
  const known = tree.nodes.get(path);
  switch (change.op) {
    case "delete":
      if (known) drop(draftOf(), path);
      return;
    case "move": {
      const to = trimPath(change.new_path ?? "");
      if (to === "" || to === path || (!known && tree.nodes.has(to))) return;
      return move(draftOf(), path, to);
    }
    default: {
      const isDirectory = change.is_directory ?? change.path.endsWith("/");
      const node = nodeOf(path, isDirectory, change.size ?? known?.size ?? 0, change.etag ?? known?.etag ?? "", known?.mtime);
      if (known && known.isDirectory === isDirectory && known.size === node.size && known.etag === node.etag) return;
      put(draftOf(), node);
    }
  }
}

/** Applies many `file_changed` with one copy of the tree. Returns the same object if none makes a difference. */
export function patchTreeAll(tree: FileTree, changes: readonly FileChange[]): FileTree {
  let draft: Draft | undefined;
  const draftOf = () =>
    (draft ??= { nodes: new Map(tree.nodes), children: new Map(tree.children), copied: new Map(), unsorted: new Set() });
  for (const change of changes) apply(draft ?? tree, change, draftOf);
  if (!draft) return tree;
  const { nodes, children, unsorted } = draft;
  const compare = order(nodes);
  for (const path of unsorted) writableChildren(draft, path).sort(compare);
  return { nodes, children };
}
export const patchTree = (tree: FileTree, change: FileChange): FileTree => patchTreeAll(tree, [change]);

export interface TreeRow {
  node: TreeNode;
  /** 0 at the root. */
  level: number;
  isOpen: boolean;
  /** For `aria-posinset` and `aria-setsize`. */
  position: number;
  siblings: number;
}

/** The rows from top to bottom, with the contents of open directories. */
export function visibleRows(tree: FileTree, openPaths: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const walk = (parent: string, level: number) => {
    const siblings = tree.children.get(parent) ?? [];
    siblings.forEach((path, index) => {
      const node = tree.nodes.get(path);
      if (!node) return;
      const isOpen = node.isDirectory && openPaths.has(path);
      rows.push({ node, level, isOpen, position: index + 1, siblings: siblings.length });
      if (isOpen) walk(path, level + 1);
    });
  };
  walk("", 0);
  return rows;
}

/** The rows whose path contains the words of `query` in order, with their directories open. */
export function filteredRows(tree: FileTree, query: string): TreeRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (path: string) => {
    const text = path.toLowerCase();
    let at = 0;
    return words.every((word) => {
      const found = text.indexOf(word, at);
      at = found + word.length;
      return found >= 0;
    });
  };
  const kept = new Set<string>();
  for (const node of tree.nodes.values()) {
    if (node.isDirectory || !matches(node.path)) continue;
    kept.add(node.path);
    for (const above of ancestorsOf(node.path)) kept.add(above);
  }
  const open = new Set([...kept].filter((path) => tree.nodes.get(path)?.isDirectory));
  return visibleRows(tree, open).filter((row) => kept.has(row.node.path));
}
