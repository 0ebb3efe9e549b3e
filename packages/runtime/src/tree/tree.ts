import { randomBytes } from "node:crypto";
import { constants, lstatSync, realpathSync, type BigIntStats } from "node:fs";
import { copyFile, lchown, link, open, readdir, readlink, rename, rmdir, symlink, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import { folderOf } from "../file-source.ts";
import type { Entry, Tree } from "../types.ts";
import { entryOf, etagOf } from "./entry.ts";
import { fdPath, codeOf, openParent, makeDirectory, openDirectory, outside, pathParts, type Root } from "./pin.ts";
import { removePinned, walkPinned } from "./walk.ts";
import { createWatches } from "./watch.ts";

export interface HostTreeOptions {
  /** The folder. */
  host: string;
  /** Private folder on the same file system, inaccessible to the project: files are written there and moved in one step. */
  tmp: string;
  inside: string;
  owner: { uid: number; gid: number } | undefined;
  /** Called before so many bytes are added. Throws `storage_full` when they do not fit. */
  checkSpace?: (adding: number) => Promise<void>;
}

/** A tree on the host's file system, safe against concurrent changes by the project. */
export function createHostTree({ host, tmp, inside, owner, checkSpace }: HostTreeOptions): Tree {
  const root: Root = { host: realpathSync(host), inside, owner };
  const watches = createWatches(root);
  const inTurn = createTurns();

  /** Owner and mode are set on the open file, not by name. */
  async function fill(file: FileHandle, data: string | Uint8Array, mode: number) {
    await file.writeFile(data);
    await setOwner(file, mode);
    await file.sync();
  }
  async function setOwner(file: FileHandle, mode: number) {
    if (owner) await file.chown(owner.uid, owner.gid);
    await file.chmod(mode);
  }
  /** A regular file, open for reading. The caller closes it. */
  async function openFile(path: string): Promise<{ file: FileHandle; stat: BigIntStats }> {
    if (pathParts(path).length === 0) throw new RuntimeError("is_directory", `${path} is a folder`);
    const location = await openParent(root, path, { follow: true }).catch((error: unknown) => {
      throw toRuntimeError(path, error);
    });
    let file: FileHandle | undefined;
    try {
      if (!location.stat) throw new RuntimeError("not_found", `${path} does not exist`);
      if (location.stat.isDirectory()) throw new RuntimeError("is_directory", `${path} is a folder`);
      file = await open(fdPath(location.dir, location.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stat = await file.stat({ bigint: true });
      if (!stat.isFile()) throw new RuntimeError("not_supported", `${path} is not a regular file`);
      return { file, stat };
    } catch (error) {
      await file?.close();
      throw toRuntimeError(path, error);
    } finally {
      await location.dir.close();
    }
  }
  const tmpName = () => join(tmp, randomBytes(8).toString("hex"));

  const tree: Tree = {
    async stat(path) {
      if (pathParts(path).length === 0) return entryOf(".", lstatSync(root.host, { bigint: true }));
      try {
        const location = await openParent(root, path);
        await location.dir.close();
        return location.stat && entryOf(path, location.stat);
      } catch (error) {
        if (error instanceof RuntimeError && (error.code === "not_found" || error.code === "not_directory")) return undefined;
        throw toRuntimeError(path, error);
      }
    },

    async read(path, { maxBytes = Number.POSITIVE_INFINITY } = {}) {
      const { file, stat } = await openFile(path);
      try {
        if (stat.size > maxBytes) throw new RuntimeError("too_large", `${path} has ${stat.size} bytes; at most ${maxBytes} can be read`);
        return { data: await readAll(file, Number(stat.size), path, maxBytes), entry: entryOf(path, stat) };
      } catch (error) {
        throw toRuntimeError(path, error);
      } finally {
        await file.close();
      }
    },

    async stream(path, { start = 0, end } = {}) {
      const { file, stat } = await openFile(path);
      const entry = entryOf(path, stat);
      const last = Math.min(end ?? entry.size - 1, entry.size - 1);
      if (last >= start) return { data: file.createReadStream({ start, end: last, highWaterMark: 256 * 1024 }), entry };
      await file.close();
      return { data: Readable.from([]), entry };
    },

    async stage(data, { maxBytes = Number.POSITIVE_INFINITY, mode = 0o644, isDurable = true } = {}) {
      const fresh = tmpName();
      let size = 0;
      try {
        await checkSpace?.(0);
        await using file = await open(fresh, "wx", 0o600);
        for await (const chunk of data) {
          size += chunk.byteLength;
          if (size > maxBytes) throw new RuntimeError("too_large", `the file has more than ${maxBytes} bytes`);
          await checkSpace?.(chunk.byteLength);
          await file.writeFile(chunk);
        }
        await setOwner(file, mode);
        if (isDurable) await file.sync();
      } catch (error) {
        await unlink(fresh).catch(ignoreMissing);
        // Errors of the byte source pass through.
        if (codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT") throw toRuntimeError("the file", error);
        throw error;
      }
      return {
        size,
        place: (path, { overwrite = false } = {}) =>
          inTurn(path, async () => {
            const location = await openParent(root, path, { create: true, follow: true }).catch((error: unknown) => {
              throw toRuntimeError(path, error);
            });
            try {
              const { stat } = location;
              if (stat?.isDirectory()) throw new RuntimeError("is_directory", `${path} is a folder`);
              if (stat && !overwrite) throw new RuntimeError("exists", `${path} exists already`, { details: { etag: etagOf(stat) } });
              const target = fdPath(location.dir, location.name);
              if (overwrite) await rename(fresh, target);
              else {
                await link(fresh, target);
                await unlink(fresh);
              }
              return { entry: entryOf(path, lstatSync(target, { bigint: true })), created: !stat };
            } catch (error) {
              throw toRuntimeError(path, error);
            } finally {
              await location.dir.close();
            }
          }),
        discard: () => unlink(fresh).catch(ignoreMissing),
      };
    },

    write(path, data, { ifMatch, ifNoneMatch, mode } = {}) {
      return inTurn(path, async () => {
        const location = await openParent(root, path, { create: true, follow: true }).catch((error: unknown) => {
          throw toRuntimeError(path, error);
        });
        const fresh = tmpName();
        try {
          const { stat } = location;
          if (stat?.isDirectory()) throw new RuntimeError("is_directory", `${path} is a folder`);
          if (stat && ifNoneMatch) throw new RuntimeError("exists", `${path} exists already`, { details: { etag: etagOf(stat) } });
          checkMatch(path, stat, ifMatch);
          await checkSpace?.(Buffer.byteLength(data) - Number(stat?.size ?? 0));
          await using file = await open(fresh, "wx", 0o600);
          await fill(file, data, mode ?? (stat ? Number(stat.mode & 0o777n) : 0o644));
          if (ifNoneMatch) {
            await link(fresh, fdPath(location.dir, location.name));
            await unlink(fresh);
          } else await rename(fresh, fdPath(location.dir, location.name));
          return { entry: entryOf(path, await file.stat({ bigint: true })), created: !stat };
        } catch (error) {
          await unlink(fresh).catch(ignoreMissing);
          throw toRuntimeError(path, error);
        } finally {
          await location.dir.close();
        }
      });
    },

    async mkdir(path) {
      if (pathParts(path).length === 0) return { entry: entryOf(".", lstatSync(root.host, { bigint: true })), created: false };
      try {
        await checkSpace?.(0);
        const location = await openParent(root, path, { create: true });
        try {
          if (location.stat && !location.stat.isDirectory()) throw new RuntimeError("exists", `${path} exists already and is a file`);
          await using dir = await makeDirectory(root, location.dir, location.name);
          return { entry: entryOf(path, await dir.stat({ bigint: true })), created: !location.stat };
        } finally {
          await location.dir.close();
        }
      } catch (error) {
        throw toRuntimeError(path, error);
      }
    },

    rename(from, to, { overwrite = false } = {}) {
      return inTurn(to, async () => {
        try {
          const source = await openParent(root, from);
          try {
            if (!source.stat) throw new RuntimeError("not_found", `${from} does not exist`);
            const target = await openParent(root, to, { create: true });
            try {
              if (target.stat && target.stat.ino === source.stat.ino && target.stat.dev === source.stat.dev) return;
              if (target.stat && !overwrite) throw new RuntimeError("exists", `${to} exists already`);
              if (target.stat && (target.stat.isDirectory() || source.stat.isDirectory())) await discard(target.dir, target.name);
              await rename(fdPath(source.dir, source.name), fdPath(target.dir, target.name));
            } finally {
              await target.dir.close();
            }
          } finally {
            await source.dir.close();
          }
        } catch (error) {
          if (codeOf(error) === "EINVAL") throw new RuntimeError("not_supported", `${from} cannot be moved into itself`, { cause: error });
          throw toRuntimeError(to, error);
        }
      });
    },

    remove(path, { recursive = false, ifMatch } = {}) {
      return inTurn(path, async () => {
        try {
          const location = await openParent(root, path);
          try {
            if (!location.stat) throw new RuntimeError("not_found", `${path} does not exist`);
            checkMatch(path, location.stat, ifMatch);
            if (!location.stat.isDirectory()) await unlink(fdPath(location.dir, location.name));
            else if (recursive) await discard(location.dir, location.name);
            else await rmdir(fdPath(location.dir, location.name));
          } finally {
            await location.dir.close();
          }
        } catch (error) {
          if (codeOf(error) === "ENOTEMPTY")
            throw new RuntimeError("is_directory", `${path} is a folder with something in it`, { cause: error });
          throw toRuntimeError(path, error);
        }
      });
    },

    async walk({ under = ".", skip = nothing } = {}) {
      try {
        await using dir = await openDirectory(root, pathParts(under));
        const entries: Entry[] = [];
        const base = pathParts(under).join("/");
        await walkPinned(dir.fd, base, skip, (path, stat) => entries.push(entryOf(path, stat)));
        return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
      } catch (error) {
        throw toRuntimeError(under, error);
      }
    },

    async readLink(path) {
      try {
        const location = await openParent(root, path);
        try {
          return location.stat?.isSymbolicLink() ? await readlink(fdPath(location.dir, location.name)) : undefined;
        } finally {
          await location.dir.close();
        }
      } catch (error) {
        throw toRuntimeError(path, error);
      }
    },

    link(path, target) {
      return inTurn(path, async () => {
        const fresh = tmpName();
        try {
          await checkSpace?.(0);
          const location = await openParent(root, path, { create: true });
          try {
            if (location.stat) throw new RuntimeError("exists", `${path} exists already`);
            await symlink(target, fresh);
            if (owner) await lchown(fresh, owner.uid, owner.gid);
            await rename(fresh, fdPath(location.dir, location.name));
          } finally {
            await location.dir.close();
          }
        } catch (error) {
          await unlink(fresh).catch(ignoreMissing);
          throw toRuntimeError(path, error);
        }
      });
    },

    watch: ({ signal, skip = nothing }) => watches.follow(skip, signal),

    async copyIn(source, to = ".") {
      const folder = folderOf(source);
      try {
        await checkSpace?.(0);
        await using dir = await openDirectory(root, pathParts(to), { create: true });
        if (folder !== undefined) return await copyInto(folder, dir);
      } catch (error) {
        throw toRuntimeError(to, error);
      }
      const base = pathParts(to);
      for await (const file of source.files()) {
        const path = [...base, ...pathParts(file.path)].join("/");
        if (file.isDirectory) await tree.mkdir(path);
        else {
          const staged = await tree.stage(file.data(), { mode: file.mode & 0o777, isDurable: false });
          try {
            await staged.place(path, { overwrite: true });
          } finally {
            await staged.discard();
          }
        }
      }
    },
  };
  return tree;

  /** Moved out of the tree in one step, then deleted where the project cannot reach it. */
  async function discard(dir: FileHandle, name: string) {
    const discarded = tmpName();
    await rename(fdPath(dir, name), discarded);
    await using tmpFolder = await open(tmp, constants.O_RDONLY | constants.O_DIRECTORY);
    await removePinned(tmpFolder.fd, discarded.slice(tmp.length + 1));
  }

  async function copyInto(from: string, dir: FileHandle) {
    for (const entry of await readdir(from, { withFileTypes: true })) {
      const source = join(from, entry.name);
      if (entry.isDirectory()) {
        await using child = await makeDirectory(root, dir, entry.name);
        await copyInto(source, child);
      } else if (entry.isFile()) {
        const fresh = tmpName();
        try {
          await copyFile(source, fresh, constants.COPYFILE_FICLONE);
          if (owner) await lchown(fresh, owner.uid, owner.gid);
          await rename(fresh, fdPath(dir, entry.name));
        } catch (error) {
          await unlink(fresh).catch(ignoreMissing);
          throw error;
        }
      }
    }
  }
}

const nothing: ReadonlySet<string> = new Set();

function checkMatch(path: string, stat: BigIntStats | undefined, ifMatch: string | undefined) {
  if (ifMatch === undefined) return;
  const etag = stat && etagOf(stat);
  if (etag !== ifMatch)
    throw new RuntimeError("etag_mismatch", stat ? `${path} has changed since it was read` : `${path} no longer exists`, {
      details: { etag },
    });
}

/** Reads the size at open time; a growing file is truncated. */
async function readAll(file: FileHandle, size: number, path: string, maxBytes: number): Promise<Uint8Array> {
  // Files of /proc-like systems report size 0 and have content; one page more reveals it.
  const buffer = Buffer.alloc(size === 0 ? 65_536 : size);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > maxBytes) throw new RuntimeError("too_large", `${path} has more than ${maxBytes} bytes`);
  return buffer.subarray(0, length);
}

/** Maps a system error to a `RuntimeError`. */
function toRuntimeError(path: string, error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const options = { cause: error };
  switch (codeOf(error)) {
    case "ENOENT":
      return new RuntimeError("not_found", `${path} does not exist`, options);
    case "EEXIST":
      return new RuntimeError("exists", `${path} exists already`, options);
    case "EISDIR":
      return new RuntimeError("is_directory", `${path} is a folder`, options);
    case "ENOTDIR":
      return new RuntimeError("not_directory", `${path} passes through a file`, options);
    case "ELOOP":
      return outside(path);
    case "ENOSPC":
    case "EDQUOT":
      return new RuntimeError("storage_full", "there is no space left for this project", options);
    case "ENAMETOOLONG":
      return new RuntimeError("not_supported", `${path.slice(0, 80)}… is too long a name`, options);
    default:
      return new RuntimeError("unavailable", `${path} cannot be used (${codeOf(error) || "unknown error"})`, options);
  }
}

const ignoreMissing = (error: unknown) => {
  if (codeOf(error) !== "ENOENT") throw error;
};

/** Serializes work per path, so that a checked etag is still valid when the file is replaced. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return <T>(path: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(path) ?? Promise.resolve()).then(work, work);
    last.set(path, turn);
    const done = () => {
      if (last.get(path) === turn) last.delete(path);
    };
    turn.then(done, done);
    return turn;
  };
}
