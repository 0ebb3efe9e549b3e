import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../platform/errors.ts";
import type { OpenOutsideGit, RunOptions } from "./outside-git.ts";

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

/** One branch of a repository as a pack on our disk; nothing of it was checked out or run. */
export interface FetchedRepository extends AsyncDisposable {
  /** `…/objects/pack`. */
  packDir: string;
  /** The content of `.git/shallow`'s file, if the history was cut. */
  shallowFile: string | undefined;
  branch: string;
  commit: string;
  files: number;
  hasSubmodules: boolean;
}
export interface FetchOptions {
  url: string;
  branch: string | null;
  /** A tag instead of the head of the branch; what is there is then on a branch of that name all the same. */
  tag?: string | undefined;
  limits: RepositoryLimits;
  signal: AbortSignal;
  authorization?: string | undefined;
  onPhase?: (phase: "reached" | "fetched") => Promise<void>;
  /** Of git itself, e.g. `Receiving objects:  42% (1/2), 1.2 MiB | 3 MiB/s`. */
  onProgress?: (line: string) => void;
}
export type FetchRepository = (options: FetchOptions) => Promise<FetchedRepository>;

const tooLargeFor = (bytes: number) => `This repository is larger than the ${Math.floor(bytes / 2 ** 20)} MiB that can be imported.`;

/** Fetches a branch without checking anything out. Throws what `OutsideGit` throws. */
export function createFetchRepository(openGit: OpenOutsideGit): FetchRepository {
  return async ({ url, branch: wanted, tag, limits, signal, authorization, onPhase, onProgress }) => {
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
          `--depth=${limits.depth}`,
          "--no-tags",
          "--",
          url,
          `+${tag === undefined ? `refs/heads/${branch}` : from}:${ref}`,
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
        files,
        hasSubmodules,
        [Symbol.asyncDispose]: remove,
      };
    } catch (error) {
      await remove();
      throw error;
    }
  };
}

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
