import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  mkdirSync,
  openSync,
  readSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import { openFolder, type OpenFolder } from "@tesslate/runtime";
import type { FileCache } from "./file-cache.store.ts";
import { BackupError } from "./backup-error.ts";
import type { ChunkId } from "./chunks.ts";
import type { BackupRepository } from "./repository.ts";

/** User and group of a file; 0: those of the folder it is in. */
type Owner = [uid: number, gid: number] | 0;
/** Names and targets of links have one character per byte ("latin1"): they need not be UTF-8. */
type TreeEntry =
  | ["f", name: string, mode: number, mtimeMs: number, owner: Owner, bytes: number, chunks: ChunkId[]]
  | ["l", name: string, owner: Owner, target: string]
  | ["d", name: string, mode: number, owner: Owner, tree: ChunkId];
interface Tree {
  entries: TreeEntry[];
}

type Store = Pick<BackupRepository, "put" | "putStream" | "has" | "get" | "read">;

export interface SaveOptions {
  store: Store;
  cache: FileCache;
  isLeftOut(path: string): boolean;
  /** Runs before and after a folder is read; the result of `hold` says whether unchanged files may come from the cache. */
  hold?(path: string): Promise<{ isRead: boolean; release(): Promise<void> } | undefined>;
  /** The tree of an earlier pass: entries of these folders that have disappeared since are taken from it. */
  former?: { tree: ChunkId; folders: ReadonlySet<string> } | undefined;
  onFile?(bytes: number): void;
  signal: AbortSignal;
}

export interface SavedFolder {
  tree: ChunkId;
  files: number;
  bytes: number;
}

/** A git repository is consistent when references are read before the objects they name. */
const readOrder = (name: string) => (name === "refs" ? 0 : name === "packed-refs" ? 1 : name === "objects" ? 3 : 2);
/** How often a folder is read again, because files of it disappeared while it was read. */
const rereads = 5;
const readBytes = 2 ** 20;

/** Stores a folder. Hostile code may change it at the same time: links are stored, never followed; sockets, pipes and devices are left out. */
export async function saveFolder(path: string, options: SaveOptions): Promise<SavedFolder> {
  const root = openFolder(path);
  if (!root) throw new BackupError(`${path} does not exist.`);
  const counted = { files: 0, bytes: 0 };
  const { store, cache, isLeftOut, signal } = options;

  const saveFile = async (fd: number, isRead: boolean): Promise<{ chunks: ChunkId[]; bytes: number }> => {
    const stat = fstatSync(fd, { bigint: true });
    const known = isRead ? undefined : cache.find(stat);
    if (known?.chunks.every((chunk) => store.has(chunk))) return known;
    const readFrom = Date.now();
    const content = await store.putStream(contentOf(fd));
    cache.set(stat, content, readFrom);
    options.onFile?.(content.bytes);
    return content;
  };

  const saveEntry = async (
    folder: OpenFolder,
    { name, stat }: { name: string; stat: BigIntStats },
    path: string,
    { isRead, former }: { isRead: boolean; former: ReadonlyMap<string, TreeEntry> | undefined },
  ): Promise<TreeEntry | undefined> => {
    const mode = Number(stat.mode & 0o7777n);
    const owner = ownerOf(stat, folder.stat);
    if (stat.isSymbolicLink()) {
      const target = folder.link(name);
      return target && ["l", name, owner, target.toString("latin1")];
    }
    if (stat.isDirectory()) {
      const child = folder.folder(name);
      if (!child) return undefined;
      const held = await options.hold?.(path);
      try {
        const before = former?.get(name);
        const tree = await saveAll(child, path, {
          isRead: isRead || held?.isRead === true,
          former: before?.[0] === "d" ? before[4] : undefined,
        });
        return ["d", name, mode, owner, tree];
      } finally {
        child.close();
        await held?.release();
      }
    }
    if (!stat.isFile()) return undefined;
    const fd = folder.file(name);
    if (fd === undefined) return undefined;
    try {
      const { chunks, bytes } = await saveFile(fd, isRead);
      counted.files++;
      counted.bytes += bytes;
      return ["f", name, mode, Number(stat.mtimeMs), owner, bytes, chunks];
    } finally {
      closeSync(fd);
    }
  };

  const saveAll = async (
    folder: OpenFolder,
    base: string,
    { isRead, former }: { isRead: boolean; former: ChunkId | undefined },
  ): Promise<ChunkId> => {
    const before = former === undefined ? undefined : new Map((await readTree(store, former)).map((entry) => [entry[1], entry]));
    let found: TreeEntry[] = [];
    for (let attempt = 0; ; attempt++) {
      found = [];
      let isComplete = true;
      const entries = folder.entries().sort((a, b) => readOrder(a.name) - readOrder(b.name) || (a.name < b.name ? -1 : 1));
      for (const entry of entries) {
        signal.throwIfAborted();
        const path = base === "" ? entry.name : `${base}/${entry.name}`;
        if (isLeftOut(path)) continue;
        const saved = await saveEntry(folder, entry, path, { isRead, former: before });
        if (saved) found.push(saved);
        else if (entry.stat.isFile() || entry.stat.isDirectory()) isComplete = false;
      }
      // Git replaces packs by others: what was read before may be incomplete.
      if (isComplete || attempt >= rereads) break;
    }
    if (before && options.former?.folders.has(base)) {
      const names = new Set(found.map(([, name]) => name));
      for (const [name, entry] of before) if (!names.has(name)) found.push(entry);
    }
    found.sort((a, b) => (a[1] < b[1] ? -1 : 1));
    return store.put(Buffer.from(JSON.stringify({ entries: found } satisfies Tree)));
  };

  try {
    const tree = await saveAll(root, "", { isRead: false, former: options.former?.tree });
    return { tree, ...counted };
  } finally {
    root.close();
  }
}

