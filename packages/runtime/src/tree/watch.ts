import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, watch, type FSWatcher } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { createBatchQueue, type BatchQueue } from "../queue.ts";
import type { Change } from "../types.ts";
import { codeOf, type Root } from "./pin.ts";
import { etagOf } from "./entry.ts";

/** The watchers of one tree; followers with the same `skip` share one. */
export interface Watches {
  /** From the moment this returns, no change is missed. */
  follow(skip: ReadonlySet<string>, signal: AbortSignal): AsyncIterable<Change[]>;
}

const coalesceMs = 30;

export function createWatches(root: Root): Watches {
  const shared = new Map<string, { watcher: Watcher; followers: Set<BatchQueue<Change>> }>();
  return {
    follow(skip, signal) {
      const key = [...skip].sort().join("/");
      let entry = shared.get(key);
      if (!entry) {
        const followers = new Set<BatchQueue<Change>>();
        const watcher = openWatcher(root, skip, {
          changed: (changes) => followers.forEach((follower) => follower.push(changes)),
          failed: (error) => followers.forEach((follower) => follower.fail(error)),
        });
        entry = { watcher, followers };
        shared.set(key, entry);
      }
      const { watcher, followers } = entry;
      const follower = createBatchQueue<Change>();
      followers.add(follower);
      const leave = () => {
        followers.delete(follower);
        follower.end();
        if (followers.size > 0 || shared.get(key)?.watcher !== watcher) return;
        shared.delete(key);
        watcher.close();
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      return {
        async *[Symbol.asyncIterator]() {
          try {
            yield* follower.batches();
          } finally {
            signal.removeEventListener("abort", leave);
            leave();
          }
        },
      };
    },
  };
}

interface Watcher {
  close(): void;
}
interface Known {
  isDirectory: boolean;
  etag: string;
}
interface Folder {
  watcher: FSWatcher;
  known: Map<string, Known>;
}

/**
 * One inotify watch per folder. An event only names the folder to check: changes are derived by comparing with the known state, so that
 * bursts, renames and new folders with content are neither lost nor reported twice.
 */
function openWatcher(
  root: Root,
  skip: ReadonlySet<string>,
  listener: { changed: (changes: Change[]) => void; failed: (error: unknown) => void },
): Watcher {
  const folders = new Map<string, Folder>();
  const dirty = new Map<string, Set<string> | "all">();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const join = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);

  /** Runs `action` on a descriptor of the folder, if it is still at its path. */
  function withFolder<T>(path: string, action: (fdPath: string) => T): T | undefined {
    const real = path === "" ? root.host : `${root.host}/${path}`;
    let fd: number;
    try {
      fd = openSync(real, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(codeOf(error))) return undefined;
      throw error;
    }
    try {
      const fdPath = `/proc/self/fd/${fd}`;
      return readlinkSync(fdPath) === real ? action(fdPath) : undefined;
    } finally {
      closeSync(fd);
    }
  }

  /** Watch first, then list: events cover changes in between. */
  function addFolder(path: string, changes: Change[] | undefined) {
    withFolder(path, (fdPath) => {
      folders.get(path)?.watcher.close();
      const folder: Folder = { watcher: startWatching(fdPath, path), known: new Map() };
      folders.set(path, folder);
      for (const name of readdirSync(fdPath)) compareEntry(path, folder, fdPath, name, changes);
    });
  }

  function startWatching(fdPath: string, path: string): FSWatcher {
    let watcher: FSWatcher;
    try {
      watcher = watch(fdPath, { persistent: false });
    } catch (error) {
      if (codeOf(error) === "ENOSPC" || codeOf(error) === "EMFILE")
        throw new RuntimeError("unavailable", "too many folders are watched on this machine (fs.inotify.max_user_watches)", {
          cause: error,
        });
      throw error;
    }
    watcher.on("change", (_event, name) => mark(path, typeof name === "string" ? name : undefined));
    watcher.on("error", () => mark(path, undefined));
    return watcher;
  }

  function mark(path: string, name: string | undefined) {
    if (name !== undefined && skip.has(name)) return;
    const names = dirty.get(path);
    if (name === undefined) dirty.set(path, "all");
    else if (names === undefined) dirty.set(path, new Set([name]));
    else if (names !== "all") names.add(name);
    timer ??= setTimeout(flush, coalesceMs);
  }

  function flush() {
    timer = undefined;
    if (isClosed) return;
    const changes: Change[] = [];
    try {
      // Parents first: a deleted folder takes its marks with it.
      for (const path of [...dirty.keys()].sort()) {
        const names = dirty.get(path);
        dirty.delete(path);
        const folder = folders.get(path);
        if (!folder || names === undefined) continue;
        withFolder(path, (fdPath) => {
          const looked = names === "all" ? new Set([...readdirSync(fdPath), ...folder.known.keys()]) : names;
          for (const name of looked) compareEntry(path, folder, fdPath, name, changes);
        });
      }
    } catch (error) {
      listener.failed(error);
    }
    if (changes.length > 0) listener.changed(changes);
  }

  /** Compares one name with its known state. */
  function compareEntry(path: string, folder: Folder, fdPath: string, name: string, changes: Change[] | undefined) {
    if (skip.has(name)) return;
    const stat = lstatSync(`${fdPath}/${name}`, { bigint: true, throwIfNoEntry: false });
    const before = folder.known.get(name);
    const full = join(path, name);
    const now = stat && { isDirectory: stat.isDirectory(), etag: etagOf(stat) };
    if (before && (!now || before.isDirectory !== now.isDirectory)) {
      folder.known.delete(name);
      if (before.isDirectory) dropFolder(full, changes);
      changes?.push({ path: full, op: "delete", isDirectory: before.isDirectory });
    }
    if (!now) return;
    const isNew = !folder.known.has(name);
    if (!isNew && before?.etag === now.etag) return;
    folder.known.set(name, now);
    if (isNew) {
      changes?.push({ path: full, op: "add", isDirectory: now.isDirectory, ...(!now.isDirectory && { etag: now.etag }) });
      if (now.isDirectory) addFolder(full, changes);
    } else if (!now.isDirectory) changes?.push({ path: full, op: "update", isDirectory: false, etag: now.etag });
    else if (ino(before?.etag) !== ino(now.etag)) {
      // Another folder under the same name: old content was deleted, new content is new.
      dropFolder(full, changes);
      addFolder(full, changes);
    }
  }

  function dropFolder(path: string, changes: Change[] | undefined) {
    const folder = folders.get(path);
    if (!folder) return;
    folders.delete(path);
    dirty.delete(path);
    folder.watcher.close();
    for (const [name, { isDirectory }] of folder.known) {
      const full = join(path, name);
      if (isDirectory) dropFolder(full, changes);
      changes?.push({ path: full, op: "delete", isDirectory });
    }
  }

  const close = () => {
    isClosed = true;
    clearTimeout(timer);
    for (const { watcher } of folders.values()) watcher.close();
    folders.clear();
  };
  try {
    addFolder("", undefined);
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

const ino = (etag: string | undefined) => etag?.split("-")[2];
