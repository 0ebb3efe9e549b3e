import { Readable } from "node:stream";
import { RuntimeError, type Entry, type Tree } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import { FileTooLarge, type ArtifactWriter } from "./artifacts.ts";
import { readTextFile, joinPath } from "./framework.ts";
import type { Artifact } from "../providers/provider.ts";

export interface CollectLimits {
  fileBytes: number;
  files: number;
  totalBytes: number;
}
/** Our own limits, applied before anything is uploaded, even if the provider allows more. */
export const ownLimits: CollectLimits = { fileBytes: 100 * 1024 * 1024, files: 15_000, totalBytes: 100 * 1024 * 1024 };

/** Excluded at any depth of the source tree. */
const neverSources = new Set(["node_modules", ".git", "__pycache__", ".DS_Store", "thumbs.db", "Thumbs.db", ".venv", "venv"]);
/** Build output at the root of a container's folder; deeper, these are ordinary folder names. */
const builtAtRoot = new Set([".next", "out", "dist", "build", ".turbo"]);
const keptHidden = new Set([".well-known", ".npmrc"]);
const keptOfServers = new Set([...keptHidden, ".next", ".output"]);
/** Environment files are never uploaded. */
const isEnvFile = (name: string) => /^\.env(?:\.|$)/i.test(name) || /^\.dev\.vars/i.test(name);

/**
 * `source`: for a provider that builds. `static`: a static site without a build. `output`: build output. `server`: a server's folder,
 * without its packages.
 */
export type CollectKind = "source" | "static" | "output" | "server";

function isKept(path: string, kind: CollectKind): boolean {
  const segments = path.split("/");
  if (segments.some(isEnvFile)) return false;
  if (kind === "output") return !segments.some((name) => name === ".git" || name === ".DS_Store" || name === "node_modules");
  const hidden = kind === "server" ? keptOfServers : keptHidden;
  if (segments.some((name) => neverSources.has(name) || (name.startsWith(".") && !hidden.has(name)))) return false;
  if (kind === "server" && segments[0] === ".next" && (segments[1] === "cache" || segments[1] === "dev")) return false;
  return !(kind === "source" && builtAtRoot.has(segments[0] ?? ""));
}

/**
 * Copies the files of a folder into the artifact, streaming one at a time. Throws `not_deployable` when there are no files, too many or
 * too large ones, or a link that leaves the tree.
 */
export async function collectFiles(
  tree: Tree,
  directory: string,
  writer: ArtifactWriter,
  { kind, limits, signal, warn }: { kind: CollectKind; limits: CollectLimits; signal: AbortSignal; warn: (text: string) => void },
): Promise<Artifact> {
  const under = directory === "." ? {} : { under: directory };
  const skip = kind === "output" ? new Set(["node_modules", ".git"]) : neverSources;
  const entries = await tree.walk({ ...under, skip });
  const wanted = entries
    .filter((entry) => !entry.isDirectory)
    .map((entry) => ({ entry, path: directory === "." ? entry.path : entry.path.slice(directory.length + 1) }))
    .filter(({ path }) => isKept(path, kind));
  if (wanted.length === 0) throw new AppError("not_deployable", `There are no files to deploy in ${nameOf(directory)}.`);
  if (wanted.length > limits.files)
    throw new AppError("not_deployable", `This deployment has ${wanted.length} files; the limit is ${limits.files}.`);
  try {
    await addFiles(tree, wanted, writer, { limits, signal, warn });
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return writer.complete();
}

async function addFiles(
  tree: Tree,
  wanted: readonly { entry: Entry; path: string }[],
  writer: ArtifactWriter,
  { limits, signal, warn }: { limits: CollectLimits; signal: AbortSignal; warn: (text: string) => void },
): Promise<void> {
  let total = 0;
  for (const { entry, path } of wanted) {
    signal.throwIfAborted();
    const opened = await openFile(tree, entry, path, warn);
    if (!opened) continue;
    const mode = (entry.mode ?? 0o644) & 0o111 ? 0o755 : 0o644;
    try {
      const { size } = await writer.add(path, mode, opened, limits);
      total += size;
    } catch (error) {
      if (error instanceof FileTooLarge)
        throw new AppError("not_deployable", `${path} exceeds the file size limit of ${megabytes(limits.fileBytes)}.`);
      throw error;
    }
    if (total > limits.totalBytes)
      throw new AppError("not_deployable", `This deployment exceeds the size limit of ${megabytes(limits.totalBytes)}.`);
  }
}

async function openFile(tree: Tree, entry: Entry, path: string, warn: (text: string) => void): Promise<Readable | undefined> {
  try {
    if (path.split("/").at(-1) === ".npmrc")
      return Readable.from([Buffer.from(withoutTokens((await readTextFile(tree, entry.path)) ?? ""))]);
    return (await tree.stream(entry.path)).data;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.code === "outside_tree") throw new AppError("not_deployable", `${path} is a link that points outside the project.`);
    if (!["not_found", "is_directory", "not_directory", "not_supported"].includes(error.code)) throw error;
    warn(`Skipped ${path}: not a regular file.`);
    return undefined;
  }
}

