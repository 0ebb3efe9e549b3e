import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../platform/errors.ts";
import type { OpenOutsideGit, RunOptions } from "./server-git.ts";

export interface RepositoryLimits {
  /** Received from the host. */
  packBytes: number;
  /** Of the files of the branch, checked out. */
  treeBytes: number;
  entries: number;
  reachMs: number;
  cloneMs: number;
  /** Commits of history that come along. */
  depth: number;
}
/** What a repository may be (accounts-projects 4.1: 15 s to answer, 300 s to come). */
export const repositoryLimits: Omit<RepositoryLimits, "packBytes" | "treeBytes"> = {
  entries: 100_000,
  reachMs: 15_000,
  cloneMs: 300_000,
  depth: 50,
};

/** What came of a repository beside its branch. */
export interface Extent {
  /** How much of the history: all of it, or so many commits of each branch. */
  depth: number | undefined;
  /** All branches and tags, or the one branch. */
  isWhole: boolean;
}
interface Reference {
  name: string;
  sha: string;
  /** Of an annotated tag: what it points to. */
  peeled: string | undefined;
}

/** One branch of a repository, or all, as packs on our disk; nothing of it was checked out or run. */
export interface FetchedRepository extends AsyncDisposable {
  /** `…/objects/pack`. */
  packDir: string;
  /** The content of `.git/shallow`'s file, if the history was cut. */
  shallowFile: string | undefined;
  branch: string;
  commit: string;
  /** Branches (`refs/remotes/origin/…`) and tags, in git's order. */
  references: readonly Reference[];
  extent: Extent;
  files: number;
  hasSubmodules: boolean;
}
export interface FetchOptions {
  url: string;
  branch: string | null;
  /** A tag instead of the head of the branch; what is there is then on a branch of that name all the same. */
  tag?: string | undefined;
  /** All branches and tags with their history, as far as they fit; see `extent` of what came. */
  wantsAll?: boolean;
  limits: RepositoryLimits;
  signal: AbortSignal;
  authorization?: string | undefined;
  onPhase?: (phase: "reached" | "fetched") => Promise<void>;
  /** Of git itself, e.g. `Receiving objects:  42% (1/2), 1.2 MiB | 3 MiB/s`. */
  onProgress?: (line: string) => void;
}
export type FetchRepository = (options: FetchOptions) => Promise<FetchedRepository>;

const tooLargeFor = (bytes: number) => `This repository is larger than the ${Math.floor(bytes / 2 ** 20)} MiB that can be imported.`;

/** A whole history larger than this is cut: to be quick, and to leave room for the files. */
const wholeBytes = 128 * 2 ** 20;
/** Failures after which less of the repository may still come. */
const mayBeLess: ReadonlySet<string> = new Set(["payload_too_large", "gateway_timeout", "git_failed"]);

/** Fetches a branch, or all, without checking anything out. Throws what `OutsideGit` throws. */
export function createFetchRepository(openGit: OpenOutsideGit): FetchRepository {
  return async (options) => {
    const { limits, wantsAll, tag, signal } = options;
    const cut = Math.min(wholeBytes, limits.packBytes);
    const tries: { extent: Extent; packBytes: number }[] = [
      ...(wantsAll && tag === undefined
        ? [
            { extent: { depth: undefined, isWhole: true }, packBytes: cut },
            { extent: { depth: limits.depth, isWhole: true }, packBytes: cut },
          ]
        : []),
      { extent: { depth: limits.depth, isWhole: false }, packBytes: limits.packBytes },
    ];
    for (const [i, { extent, packBytes }] of tries.entries())
      try {
        return await fetchOnce(openGit, { ...options, limits: { ...limits, packBytes } }, extent);
      } catch (error) {
        const isLast = i === tries.length - 1;
        if (isLast || signal.aborted || !(error instanceof AppError) || !mayBeLess.has(error.code)) throw error;
      }
    throw new Error("unreachable: the last attempt returns or throws");
  };
}