function* contentOf(fd: number): Generator<Buffer, void> {
  for (let at = 0; ;) {
    const buffer = Buffer.allocUnsafe(readBytes);
    const length = readSync(fd, buffer, 0, readBytes, at);
    if (length === 0) return;
    at += length;
    yield buffer.subarray(0, length);
  }
}

const ownerOf = (stat: BigIntStats, parent: BigIntStats): Owner =>
  stat.uid === parent.uid && stat.gid === parent.gid ? 0 : [Number(stat.uid), Number(stat.gid)];

async function readTree(store: Pick<Store, "get">, tree: ChunkId): Promise<TreeEntry[]> {
  return (JSON.parse((await store.get(tree)).toString("utf8")) as Tree).entries;
}

/** The tree of a folder below a tree; `undefined` when there is none. */
export async function findTree(store: Pick<Store, "get">, tree: ChunkId, path: string): Promise<ChunkId | undefined> {
  let at: ChunkId | undefined = tree;
  for (const part of path.split("/")) {
    if (at === undefined) return undefined;
    const entry: TreeEntry | undefined = (await readTree(store, at)).find(([kind, name]) => kind === "d" && name === part);
    at = entry?.[0] === "d" ? entry[4] : undefined;
  }
  return at;
}

/** Every chunk of a tree, its own first. `seen` has trees that were listed already. */
export async function* chunksOfTree(store: Pick<Store, "get">, tree: ChunkId, seen: Set<ChunkId>): AsyncGenerator<ChunkId, void> {
  if (seen.has(tree)) return;
  seen.add(tree);
  yield tree;
  for (const entry of await readTree(store, tree)) {
    if (entry[0] === "f") yield* entry[6];
    else if (entry[0] === "d") yield* chunksOfTree(store, entry[4], seen);
  }
}

export interface RestoreOptions {
  store: Store;
  /** Files get the owners they had; otherwise those of this process. */
  hasOwners: boolean;
  onFile?(bytes: number): void;
  signal: AbortSignal;
}

/**
 * Creates a folder that must not exist, or be empty, with everything of a tree. Nothing else may change it meanwhile. The content is
 * untrusted: names cannot lead outside, and nothing is written through a link.
 */
export async function restoreFolder(tree: ChunkId, path: string, { store, hasOwners, onFile, signal }: RestoreOptions): Promise<void> {
  const restoreAll = async (id: ChunkId, base: Buffer, inherited: [number, number]): Promise<void> => {
    const names = new Set<string>();
    for (const entry of await readTree(store, id)) {
      signal.throwIfAborted();
      const name = entry[1];
      if (name === "" || name === "." || name === ".." || /[/\0]/.test(name) || names.has(name))
        throw new BackupError(`The backup is damaged: ${JSON.stringify(name)} is not a valid name of a file.`);
      names.add(name);
      const at = Buffer.concat([base, Buffer.from("/"), Buffer.from(name, "latin1")]);
      if (entry[0] === "d") {
        const [, , mode, owner, child] = entry;
        const owners = owner === 0 ? inherited : owner;
        mkdirSync(at, { mode: 0o700 });
        await restoreAll(child, at, owners);
        if (hasOwners) lchownSync(at, ...owners);
        chmodSync(at, mode);
      } else if (entry[0] === "l") {
        symlinkSync(Buffer.from(entry[3], "latin1"), at);
        if (hasOwners) lchownSync(at, ...(entry[2] === 0 ? inherited : entry[2]));
      } else {
        const [, , mode, mtimeMs, owner, bytes, chunks] = entry;
        const fd = openSync(at, "wx", 0o600);
        try {
          for await (const chunk of store.read(chunks)) for (let from = 0; from < chunk.length;) from += writeSync(fd, chunk, from);
          if (hasOwners) fchownSync(fd, ...(owner === 0 ? inherited : owner));
          fchmodSync(fd, mode);
          // A fraction of a second as a float may be a little too small: it must not fall into the millisecond before.
          const changedAt = (mtimeMs + 0.25) / 1000;
          futimesSync(fd, changedAt, changedAt);
        } finally {
          closeSync(fd);
        }
        onFile?.(bytes);
      }
    }
  };
  mkdirSync(path, { recursive: true });
  await restoreAll(tree, Buffer.from(path), [process.getuid?.() ?? 0, process.getgid?.() ?? 0]);
}
