import { isUtf8 } from "node:buffer";
import type { GitBranch, GitCommit, GitConflict, GitFileDiff, GitStatus, List } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { exactPath } from "../../projects/files/index.ts";
import type { GitAccess } from "./access.ts";
import { branchFormat, countsOf, logShape, parseBranches, parseDiff, parseLog, parseStatus, type ParsedFileDiff } from "./parse-output.ts";
import { encodeLossless, isUtf8Text, toDisplayText } from "./lossless-text.ts";
import { gitTimes, type WorkingRepo } from "./working-repo.ts";

const maxChanges = 2000;
const maxSideBytes = 2 ** 20;
const maxDiffBytes = 2 ** 20;
const maxUntrackedFiles = 200;
const maxUntrackedBytes = 200_000;

export type GitReading = ReturnType<typeof createGitRead>;
/** Read-only git operations. */
export function createGitRead(access: GitAccess) {
  return {
    status: (userId: string, ref: string): Promise<GitStatus> => access.reading(userId, ref, ({ repo }) => gitStatusOf(repo)),
    branches: (userId: string, ref: string, query: PageQuery): Promise<List<GitBranch> & { current_branch: string | null }> =>
      access.reading(userId, ref, async ({ repo }) => {
        const page = pageOf(query);
        const [listed, current] = await Promise.all([
          repo.read(["for-each-ref", `--format=${branchFormat}`, "refs/heads", "refs/remotes"]),
          repo.currentBranch(),
        ]);
        const all = parseBranches(listed);
        return { ...page.envelope(all.slice(page.offset, page.offset + page.limit), all.length), current_branch: current ?? null };
      }),
    log: (userId: string, ref: string, query: PageQuery & { branch?: string; all?: boolean }): Promise<List<GitCommit>> =>
      access.reading(userId, ref, async ({ repo }) => {
        const page = pageOf(query);
        const from = query.branch === undefined ? await repo.head() : await repo.commitOf(query.branch);
        const among = query.all ? ["--branches", "--remotes", "--tags"] : from === undefined ? undefined : [from];
        if (!among || from === undefined) return page.envelope<GitCommit>([], 0);
        const [count, listed] = await Promise.all([
          repo.read(["rev-list", "--count", ...among, "--"], { timeoutMs: gitTimes.short }),
          repo.read([...logShape, "--date-order", `--skip=${page.offset}`, `--max-count=${page.limit}`, ...among, "--"], {
            timeoutMs: gitTimes.diff,
          }),
        ]);
        return page.envelope(parseLog(listed), Number(count.trim()));
      }),
    diff: (
      userId: string,
      ref: string,
      query: { path?: string; staged?: boolean; from?: string; to?: string },
    ): Promise<{ files: GitFileDiff[] }> =>
      access.reading(userId, ref, async ({ repo }) => {
        const path = query.path === undefined ? "" : exactPath(query.path);
        const paths = path === "" ? [] : [path];
        const files = bounded(await diffOf(repo, await rangeOf(repo, query), paths));
        const isWorkingTree = !query.staged && query.from === undefined && query.to === undefined;
        return { files: isWorkingTree ? [...files, ...(await untrackedOf(repo, paths))] : files };
      }),
    conflicts: (userId: string, ref: string, query: PageQuery): Promise<List<GitConflict>> =>
      access.reading(userId, ref, async ({ repo }) => {
        const page = pageOf(query);
        const paths = await repo.unmerged();
        const sides = await sidesOf(repo);
        const shown = paths.slice(page.offset, page.offset + page.limit).map((path) => ({ path, sides: sides.get(path) ?? {} }));
        return page.envelope(await conflictsOf(repo, shown), paths.length);
      }),
  };
}

export async function gitStatusOf(repo: WorkingRepo): Promise<GitStatus> {
  const readStatus = (untracked: string) =>
    repo.read(["status", "--porcelain=v2", "-z", "--branch", "--ahead-behind", "--find-renames", `--untracked-files=${untracked}`], {
      timeoutMs: gitTimes.diff,
    });
  // Up to a million untracked files are listed; beyond that, folders only.
  let output = await readStatus("all");
  if (output.length > 4_000_000) output = await readStatus("normal");
  const parsed = parseStatus(output);
  const [operation, last, distance] = await Promise.all([
    operationOf(repo),
    parsed.sha === undefined ? undefined : repo.read([...logShape, "-1"], { timeoutMs: gitTimes.short }),
    parsed.upstream === undefined && parsed.branch !== undefined ? distanceOf(repo, parsed.branch) : undefined,
  ]);
  const commit = last === undefined ? undefined : parseLog(last)[0];
  const { changes } = parsed;
  return {
    branch: parsed.branch ?? parsed.sha?.slice(0, 7) ?? "main",
    detached: parsed.branch === undefined,
    ahead: distance?.ahead ?? parsed.ahead,
    behind: distance?.behind ?? parsed.behind,
    staged_count: changes.filter((change) => change.staged).length,
    unstaged_count: changes.filter((change) => !change.staged && change.status !== "??").length,
    untracked_count: changes.filter((change) => change.status === "??").length,
    has_conflicts: changes.some((change) => change.status === "U"),
    operation,
    changes: changes.slice(0, maxChanges),
    remote_branch: parsed.upstream ?? distance?.name ?? null,
    last_commit: commit
      ? { sha: commit.sha, author: commit.author, date: commit.date, message: commit.message.split("\n")[0] ?? "" }
      : null,
  };
}

