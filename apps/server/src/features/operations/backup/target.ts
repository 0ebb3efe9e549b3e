import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { explainRefusedAccess } from "../../../platform/file-access.ts";
import { BackupError } from "./backup-error.ts";

/**
 * Where backups are stored: objects by name, such as `packs/ab12…`. An object is complete or absent, and durable once `put` resolves.
 */
export interface BackupTarget {
  /** For messages and the log; without credentials. */
  readonly address: string;
  put(name: string, data: Uint8Array): Promise<void>;
  /** `undefined` when there is none. `range`: some bytes of it. */
  get(name: string, range?: { start: number; length: number }): Promise<Buffer | undefined>;
  /** Names that begin with `prefix` (which ends with `/`), with their sizes. */
  list(prefix: string): Promise<{ name: string; bytes: number }[]>;
  /** Ignores unknown names. */
  remove(name: string): Promise<void>;
}

/** Objects are files below a folder, which is created. */
export function openFolderTarget(folder: string): BackupTarget {
  const files = folderFiles(resolve(folder));
  /** Says whose file it is that this user may not use. */
  const explained = <T>(name: string, use: "read" | "write", work: Promise<T>): Promise<T> =>
    work.catch(async (cause: unknown) => {
      let path = join(files.address, name);
      while (path !== files.address && !existsSync(path)) path = dirname(path);
      const refusal = await explainRefusedAccess(path, cause, use);
      throw refusal === undefined ? cause : new BackupError(refusal, { cause });
    });
  return {
    address: files.address,
    put: (name, data) => explained(name, "write", files.put(name, data)),
    get: (name, range) => explained(name, "read", files.get(name, range)),
    list: (prefix) => explained(prefix, "read", files.list(prefix)),
    remove: (name) => explained(name, "write", files.remove(name)),
  };
}

function folderFiles(root: string): BackupTarget {
  const pathOf = (name: string) => join(root, name);
  let written = 0;
  return {
    address: root,
    async put(name, data) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const aside = `${path}.${process.pid}-${written++}.tmp`;
      const file = await open(aside, "w", 0o600);
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
      const parent = await open(dirname(path), "r");
      await parent.sync().finally(() => parent.close());
    },
    async get(name, range) {
      try {
        if (!range) return await readFile(pathOf(name));
        const parts: Buffer[] = [];
        for await (const part of createReadStream(pathOf(name), { start: range.start, end: range.start + range.length - 1 }))
          parts.push(part as Buffer);
        return Buffer.concat(parts);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async list(prefix) {
      const names = await readdir(pathOf(prefix)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      const found: { name: string; bytes: number }[] = [];
      for (const name of names) {
        const facts = await stat(pathOf(prefix + name)).catch(() => undefined);
        // Temporary files of a killed backup.
        if (facts && !name.endsWith(".tmp")) found.push({ name: prefix + name, bytes: facts.size });
        else if (facts && Date.now() - facts.mtimeMs > 86_400_000) await rm(pathOf(prefix + name), { force: true });
      }
      return found;
    },
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}
