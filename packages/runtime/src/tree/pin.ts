import { constants, type BigIntStats } from "node:fs";
import { lstat, mkdir, open, readlink, type FileHandle } from "node:fs/promises";
import { RuntimeError } from "../errors.ts";

/**
 * Reaching into a folder that hostile code is changing at the same time.
 *
 * A directory is opened first and everything then happens through `/proc/self/fd/N/name`, which is `openat` by another name:
 * whatever the project swaps meanwhile, the descriptor stays on the directory that was checked.
 */

const directory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;
const maxLinks = 40;

export const at = (dir: FileHandle, name: string) => `/proc/self/fd/${dir.fd}/${name}`;
/** Where the directory is now. */
const whereIs = (dir: FileHandle) => readlink(`/proc/self/fd/${dir.fd}`);

export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "";
export const outside = (path: string) => new RuntimeError("outside_tree", `${path} leads outside the project`);

export interface Root {
  /** Real path of the tree on the host. */
  host: string;
  /** The tree's path as its own programs see it: absolute links to it stay inside. */
  inside: string;
  owner: { uid: number; gid: number } | undefined;
}

export const partsOf = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

/** Opens the directory at `parts`, following links that stay in the tree. `create` makes what is missing. The caller closes it. */
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
        stack.push(await open(at(here, part), directory | constants.O_NOFOLLOW));
      } catch (error) {
        const code = codeOf(error);
        if (code === "ENOENT" && create) {
          stack.push(await makeDirectory(root, here, part));
          continue;
        }
        if (code === "ENOENT") throw new RuntimeError("not_found", `${path} does not exist`, { cause: error });
        if (code !== "ELOOP" && code !== "ENOTDIR") throw error;
        if (!(await lstat(at(here, part))).isSymbolicLink())
          throw new RuntimeError("not_directory", `${path} passes through a file`, { cause: error });
        if (++links > maxLinks) throw outside(path);
        const target = await readlink(at(here, part));
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

/** A link's target as parts: relative to the link's folder, or to the root when it is absolute; undefined when it points elsewhere. */
function insideParts(root: Root, target: string): string[] | undefined {
  if (!target.startsWith("/")) return target.split("/");
  if (target === root.inside) return [];
  return target.startsWith(`${root.inside}/`) ? target.slice(root.inside.length + 1).split("/") : undefined;
}

/** Makes one directory for the project and opens it. */
export async function makeDirectory(root: Root, parent: FileHandle, name: string): Promise<FileHandle> {
  const isNew = await mkdir(at(parent, name)).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
      return false;
    },
  );
  const dir = await open(at(parent, name), directory | constants.O_NOFOLLOW);
  try {
    // Only what is ours is given away: between the two calls the project may have put another folder there.
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
export interface Spot {
  dir: FileHandle;
  name: string;
  /** What is there, links not followed. */
  stat: BigIntStats | undefined;
}

/**
 * Opens the parent of `path` and looks at the last name. `follow` resolves links at the end too, as long as they stay inside.
 * The caller closes `dir`.
 */
export async function locate(root: Root, path: string, options: { create?: boolean; follow?: boolean } = {}): Promise<Spot> {
  let parts = partsOf(path);
  for (let links = 0; ; links++) {
    const name = parts.at(-1);
    if (name === undefined || name === "..") throw outside(path);
    const dir = await openDirectory(root, parts.slice(0, -1), options);
    try {
      const stat = await lstat(at(dir, name), { bigint: true }).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      });
      if (!options.follow || !stat?.isSymbolicLink()) return { dir, name, stat };
      if (links >= maxLinks) throw outside(path);
      const target = await readlink(at(dir, name));
      const within = insideParts(root, target);
      if (within === undefined) throw outside(path);
      parts = target.startsWith("/") ? within : normalize([...partsOf((await whereIs(dir)).slice(root.host.length)), ...within], path);
    } catch (error) {
      await dir.close();
      throw error;
    }
    await dir.close();
  }
}

/** Takes `..` out of a path whose folders are real (no links), so that the words mean what the kernel would do. */
function normalize(parts: readonly string[], path: string): string[] {
  const out: string[] = [];
  for (const part of parts) {
    if (part === "" || part === ".") continue;
    if (part !== "..") out.push(part);
    else if (out.pop() === undefined) throw outside(path);
  }
  return out;
}
