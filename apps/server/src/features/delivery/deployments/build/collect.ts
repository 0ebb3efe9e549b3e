import { Readable } from "node:stream";
import { RuntimeError, type Entry, type Tree } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import { FileTooLarge, type ArtifactWriter } from "./artifacts.ts";
import { readText, within } from "./framework.ts";
import type { Artifact } from "../providers/provider.ts";

export interface CollectLimits {
  fileBytes: number;
  files: number;
  totalBytes: number;
}
/** What is refused before anything is sent, whatever a provider would take. */
export const ownLimits: CollectLimits = { fileBytes: 100 * 1024 * 1024, files: 15_000, totalBytes: 100 * 1024 * 1024 };

/** Wherever they stand in sources. */
const neverSources = new Set(["node_modules", ".git", "__pycache__", ".DS_Store", "thumbs.db", "Thumbs.db", ".venv", "venv"]);
/** What builds leave at the root of a container's folder; further down such a name is a folder like any other. */
const builtAtRoot = new Set([".next", "out", "dist", "build", ".turbo"]);
const keptHidden = new Set([".well-known", ".npmrc"]);
const keptOfPrograms = new Set([...keptHidden, ".next", ".output"]);
/** Files of variables are never uploaded, from wherever. */
const isEnvFile = (name: string) => /^\.env(?:\.|$)/i.test(name) || /^\.dev\.vars/i.test(name);

/** `source`: for a provider that builds. `plain`: a site as it lies. `built`: what a build made. `program`: a folder that is run, without its packages. */
export type CollectKind = "source" | "plain" | "built" | "program";

function isKept(path: string, kind: CollectKind): boolean {
  const segments = path.split("/");
  if (segments.some(isEnvFile)) return false;
  if (kind === "built") return !segments.some((name) => name === ".git" || name === ".DS_Store" || name === "node_modules");
  const hidden = kind === "program" ? keptOfPrograms : keptHidden;
  if (segments.some((name) => neverSources.has(name) || (name.startsWith(".") && !hidden.has(name)))) return false;
  if (kind === "program" && segments[0] === ".next" && (segments[1] === "cache" || segments[1] === "dev")) return false;
  return !(kind === "source" && builtAtRoot.has(segments[0] ?? ""));
}

/**
 * Takes the files of a folder, one after the other and none of them whole into memory (agent-git-deploy 7.6, 6). Throws with a sentence for
 * people: nothing there, too much of it, a link that leaves the tree.
 */
export async function collect(
  tree: Tree,
  directory: string,
  writer: ArtifactWriter,
  { kind, limits, signal, warn }: { kind: CollectKind; limits: CollectLimits; signal: AbortSignal; warn: (text: string) => void },
): Promise<Artifact> {
  const under = directory === "." ? {} : { under: directory };
  const skip = kind === "built" ? new Set(["node_modules", ".git"]) : neverSources;
  const entries = await tree.walk({ ...under, skip });
  const wanted = entries
    .filter((entry) => !entry.isDirectory)
    .map((entry) => ({ entry, path: directory === "." ? entry.path : entry.path.slice(directory.length + 1) }))
    .filter(({ path }) => isKept(path, kind));
  if (wanted.length === 0) throw new AppError("not_deployable", `There is nothing to deploy in ${nameOf(directory)}.`);
  if (wanted.length > limits.files)
    throw new AppError("not_deployable", `${wanted.length} files are more than the ${limits.files} that can be deployed at once.`);
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
        throw new AppError("not_deployable", `${path} is larger than the ${megabytes(limits.fileBytes)} that one file may have.`);
      throw error;
    }
    if (total > limits.totalBytes)
      throw new AppError("not_deployable", `This is more than the ${megabytes(limits.totalBytes)} that can be deployed at once.`);
  }
  return writer.complete();
}

async function openFile(tree: Tree, entry: Entry, path: string, warn: (text: string) => void): Promise<Readable | undefined> {
  try {
    if (path.split("/").at(-1) === ".npmrc") return Readable.from([Buffer.from(withoutTokens((await readText(tree, entry.path)) ?? ""))]);
    return (await tree.stream(entry.path)).data;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.code === "outside_tree") throw new AppError("not_deployable", `${path} is a link that leads out of the project.`);
    if (!["not_found", "is_directory", "not_directory", "not_supported"].includes(error.code)) throw error;
    warn(`${path} was left out: it is no file.`);
    return undefined;
  }
}

/** Registries stay, what opens them goes. */
const withoutTokens = (text: string): string =>
  text
    .split(/\r?\n/)
    .filter((line) => !/(?:_authToken|_auth|_password|:username|:certfile|:keyfile)\s*=/i.test(line))
    .join("\n");
const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MB`;
const nameOf = (directory: string) => (directory === "." ? "the project's folder" : directory);

/** Where what was built lies: the first of the usual places that has files. */
export async function findOutput(tree: Tree, directory: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    for (const name of await expand(tree, directory, candidate)) {
      const path = within(directory, name);
      const entry = path === "." ? { isDirectory: true } : await tree.stat(path).catch(ignoreOutside);
      if (!entry?.isDirectory) continue;
      const inside =
        path === "." ? await tree.walk({ skip: neverSources }) : await tree.walk({ under: path, skip: new Set(["node_modules"]) });
      if (inside.some((file) => !file.isDirectory && (candidates.length === 1 || isPageOf(file.path, path)))) return path;
    }
  }
  return undefined;
}
/** Of several places the one with a first page is meant. */
const isPageOf = (file: string, folder: string) => file === (folder === "." ? "index.html" : `${folder}/index.html`);

/** `dist/*` is any folder of dist. */
async function expand(tree: Tree, directory: string, candidate: string): Promise<string[]> {
  const star = candidate.indexOf("/*");
  if (star < 0) return [candidate];
  const parent = candidate.slice(0, star);
  const root = within(directory, parent);
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

/** Names in a folder, for a log that tells why nothing was found there. */
export async function listing(tree: Tree, directory: string): Promise<string[]> {
  const entries = await tree.walk({ skip: new Set(["node_modules", ".git", ".next", ".venv"]) });
  const prefix = directory === "." ? "" : `${directory}/`;
  return entries
    .filter(({ path }) => path.startsWith(prefix) && path.slice(prefix.length).split("/").length <= 2)
    .slice(0, 60)
    .map(({ path, isDirectory }) => `${path}${isDirectory ? "/" : ""}`);
}
