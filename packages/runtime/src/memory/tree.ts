import { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import { createBatchQueue, type BatchQueue } from "../queue.ts";
import type { Change, Entry, Tree } from "../types.ts";

interface Node {
  isDirectory: boolean;
  data: Uint8Array;
  version: number;
  mtimeMs: number;
}

export interface MemoryTree extends Tree {
  /** A copy, for creating and using images. */
  clone(): MemoryTree;
  sizeBytes(): number;
}

/** A working tree in a map from path to node. */
export function createMemoryTree(nodes = new Map<string, Node>()): MemoryTree {
  let version = nodes.size;
  const followers = new Set<{ queue: BatchQueue<Change>; skip: ReadonlySet<string> }>();

  const entryOf = (path: string, node: Node): Entry => ({
    path,
    isDirectory: node.isDirectory,
    size: node.data.length,
    etag: `v${node.version}`,
    mtimeMs: node.mtimeMs,
  });
  const root: Node = { isDirectory: true, data: new Uint8Array(), version: 0, mtimeMs: Date.now() };
  const find = (path: string) => (path === "" ? root : nodes.get(path));
  const below = (path: string) => [...nodes.keys()].filter((key) => path === "" || key.startsWith(`${path}/`));

  function emit(path: string, op: Change["op"], node: Node) {
    const change: Change = {
      path,
      op,
      isDirectory: node.isDirectory,
      ...(op !== "delete" && !node.isDirectory && { etag: `v${node.version}` }),
    };
    for (const { queue, skip } of followers) if (!path.split("/").some((part) => skip.has(part))) queue.push([change]);
  }
  function put(path: string, isDirectory: boolean, data: Uint8Array): Node {
    const isNew = !nodes.has(path);
    const node: Node = { isDirectory, data, version: ++version, mtimeMs: Date.now() };
    nodes.set(path, node);
    emit(path, isNew ? "add" : "update", node);
    return node;
  }
  function drop(path: string) {
    for (const key of [...below(path), path].sort().reverse()) {
      const node = nodes.get(key);
      if (node && nodes.delete(key)) emit(key, "delete", node);
    }
  }
  function makeParents(path: string) {
    const parts = path.split("/").slice(0, -1);
    parts.forEach((_, i) => {
      const parent = parts.slice(0, i + 1).join("/");
      const node = nodes.get(parent);
      if (!node) put(parent, true, new Uint8Array());
      else if (!node.isDirectory) throw new RuntimeError("not_directory", `${path} passes through a file`);
    });
  }
  function checkMatch(path: string, node: Node | undefined, ifMatch: string | undefined) {
    const etag = node && `v${node.version}`;
    if (ifMatch !== undefined && etag !== ifMatch)
      throw new RuntimeError("etag_mismatch", `${path} has changed since it was read`, { details: { etag } });
  }
  function require(path: string): Node {
    const node = find(path);
    if (!node) throw new RuntimeError("not_found", `${path} does not exist`);
    return node;
  }

  const tree: MemoryTree = {
    async stat(given) {
      const path = normal(given);
      const node = find(path);
      return node && entryOf(path || ".", node);
    },
    async read(given, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      const path = normal(given);
      const node = require(path);
      if (node.isDirectory) throw new RuntimeError("is_directory", `${path} is a folder`);
      if (node.data.length > maxBytes) throw new RuntimeError("too_large", `${path} has ${node.data.length} bytes`);
      return { data: node.data.slice(), entry: entryOf(path, node) };
    },
    async stream(given, { start = 0, end } = {}) {
      const { data, entry } = await tree.read(given);
      return { data: Readable.from([Buffer.from(data.subarray(start, end === undefined ? undefined : end + 1))]), entry };
    },
    async stage(data, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of data) {
        size += chunk.byteLength;
        if (size > maxBytes) throw new RuntimeError("too_large", `the file has more than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      return {
        size,
        place: (path, { overwrite = false } = {}) => tree.write(path, Buffer.concat(chunks), overwrite ? {} : { ifNoneMatch: "*" }),
        discard: async () => void chunks.splice(0),
      };
    },
    async write(given, data, { ifMatch, ifNoneMatch } = {}) {
      const path = normal(given);
      const node = find(path);
      if (node?.isDirectory) throw new RuntimeError("is_directory", `${path} is a folder`);
      if (node && ifNoneMatch) throw new RuntimeError("exists", `${path} exists already`, { details: { etag: `v${node.version}` } });
      checkMatch(path, node, ifMatch);
      makeParents(path);
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
      return { entry: entryOf(path, put(path, false, bytes)), created: !node };
    },
    async mkdir(given) {
      const path = normal(given);
      const node = find(path);
      if (node && !node.isDirectory) throw new RuntimeError("exists", `${path} exists already and is a file`);
      makeParents(path);
      return { entry: entryOf(path, node ?? put(path, true, new Uint8Array())), created: !node };
    },
    readLink: async () => undefined,
    link: async (path) => {
      throw new RuntimeError("not_supported", `${path}: there are no links in memory`);
    },
    async rename(givenFrom, givenTo, { overwrite = false } = {}) {
      const [from, to] = [normal(givenFrom), normal(givenTo)];
      require(from);
      if (from === to) return;
      if (to.startsWith(`${from}/`)) throw new RuntimeError("not_supported", `${from} cannot be moved into itself`);
      if (nodes.has(to) && !overwrite) throw new RuntimeError("exists", `${to} exists already`);
      drop(to);
      makeParents(to);
      const moved = [from, ...below(from)].sort().map((key) => ({ key, node: nodes.get(key) as Node }));
      drop(from);
      for (const { key, node } of moved) put(to + key.slice(from.length), node.isDirectory, node.data);
    },
    async remove(given, { recursive = false, ifMatch } = {}) {
      const path = normal(given);
      const node = require(path);
      checkMatch(path, node, ifMatch);
      if (node.isDirectory && !recursive && below(path).length > 0)
        throw new RuntimeError("is_directory", `${path} is a folder with something in it`);
      drop(path);
    },
    async walk({ under = ".", skip = nothing } = {}) {
      const base = normal(under);
      require(base);
      return below(base)
        .filter(
          (path) =>
            !path
              .slice(base === "" ? 0 : base.length + 1)
              .split("/")
              .some((part) => skip.has(part)),
        )
        .sort()
        .map((path) => entryOf(path, nodes.get(path) as Node));
    },
    watch({ signal, skip = nothing }) {
      const follower = { queue: createBatchQueue<Change>(), skip };
      followers.add(follower);
      const leave = () => {
        followers.delete(follower);
        follower.queue.end();
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      return follower.queue.batches();
    },
    async copyIn(source, to = ".") {
      for await (const file of source.files()) {
        const path = `${to}/${file.path}`;
        if (file.isDirectory) await tree.mkdir(path);
        else {
          const pieces: Uint8Array[] = [];
          for await (const piece of file.data()) pieces.push(piece);
          await tree.write(path, Buffer.concat(pieces));
        }
      }
    },
    clone: () => createMemoryTree(new Map([...nodes].map(([path, node]) => [path, { ...node }]))),
    sizeBytes: () => [...nodes.values()].reduce((sum, node) => sum + node.data.length, 0),
  };
  return tree;
}

const nothing: ReadonlySet<string> = new Set();

function normal(path: string): string {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") out.push(part);
    else if (out.pop() === undefined) throw new RuntimeError("outside_tree", `${path} leads outside the project`);
  }
  return out.join("/");
}