/** Where git stores remote refs: without any of these there is nothing to ask. */
const remoteRefPaths = [".git/refs/remotes", ".git/packed-refs", ".git/reftable"];
const mayKnowRemotes = async ({ sandbox }: WorkingRepo): Promise<boolean> =>
  (await Promise.all(remoteRefPaths.map((path) => sandbox.files.stat(path)))).some((found) => found !== undefined);

/** Ahead and behind for a branch without upstream: compared with the remote branch of the same name, as last fetched. */
async function distanceOf(repo: WorkingRepo, branch: string): Promise<{ name: string; ahead: number; behind: number } | undefined> {
  if (!(await mayKnowRemotes(repo))) return undefined;
  const name = `origin/${branch}`;
  const result = await repo.attempt(["rev-list", "--left-right", "--count", `refs/remotes/${name}...HEAD`, "--"], {
    timeoutMs: gitTimes.short,
  });
  const [behind, ahead] = result.stdout.trim().split(/\s+/).map(Number);
  return result.exitCode === 0 && behind !== undefined && ahead !== undefined ? { name, ahead, behind } : undefined;
}

const markers = [
  ["MERGE_HEAD", "merge"],
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
] as const;
/** A merge, rebase, cherry-pick or revert in progress. */
export async function operationOf({ sandbox }: Pick<WorkingRepo, "sandbox">): Promise<GitStatus["operation"]> {
  const found = await Promise.all(
    markers.map(async ([file, name]) => ((await sandbox.files.stat(`.git/${file}`).catch(() => undefined)) ? name : null)),
  );
  // A rebase cherry-picks commits: report the rebase.
  return found.includes("rebase") ? "rebase" : (found.find((name) => name !== null) ?? null);
}

async function rangeOf(repo: WorkingRepo, { staged, from, to }: { staged?: boolean; from?: string; to?: string }): Promise<string[]> {
  if (from === undefined && to === undefined) return staged ? ["--cached"] : [];
  if (from !== undefined && to !== undefined) return Promise.all([repo.commitOf(from), repo.commitOf(to)]);
  if (from !== undefined) return [await repo.commitOf(from)];
  const commit = await repo.commitOf(to ?? "HEAD");
  const [, parent] = (await repo.read(["rev-list", "--parents", "-n", "1", commit, "--"])).trim().split(" ");
  // A first commit is compared with the empty tree.
  return [parent ?? (await repo.write(["hash-object", "-t", "tree", "--stdin"], { input: "" })).trim(), commit];
}

/**
 * Diff options for a patch that `apply` accepts and `parseDiff` reads, independent of the repository's settings and external diff
 * programs.
 */
const diffShape = [
  "diff",
  "--no-color",
  "--no-ext-diff",
  "--no-textconv",
  "--no-relative",
  "--find-renames",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--unified=3",
  "--inter-hunk-context=0",
  "--diff-algorithm=myers",
  "--submodule=short",
];
/** Compares with git, with patches that `apply` accepts. */
export async function diffOf(repo: WorkingRepo, range: readonly string[], paths: readonly string[]): Promise<ParsedFileDiff[]> {
  const [raw, patch] = await Promise.all([
    repo.read([...diffShape, "--raw", "-z", ...range], { paths, timeoutMs: gitTimes.diff }),
    repo.read([...diffShape, "--patch", ...range], { paths, timeoutMs: gitTimes.diff }),
  ]);
  return parseDiff(raw, patch);
}