/** Keeps registry settings of an .npmrc and removes credentials. */
const withoutTokens = (text: string): string =>
  text
    .split(/\r?\n/)
    .filter((line) => !/(?:_authToken|_auth|_password|:username|:certfile|:keyfile)\s*=/i.test(line))
    .join("\n");
const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MB`;
const nameOf = (directory: string) => (directory === "." ? "the project's folder" : directory);

/** The output folder: the first candidate that has files. */
export async function findOutput(tree: Tree, directory: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    for (const name of await expand(tree, directory, candidate)) {
      const path = joinPath(directory, name);
      const entry = path === "." ? { isDirectory: true } : await tree.stat(path).catch(ignoreOutside);
      if (!entry?.isDirectory) continue;
      const inside =
        path === "." ? await tree.walk({ skip: neverSources }) : await tree.walk({ under: path, skip: new Set(["node_modules"]) });
      if (inside.some((file) => !file.isDirectory && (candidates.length === 1 || isPageOf(file.path, path)))) return path;
    }
  }
  return undefined;
}
/** Of several candidates, the one with an index.html. */
const isPageOf = (file: string, folder: string) => file === (folder === "." ? "index.html" : `${folder}/index.html`);

/** `dist/*` matches any folder in dist. */
async function expand(tree: Tree, directory: string, candidate: string): Promise<string[]> {
  const star = candidate.indexOf("/*");
  if (star < 0) return [candidate];
  const parent = candidate.slice(0, star);
  const root = joinPath(directory, parent);
  if (!(await tree.stat(root).catch(ignoreOutside))?.isDirectory) return [];
  const children = (await tree.walk({ under: root, skip: new Set(["node_modules"]) })).filter(
    (entry) => entry.isDirectory && !entry.path.slice(root.length + 1).includes("/"),
  );
  return children.map((entry) => `${parent}/${entry.path.slice(root.length + 1)}${candidate.slice(star + 2)}`);
}

function ignoreOutside(error: unknown): undefined {
  if (error instanceof RuntimeError) return undefined;
  throw error;
}

/** Names in a folder, logged when no output was found there. */
export async function listing(tree: Tree, directory: string): Promise<string[]> {
  const entries = await tree.walk({ skip: new Set(["node_modules", ".git", ".next", ".venv"]) });
  const prefix = directory === "." ? "" : `${directory}/`;
  return entries
    .filter(({ path }) => path.startsWith(prefix) && path.slice(prefix.length).split("/").length <= 2)
    .slice(0, 60)
    .map(({ path, isDirectory }) => `${path}${isDirectory ? "/" : ""}`);
}