async function fetchOnce(
  openGit: OpenOutsideGit,
  { url, branch: wanted, tag, limits, signal, authorization, onPhase, onProgress }: FetchOptions,
  extent: Extent,
): Promise<FetchedRepository> {
  const outside = await openGit({ url, authorization }, { maxBytes: limits.packBytes, tooLarge: tooLargeFor(limits.packBytes) });
  const remove = () => outside[Symbol.asyncDispose]();
  try {
    const repo = join(outside.scratch, "repo.git");
    const git = (argv: string[], timeoutMs: number, more: Partial<RunOptions> = {}) => outside.run(argv, { timeoutMs, signal, ...more });

    const from = tag !== undefined ? `refs/tags/${tag}` : wanted === null ? "HEAD" : `refs/heads/${wanted}`;
    const refs = await git(["ls-remote", "--symref", "--", url, from], limits.reachMs);
    const branch = wanted ?? /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(refs)?.[1];
    if (!/^[0-9a-f]{40,64}\t/m.test(refs) || branch === undefined)
      throw new AppError(
        "import_failed",
        tag !== undefined
          ? `This repository has no version ${tag}.`
          : wanted === null
            ? "This repository is empty: it has no default branch."
            : `This repository has no branch ${wanted}.`,
      );
    await onPhase?.("reached");
    await git(["init", "--quiet", "--bare", "--template=", repo], limits.reachMs);
    const ref = `refs/remotes/origin/${branch}`;
    await git(
      [
        "-C",
        repo,
        "fetch",
        "--progress",
        ...(extent.depth === undefined ? [] : [`--depth=${extent.depth}`]),
        "--no-tags",
        "--",
        url,
        ...(extent.isWhole
          ? ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
          : [`+${tag === undefined ? `refs/heads/${branch}` : from}:${ref}`]),
      ],
      limits.cloneMs,
      { ...(onProgress && { onProgress }) },
    );
    const commit = (await git(["-C", repo, "rev-parse", "--verify", `${ref}^{commit}`], limits.reachMs)).trim();
    await onPhase?.("fetched");
    const contents = createCount(limits);
    await git(["-C", repo, "ls-tree", "-r", "-l", "-z", "--full-tree", commit], limits.reachMs * 4, { onOutput: contents.push });
    const { files, hasSubmodules } = contents.result();
    const packDir = join(repo, "objects/pack");
    if ((await readdir(packDir)).length === 0) throw new AppError("import_failed", "This repository is empty.");
    const shallow = join(repo, "shallow");
    return {
      packDir,
      shallowFile: existsSync(shallow) ? shallow : undefined,
      branch,
      commit,
      references: referencesIn(
        await git(["-C", repo, "for-each-ref", `--format=${referenceFormat}`, "refs/remotes", "refs/tags"], limits.reachMs),
      ),
      extent,
      files,
      hasSubmodules,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

const referenceFormat = "%(objectname) %(refname) %(*objectname)";
/** A remote branch named `HEAD` would stand in the place of the remote's default one. */
const referencesIn = (listed: string): Reference[] =>
  listed.split("\n").flatMap((line) => {
    const [sha = "", name = "", peeled] = line.split(" ");
    return sha === "" || name === "refs/remotes/origin/HEAD" ? [] : [{ sha, name, peeled: peeled || undefined }];
  });

/** Adds up a tree listing as it comes; a tree of trees that would never end is left at the limit. */
function createCount({ treeBytes, entries }: RepositoryLimits) {
  let rest = "";
  let files = 0;
  let bytes = 0;
  let hasSubmodules = false;
  const isOver = () => files > entries || bytes > treeBytes;
  return {
    /** False when enough was seen. */
    push(chunk: string): boolean {
      const lines = (rest + chunk).split("\0");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, mode, size] = /^(\d+) \w+ \w+\s+(\d+|-)\t/.exec(line) ?? [];
        files += 1;
        bytes += Number(size) || 0;
        if (mode === "160000") hasSubmodules = true;
      }
      return !isOver();
    },
    result() {
      if (files > entries) throw new AppError("payload_too_large", `This repository has more than ${entries} files.`);
      if (bytes > treeBytes)
        throw new AppError(
          "payload_too_large",
          `The files of this repository have more than the ${Math.floor(treeBytes / 2 ** 20)} MiB a project may use.`,
        );
      return { files, hasSubmodules };
    },
  };
}
