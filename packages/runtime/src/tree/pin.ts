import { constants, type BigIntStats } from "node:fs";
import { lstat, mkdir, open, readlink, type FileHandle } from "node:fs/promises";
import { RuntimeError } from "../errors.ts";

/**
 * Race-free access to a folder that hostile code changes at the same time. A directory is opened first and everything then goes through
 * `/proc/self/fd/N/name`, which is equivalent to `openat`: whatever the project swaps, the descriptor stays on the directory that was
 * checked.
 */

const directory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;
const maxLinks = 40;

export const fdPath = (dir: FileHandle, name: string) => `/proc/self/fd/${dir.fd}/${name}`;
/** The directory's current path. */
const whereIs = (dir: FileHandle) => readlink(`/proc/self/fd/${dir.fd}`);

export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "";
export const outside = (path: string) => new RuntimeError("outside_tree", `${path} leads outside the project`);

export interface Root {
  /** Real path of the tree on the host. */
  host: string;
  /** The tree's path as its programs see it: absolute links to it stay inside. */
  inside: string;
  owner: { uid: number; gid: number } | undefined;
}

export const pathParts = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

/** Opens the directory at `parts`, following links that stay in the tree. `create` creates missing ones. The caller closes it. */
export async function openDirectory(root: Root, parts: readonly string[], options: { create?: boolean } = {}): Promise<FileHandle> {
  const path = parts.join("/");
  try {
    const dir = await open([root.host, ...parts].join("/"), directory);
    const real = await whereIs(dir);
    if (real === root.host || real.startsWith(`${root.host}/`)) return dir;
    await dir.close();
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(codeOf(error))) throw error;
  }
  return stepByStep(root, parts, path, options.create ?? false);
}

async function stepByStep(root: Root, parts: readonly string[], path: string, create: boolean): Promise<FileHandle> {
  const stack = [await open(root.host, directory)];
  const queue = [...parts];
  let links = 0;
  try {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const here = stack.at(-1) as FileHandle;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (stack.length === 1) throw outside(path);
        await stack.pop()?.close();
        continue;
      }
      try {
        stack.push(await open(fdPath(here, part), directory | constants.O_NOFOLLOW));
      } catch (error) {
        const code = codeOf(error);
        if (code === "ENOENT" && create) {
          stack.push(await makeDirectory(root, here, part));
          continue;
        }
        if (code === "ENOENT") throw new RuntimeError("not_found", `${path} does not exist`, { cause: error });
        if (code !== "ELOOP" && code !== "ENOTDIR") throw error;
        if (!(await lstat(fdPath(here, part))).isSymbolicLink())
          throw new RuntimeError("not_directory", `${path} passes through a file`, { cause: error });
        if (++links > maxLinks) throw outside(path);
        const target = await readlink(fdPath(here, part));
        const within = insideParts(root, target);
        if (within === undefined) throw outside(path);
        if (target.startsWith("/")) for (const dir of stack.splice(1)) await dir.close();
        queue.unshift(...within);
      }
    }
    return stack.pop() as FileHandle;
  } finally {
    for (const dir of stack) await dir.close();
  }
}

/** A link's target as parts: relative to the link's folder, or to the root when it is absolute; undefined when it leaves the tree. */
function insideParts(root: Root, target: string): string[] | undefined {
  if (!target.startsWith("/")) return target.split("/");
  if (target === root.inside) return [];
  return target.startsWith(`${root.inside}/`) ? target.slice(root.inside.length + 1).split("/") : undefined;
}

/** Creates one directory for the project and opens it. */
export async function makeDirectory(root: Root, parent: FileHandle, name: string): Promise<FileHandle> {
  const isNew = await mkdir(fdPath(parent, name)).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
      return false;
    },
  );
  const dir = await open(fdPath(parent, name), directory | constants.O_NOFOLLOW);
  try {
    // Only change the owner of our own folder: the project may have replaced it between the two calls.
    const isOurs = isNew && (await dir.stat()).uid === process.getuid?.();
    if (isOurs) await dir.chmod(0o755);
    if (isOurs && root.owner) await dir.chown(root.owner.uid, root.owner.gid);
    return dir;
  } catch (error) {
    await dir.close();
    throw error;
  }
}

/** A name in an open directory. */
export interface NamedEntry {
  dir: FileHandle;
  name: string;
  /** The entry, without following links. */
  stat: BigIntStats | undefined;
}

/**
 * Opens the parent of `path` and stats the last name. `follow` resolves links at the end too, if they stay inside. The caller closes
 * `dir`.
 */
export async function openParent(root: Root, path: string, options: { create?: boolean; follow?: boolean } = {}): Promise<NamedEntry> {
  let parts = pathParts(path);
  for (let links = 0; ; links++) {
    const name = parts.at(-1);
    if (name === undefined || name === "..") throw outside(path);
    const dir = await openDirectory(root, parts.slice(0, -1), options);
    try {
      const stat = await lstat(fdPath(dir, name), { bigint: true }).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      });
      if (!options.follow || !stat?.isSymbolicLink()) return { dir, name, stat };
      if (links >= maxLinks) throw outside(path);
      const target = await readlink(fdPath(dir, name));
      const within = insideParts(root, target);
      if (within === undefined) throw outside(path);
      parts = target.startsWith("/") ? within : normalize([...pathParts((await whereIs(dir)).slice(root.host.length)), ...within], path);
    } catch (error) {
      await dir.close();
      throw error;
    }
    await dir.close();
  }
}

/** Resolves `..` in a path whose folders are real (no links), as the kernel would. */
function normalize(parts: readonly string[], path: string): string[] {
  const out: string[] = [];
  for (const part of parts) {
    if (part === "" || part === ".") continue;
    if (part !== "..") out.push(part);
    else if (out.pop() === undefined) throw outside(path);
  }
  return out;
}
