import { randomUUID } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import { copyFile, link, lstat, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  checkKey,
  checkPrefix,
  limitedTo,
  ObjectExists,
  storageFull,
  type ObjectFacts,
  type ObjectStore,
  type PutOptions,
} from "./object-store.ts";

/** Objects are files below a folder, at the paths of their keys. They are written in the scratch folder, on the same disk, and moved. */
export function createFolderStore({ dir, scratchDir }: { dir: string; scratchDir: string }): ObjectStore {
  const pathOf = (key: string) => {
    checkKey(key);
    return join(dir, key);
  };
  const scratchFile = async () => {
    await mkdir(scratchDir, { recursive: true, mode: 0o700 });
    return join(scratchDir, randomUUID());
  };

  /** Moves a complete, flushed file to its place. */
  const place = async (file: string, path: string, isNew: boolean): Promise<void> => {
    for (;;) {
      await createFolder(dirname(path));
      try {
        if (isNew) await link(file, path);
        else await rename(file, path);
        break;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") throw new ObjectExists(path);
        // A deletion removed the empty folder.
        if (code !== "ENOENT" || !(await exists(file))) throw error;
      }
    }
    await flushFolder(dirname(path));
    if (isNew) await rm(file, { force: true });
  };
  const write = async (key: string, fill: (file: string) => Promise<void>, { isNew = false }: PutOptions = {}): Promise<number> => {
    const path = pathOf(key);
    const file = await scratchFile();
    try {
      await fill(file);
      const { size } = await stat(file);
      await place(file, path, isNew);
      return size;
    } catch (error) {
      await rm(file, { force: true });
      throw failureOf(error);
    }
  };
  const find = async (key: string): Promise<BigIntStats | undefined> => {
    const found = await lstat(pathOf(key), { bigint: true }).catch(ignoreMissing);
    return found?.isFile() ? found : undefined;
  };

  /** Files in the order of their keys' bytes. */
  async function* walk(prefix: string, after: string | undefined): AsyncGenerator<ObjectFacts, void> {
    const entries = await readdir(join(dir, prefix), { withFileTypes: true }).catch(ignoreMissing);
    const named = (entries ?? []).flatMap((entry) =>
      entry.isDirectory() ? [`${prefix}${entry.name}/`] : entry.isFile() ? [`${prefix}${entry.name}`] : [],
    );
    for (const each of named.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      if (
        after !== undefined &&
        Buffer.compare(Buffer.from(each), Buffer.from(after)) <= 0 &&
        !(each.endsWith("/") && after.startsWith(each))
      )
        continue;
      if (each.endsWith("/")) yield* walk(each, after);
      else {
        const found = await lstat(join(dir, each), { bigint: true }).catch(ignoreMissing);
        if (found) yield factsOf(each, found);
      }
    }
  }

  return {
    kind: "folder",
    address: dir,
    async put(key, data, options) {
      const source = data instanceof Uint8Array ? Readable.from([data]) : data;
      try {
        return await write(
          key,
          (file) =>
            pipeline(
              limitedTo(source, options?.maxBytes, options?.signal),
              createWriteStream(file, { flags: "wx", mode: 0o600, flush: true }),
            ),
          options,
        );
      } catch (error) {
        if (source instanceof Readable) source.destroy();
        throw error;
      }
    },
    scratchFile,
    async putFile(key, path) {
      await write(key, async (file) => {
        const handle = await open(path, "r");
        await handle.sync().finally(() => handle.close());
        await rename(path, file);
      });
    },
    async get(key, range) {
      const handle = await open(pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW).catch(ignoreMissing);
      if (!handle) return undefined;
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) {
        await handle.close();
        return undefined;
      }
      return { ...factsOf(key, found), data: handle.createReadStream({ ...range, highWaterMark: 256 * 1024 }) };
    },
    async head(key) {
      const found = await find(key);
      return found && factsOf(key, found);
    },
    async localFile(key) {
      const found = await find(key);
      return found && { path: pathOf(key), bytes: Number(found.size), [Symbol.asyncDispose]: () => Promise.resolve() };
    },
    async copy(from, to) {
      if (!(await find(from))) return false;
      await write(to, async (file) => {
        await copyFile(pathOf(from), file, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
        const handle = await open(file, "r");
        await handle.sync().finally(() => handle.close());
      });
      return true;
    },
    async delete(...keys) {
      for (const key of keys) {
        await rm(pathOf(key), { force: true });
        await removeEmpty(dirname(key));
      }
    },
    async deleteAll(prefix) {
      checkPrefix(prefix, { isDeleted: true });
      await rm(join(dir, prefix), { recursive: true, force: true });
      await removeEmpty(dirname(prefix.slice(0, -1)));
    },
    list: (prefix, { after } = {}) => {
      checkPrefix(prefix);
      return walk(prefix, after);
    },
    async listFolders(prefix) {
      checkPrefix(prefix);
      const entries = await readdir(join(dir, prefix), { withFileTypes: true }).catch(ignoreMissing);
      return (entries ?? []).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
    },
    async check() {
      const file = await scratchFile();
      try {
        await pipeline(Readable.from([Buffer.from("check")]), createWriteStream(file, { flags: "wx", flush: true }));
      } catch (error) {
        throw failureOf(error);
      } finally {
        await rm(file, { force: true });
      }
    },
    async removeUnfinished(before) {
      let removed = 0;
      for (const name of (await readdir(scratchDir).catch(ignoreMissing)) ?? []) {
        const found = await stat(join(scratchDir, name)).catch(ignoreMissing);
        if (!found || found.mtime >= before) continue;
        await rm(join(scratchDir, name), { recursive: true, force: true });
        removed++;
      }
      return removed;
    },
  };

  /** Removes empty folders above a deleted object, but not that of its collection. */
  async function removeEmpty(folder: string): Promise<void> {
    for (let at = folder; at.includes("/"); at = dirname(at))
      if (
        !(await rmdir(join(dir, at)).then(
          () => true,
          () => false,
        ))
      )
        return;
  }
}

/** Durable, with its parents. */
async function createFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = path; ; at = dirname(at)) {
    await flushFolder(dirname(at)).catch(ignoreMissing);
    if (at === first || at === dirname(at)) return;
  }
}
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

const factsOf = (key: string, found: BigIntStats): ObjectFacts => ({
  key,
  bytes: Number(found.size),
  modifiedAt: found.mtime,
  etag: `"${found.mtimeNs.toString(36)}-${found.ino.toString(36)}-${found.size.toString(36)}"`,
});

const exists = async (path: string) => (await lstat(path).catch(ignoreMissing)) !== undefined;
function ignoreMissing(error: unknown): undefined {
  if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
}
/** A full disk becomes an error for the user; others pass through. */
const failureOf = (error: unknown): unknown =>
  ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "") ? storageFull(error) : error;