/** Hunks that fit into one response. */
function bounded(files: readonly ParsedFileDiff[]): GitFileDiff[] {
  let budget = maxDiffBytes;
  return files.map(({ path, old_path, status, is_binary, is_too_large, additions, deletions, hunks }) => {
    const file = {
      path,
      ...(old_path !== undefined && { old_path }),
      status,
      is_binary,
      is_too_large,
      additions,
      deletions,
      hunks: hunks.map(readable),
    };
    budget -= file.hunks.reduce((sum, hunk) => sum + hunk.lines.reduce((n, line) => n + line.length + 1, 0), 0);
    return budget >= 0 ? file : { ...file, hunks: [], is_too_large: file.hunks.length > 0 };
  });
}

const readable = (hunk: GitFileDiff["hunks"][number]) => ({
  ...hunk,
  section: toDisplayText(hunk.section),
  lines: hunk.lines.map(toDisplayText),
});

/** Untracked files, shown as added. */
async function untrackedOf(repo: WorkingRepo, paths: readonly string[]): Promise<GitFileDiff[]> {
  const listed = (await repo.read(["ls-files", "--others", "--exclude-standard", "-z"], { paths })).split("\0").filter(Boolean);
  return Promise.all(
    listed.slice(0, maxUntrackedFiles).map(async (name): Promise<GitFileDiff> => {
      const data = await contentOf(repo, name);
      const isText = data !== undefined && isUtf8(data) && !data.includes(0);
      const lines = isText ? new TextDecoder().decode(data).split("\n") : [];
      const endsWell = lines.at(-1) === "";
      if (endsWell) lines.pop();
      const shown = [...lines.map((line) => `+${line}`), ...(endsWell || lines.length === 0 ? [] : ["\\ No newline at end of file"])];
      const hunks =
        lines.length === 0
          ? []
          : [{ id: "whole", old_start: 0, old_lines: 0, new_start: 1, new_lines: lines.length, section: "", lines: shown }];
      return {
        path: name,
        status: "??",
        is_binary: data !== undefined && !isText,
        is_too_large: data === undefined,
        ...countsOf(hunks),
        hunks,
      };
    }),
  );
}

/** Of an untracked file; undefined when it does not exist or is too large. */
async function contentOf({ sandbox }: WorkingRepo, path: string): Promise<Uint8Array | undefined> {
  if (isUtf8Text(path))
    return sandbox.files.read(path, { maxBytes: maxUntrackedBytes }).then(
      ({ data }) => data,
      () => undefined,
    );
  const { exitCode, stdout } = await sandbox.exec(["xargs", "-0", "head", "-c", String(maxUntrackedBytes + 1), "--"], {
    input: encodeLossless(path),
    timeoutMs: gitTimes.short,
    encoding: "latin1",
  });
  return exitCode === 0 && stdout.length <= maxUntrackedBytes ? Buffer.from(stdout, "latin1") : undefined;
}

interface Sides {
  base?: string;
  ours?: string;
  theirs?: string;
}
const stages = [undefined, "base", "ours", "theirs"] as const;
/** Object ids of the three sides of every unmerged path. */
export async function sidesOf(repo: WorkingRepo): Promise<Map<string, Sides>> {
  const sides = new Map<string, Sides>();
  for (const record of (await repo.read(["ls-files", "--unmerged", "-z"])).split("\0")) {
    const [, object = "", stage, path = ""] = /^\d+ (\S+) (\d)\t(.*)$/s.exec(record) ?? [];
    const side = stages[Number(stage)];
    if (side) sides.set(path, { ...sides.get(path), [side]: object });
  }
  return sides;
}

/** Sizes are requested together; then one process per text, because output is read as text. */
async function conflictsOf(repo: WorkingRepo, shown: readonly { path: string; sides: Sides }[]): Promise<GitConflict[]> {
  const objects = shown.flatMap(({ sides }) => Object.values(sides) as string[]);
  const output =
    objects.length === 0
      ? ""
      : await repo.read(["cat-file", "--batch-check=%(objectname) %(objectsize)"], { input: `${objects.join("\n")}\n` });
  const sizes = new Map(output.split("\n").map((line) => [line.split(" ")[0], Number(line.split(" ")[1])]));
  return Promise.all(
    shown.map(async ({ path, sides: { base, ours, theirs } }) => {
      let is_binary = false;
      const text = async (object: string | undefined): Promise<string | null> => {
        if (object === undefined) return null;
        const content = (sizes.get(object) ?? Infinity) > maxSideBytes ? undefined : await repo.read(["cat-file", "blob", object]);
        if (content !== undefined && !/[\0\ufffd]/.test(content)) return content;
        is_binary = true;
        return null;
      };
      const [a, b, c] = await Promise.all([text(base), text(ours), text(theirs)]);
      return { path, base: a, ours: b, theirs: c, is_binary };
    }),
  );
}
