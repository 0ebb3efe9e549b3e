import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../platform/errors.ts";
import type { OpenServerGit, ServerGitOptions } from "./server-git.ts";

export interface RepositoryLimits {
  /** Bytes received from the host. */
  packBytes: number;
  /** Bytes of the branch's files, checked out. */
  treeBytes: number;
  entries: number;
  reachMs: number;
  cloneMs: number;
  /** Commits of history to fetch. */
  depth: number;
}
/** Limits for a repository; the host must respond within 15 s and finish within 300 s. */
export const repositoryLimits: Omit<RepositoryLimits, "packBytes" | "treeBytes"> = {
  entries: 100_000,
  reachMs: 15_000,
  cloneMs: 300_000,
  depth: 50,
};

/** What was fetched besides the branch. */
export interface Extent {
  /** Commits per branch; undefined: all of the history. */
  depth: number | undefined;
  /** All branches and tags, or only the one branch. */
  isWhole: boolean;
}
interface Reference {
  name: string;
  sha: string;
  /** For an annotated tag: the commit it points to. */
  peeled: string | undefined;
}

/** Fetched branches as packs on disk; nothing is checked out or executed. */
export interface FetchedRepository extends AsyncDisposable {
  /** `…/objects/pack`. */
  packDir: string;
  /** Content of `.git/shallow` when the history was truncated. */
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
  /** A tag instead of the branch head; checked out on a branch of that name. */
  tag?: string | undefined;
  /** All branches and tags with their history, within the limits; see `extent`. */
  wantsAll?: boolean;
  limits: RepositoryLimits;
  signal: AbortSignal;
  authorization?: string | undefined;
  onPhase?: (phase: "reached" | "fetched") => Promise<void>;
  /** Progress lines of git, such as `Receiving objects:  42% (1/2), 1.2 MiB | 3 MiB/s`. */
  onProgress?: (line: string) => void;
}
export type FetchRepository = (options: FetchOptions) => Promise<FetchedRepository>;

const tooLargeFor = (bytes: number) => `This repository exceeds the import limit of ${Math.floor(bytes / 2 ** 20)} MiB.`;

/** A larger history is truncated, for speed and to leave space for the files. */
const wholeBytes = 128 * 2 ** 20;
/** Failures after which fetching less may succeed. */
const mayBeLess: ReadonlySet<string> = new Set(["payload_too_large", "gateway_timeout", "git_failed"]);

/** Fetches one or all branches without checking anything out. Throws the errors of `ServerGit`. */
export function createFetchRepository(openGit: OpenServerGit): FetchRepository {
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
  openGit: OpenServerGit,
  { url, branch: wanted, tag, limits, signal, authorization, onPhase, onProgress }: FetchOptions,
  extent: Extent,
): Promise<FetchedRepository> {
  const outside = await openGit({ url, authorization }, { maxBytes: limits.packBytes, tooLarge: tooLargeFor(limits.packBytes) });
  const remove = () => outside[Symbol.asyncDispose]();
  try {
    const repo = join(outside.scratch, "repo.git");
    const git = (argv: string[], timeoutMs: number, more: Partial<ServerGitOptions> = {}) =>
      outside.run(argv, { timeoutMs, signal, ...more });

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
/** A remote branch named `HEAD` would shadow the remote's default branch. */
const referencesIn = (listed: string): Reference[] =>
  listed.split("\n").flatMap((line) => {
    const [sha = "", name = "", peeled] = line.split(" ");
    return sha === "" || name === "refs/remotes/origin/HEAD" ? [] : [{ sha, name, peeled: peeled || undefined }];
  });

/** Sums up a streamed tree listing; stops at the limits, because trees can be nested without end. */
function createCount({ treeBytes, entries }: RepositoryLimits) {
  let rest = "";
  let files = 0;
  let bytes = 0;
  let hasSubmodules = false;
  const isOver = () => files > entries || bytes > treeBytes;
  return {
    /** False when a limit is reached. */
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
      if (files > entries) throw new AppError("payload_too_large", `This repository exceeds the limit of ${entries} files.`);
      if (bytes > treeBytes)
        throw new AppError(
          "payload_too_large",
          `The files of this repository exceed the project's limit of ${Math.floor(treeBytes / 2 ** 20)} MiB.`,
        );
      return { files, hasSubmodules };
    },
  };
}
