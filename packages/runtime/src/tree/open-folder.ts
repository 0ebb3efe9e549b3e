import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";
import { codeOf } from "./pin.ts";

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface FolderEntry {
  /** One character per byte ("latin1"): names need not be UTF-8. */
  name: string;
  stat: BigIntStats;
}

/**
 * A folder that hostile code may change at the same time, opened once: links are never followed, and whatever is swapped, the descriptor
 * stays on the opened folder. What disappears is `undefined`.
 */
export interface OpenFolder {
  stat: BigIntStats;
  entries(): FolderEntry[];
  folder(name: string): OpenFolder | undefined;
  /** A descriptor, which the caller closes; `undefined` too when it is no longer a regular file. */
  file(name: string): number | undefined;
  link(name: string): Buffer | undefined;
  close(): void;
}

/** `undefined` when there is no such folder. */
export function openFolder(path: string): OpenFolder | undefined {
  const fd = ignoringMissing(() => openSync(path, folderFlags));
  return fd === undefined ? undefined : onDescriptor(fd);
}

function onDescriptor(fd: number): OpenFolder {
  const at = (name: string) => Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), Buffer.from(name, "latin1")]);
  return {
    stat: fstatSync(fd, { bigint: true }),
    entries: () =>
      readdirSync(`/proc/self/fd/${fd}`, "latin1").flatMap((name) => {
        const stat = lstatSync(at(name), { bigint: true, throwIfNoEntry: false });
        return stat ? [{ name, stat }] : [];
      }),
    folder(name) {
      const child = ignoringMissing(() => openSync(at(name), folderFlags));
      return child === undefined ? undefined : onDescriptor(child);
    },
    file(name) {
      const file = ignoringMissing(() => openSync(at(name), fileFlags));
      if (file === undefined || fstatSync(file).isFile()) return file;
      closeSync(file);
      return undefined;
    },
    link: (name) => ignoringMissing(() => readlinkSync(at(name), { encoding: "buffer" })),
    close: () => closeSync(fd),
  };
}

function ignoringMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR", "ENXIO", "EINVAL"].includes(codeOf(error))) return undefined;
    throw error;
  }
}
