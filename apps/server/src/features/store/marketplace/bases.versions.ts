import type { BaseVersion } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { OpenServerGit } from "../../source/git/index.ts";

const goodForMs = 600_000;
const badForMs = 30_000;
const kept = 500;
const shownTags = 5;
const tagsPerPage = 100;
/** Repositories with more pages of tags are listed with `git ls-remote`, which needs one call. */
const maxPages = 5;
const githubPauseMs = 600_000;

/** `unavailable`: the host did not respond and nothing is cached; `outdated`: it did not respond, so these are cached. */
export interface Tags {
  status: "current" | "outdated" | "unavailable";
  versions: BaseVersion[];
}
interface Known extends Tags {
  until: number;
}

export type BaseVersions = ReturnType<typeof createBaseVersions>;
/**
 * The tags of a repository: from GitHub's API, or with `git ls-remote` for other hosts and when the API fails. Cached for ten minutes; while
 * a host is unreachable the last result is reused for 30 seconds at a time.
 */
export function createBaseVersions({
  openGit,
  outbound,
  github,
  log,
}: {
  openGit: OpenServerGit;
  outbound: Outbound;
  github: { baseUrl: string; apiUrl: string };
  log: Logger;
}) {
  const known = new Map<string, Known>();
  const refreshing = new Map<string, Promise<Tags>>();
  const call = outbound.limited({ timeoutMs: 10_000, maxBytes: 1_000_000 });
  let githubFrom = 0;

  const api = async (path: string): Promise<unknown> => {
    const response = await call(`${github.apiUrl}${path}`, { headers: { accept: "application/vnd.github+json" } });
    if (response.status === 403 || response.status === 429) githubFrom = Date.now() + githubPauseMs;
    if (!response.ok) throw new Error(`GitHub API returned ${response.status}`);
    return response.json();
  };
  const byApi = async (repository: string, path: string): Promise<BaseVersion[]> => {
    const tags: { name: string; sha: string }[] = [];
    for (let page = 1, count = tagsPerPage; count === tagsPerPage; page++) {
      if (page > maxPages) throw new Error("the repository has too many tags for its API");
      const found = (await api(`/repos/${path}/tags?per_page=${tagsPerPage}&page=${page}`)) as {
        name?: unknown;
        commit?: { sha?: unknown };
      }[];
      for (const { name, commit } of found) {
        if (typeof name !== "string" || typeof commit?.sha !== "string" || !isSha(commit.sha)) throw new Error("invalid list of tags");
        tags.push({ name, sha: commit.sha });
      }
      count = found.length;
    }
    const newest = tags.sort((a, b) => compareTags(b.name, a.name)).slice(0, shownTags);
    return Promise.all(
      newest.map(async ({ name, sha }): Promise<BaseVersion> => {
        const found = (await api(`/repos/${path}/commits/${sha}`).catch(() => undefined)) as
          | { commit?: { committer?: { date?: unknown } } }
          | undefined;
        const date = Date.parse(String(found?.commit?.committer?.date));
        return {
          tag: name,
          sha: sha.slice(0, 7),
          date: Number.isNaN(date) ? null : new Date(date).toISOString(),
          url: pageOf(repository, name, true),
        };
      }),
    );
  };
  const byGit = async (repository: string): Promise<BaseVersion[]> => {
    await using git = await openGit({ url: repository }, { maxBytes: 16 * 2 ** 20, tooLarge: "This repository has too many tags." });
    const lines = (await git.run(["ls-remote", "--tags", "--", repository], { timeoutMs: 10_000 })).split("\n");
    const shas = new Map<string, string>();
    for (const line of lines) {
      // An annotated tag has a second line with the commit it points to.
      const [, sha, tag] = /^([0-9a-f]{40,64})\trefs\/tags\/(.+?)(?:\^\{\})?$/.exec(line) ?? [];
      if (sha !== undefined && tag !== undefined) shas.set(tag, sha);
    }
    return Array.from(shas, ([tag, sha]) => ({ tag, sha: sha.slice(0, 7), date: null, url: pageOf(repository, tag, isGitHub(repository)) }))
      .sort((a, b) => compareTags(b.tag, a.tag))
      .slice(0, shownTags);
  };
  const isGitHub = (repository: string) => new URL(repository).host === new URL(github.baseUrl).host;
  const fetchVersions = async (repository: string): Promise<BaseVersion[]> => {
    const path = /^\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(new URL(repository).pathname)?.[1];
    if (isGitHub(repository) && path !== undefined && Date.now() >= githubFrom)
      try {
        return await byApi(repository, path);
      } catch (err) {
        log.info({ err, repository }, "GitHub API failed, listing tags with git");
      }
    return byGit(repository);
  };
  const refresh = async (repository: string): Promise<Tags> => {
    const last = known.get(repository);
    const entry = await fetchVersions(repository).then(
      (versions): Known => ({ status: "current", versions, until: Date.now() + goodForMs }),
      (err: unknown): Known => {
        log.info({ err, repository }, "listing tags failed");
        const isKnown = last !== undefined && last.status !== "unavailable";
        return { status: isKnown ? "outdated" : "unavailable", versions: last?.versions ?? [], until: Date.now() + badForMs };
      },
    );
    known.delete(repository);
    known.set(repository, entry);
    for (const oldest of known.keys()) if (known.size > kept) known.delete(oldest);
    return entry;
  };
  return {
    /** At most five, the newest first; never throws. */
    of: async (repository: string): Promise<Tags> => {
      const found = known.get(repository);
      if (found && found.until > Date.now()) return found;
      const going = refreshing.get(repository) ?? refresh(repository).finally(() => refreshing.delete(repository));
      refreshing.set(repository, going);
      return going;
    },
  };
}

const isSha = (text: string) => /^[0-9a-f]{40,64}$/.test(text);
const pageOf = (repository: string, tag: string, isGitHub: boolean) => {
  const page = repository.replace(/\.git\/?$/, "");
  return isGitHub ? `${page}/releases/tag/${tag.split("/").map(encodeURIComponent).join("/")}` : page;
};

/** Compares version numbers: a release sorts after its prereleases, names without a number first. */
export function compareTags(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? -1) - (right.numbers[i] ?? -1);
    if (difference !== 0) return difference;
  }
  if (left.rest !== right.rest)
    return left.rest === "" ? 1 : right.rest === "" ? -1 : left.rest.localeCompare(right.rest, "en", { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
}
function partsOf(tag: string): { numbers: number[]; rest: string } {
  const [, numbers, rest = ""] = /(\d+(?:\.\d+)*)(.*)$/.exec(tag.replace(/\+.*$/, "")) ?? [];
  return { numbers: (numbers ?? "").split(".").filter(Boolean).map(Number), rest: numbers === undefined ? tag : rest };
}
