import { encodeLossless } from "./lossless-text.ts";
import { operationOf } from "./read.ts";
import { gitTimes, type WorkingRepo } from "./working-repo.ts";

/** Commits that are compared when an interrupted attempt is looked for. */
const maxNewerCommits = 200;
const pathsPerCall = 500;
const noCommit = "0".repeat(40);

/** Files as they were at one moment, on top of a commit. */
export interface CapturedTree {
  tree: string;
  /** The commit that it was taken on; null in a repository without commits. */
  parent: string | null;
}

/** Whether commits can be added: not during a merge or rebase, and not on a detached `HEAD`. */
const canCommit = async (repo: WorkingRepo): Promise<boolean> =>
  (await repo.currentBranch()) !== undefined && (await operationOf(repo)) === null;

/**
 * Writes a tree that has these files as they are now, on top of the last commit. Undefined when there is nothing to commit or commits are not possible
 * now.
 */
export async function captureTree(repo: WorkingRepo, paths: readonly string[]): Promise<CapturedTree | undefined> {
  if (!(await canCommit(repo))) return undefined;
  const parent = (await repo.head()) ?? null;
  const indexFile = `.git/index-of-run-${crypto.randomUUID()}`;
  try {
    await repo.write(parent === null ? ["read-tree", "--empty"] : ["read-tree", parent], { indexFile });
    const rest = await withoutIgnored(repo, paths, indexFile);
    if (rest.length > 0)
      await repo.write(["update-index", "--add", "--remove", "-z", "--stdin"], { indexFile, input: nulTerminated(rest) });
    const tree = (await repo.write(["write-tree"], { indexFile })).trim();
    return parent !== null && tree === (await treeOf(repo, parent)) ? undefined : { tree, parent };
  } finally {
    await repo.sandbox.files.remove(indexFile).catch(() => undefined);
  }
}

/** Commits a tree on the current branch, unless the branch has moved or commits are not possible now. */
export async function commitTree(repo: WorkingRepo, { tree, parent }: CapturedTree, message: string): Promise<string | undefined> {
  const branch = await repo.currentBranch();
  if (branch === undefined || !(await canCommit(repo))) return undefined;
  const made = await repo.write(["commit-tree", tree, ...(parent === null ? [] : ["-p", parent]), "-F", "-"], { input: message });
  const sha = made.trim();
  const subject = message.split("\n")[0] ?? "";
  const { exitCode } = await repo.attempt(["update-ref", "-m", `commit: ${subject}`, `refs/heads/${branch}`, sha, parent ?? noCommit], {
    timeoutMs: gitTimes.short,
  });
  return exitCode === 0 ? sha : undefined;
}

/** The commit of this tree that an attempt made whose process was killed. */
export async function findCommitOf(repo: WorkingRepo, { tree, parent }: CapturedTree): Promise<string | undefined> {
  const range = parent === null ? ["HEAD"] : ["HEAD", `^${parent}`];
  const { exitCode, stdout } = await repo.attempt([
    "log",
    "--first-parent",
    `--max-count=${maxNewerCommits}`,
    "--format=%H %T %P",
    ...range,
    "--",
  ]);
  if (exitCode !== 0) return undefined;
  for (const line of stdout.split("\n")) {
    const [sha, commitsTree, ...parents] = line.trim().split(" ").filter(Boolean);
    if (sha !== undefined && commitsTree === tree && parents.join(" ") === (parent ?? "")) return sha;
  }
  return undefined;
}

/** The index of these files follows the last commit; what else is staged stays. */
export async function resetIndex(repo: WorkingRepo, paths: readonly string[]): Promise<void> {
  const rest = await withoutIgnored(repo, paths);
  if (rest.length > 0)
    await repo.attempt(["reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul"], { input: nulTerminated(rest) });
}

export const treeOf = async (repo: WorkingRepo, commit: string): Promise<string> =>
  (await repo.read(["rev-parse", `${commit}^{tree}`])).trim();

/** Without untracked files that are ignored. */
async function withoutIgnored(repo: WorkingRepo, paths: readonly string[], indexFile?: string): Promise<string[]> {
  if (paths.length === 0) return [];
  const index = indexFile === undefined ? {} : { indexFile };
  const { exitCode, stdout } = await repo.attempt(["check-ignore", "-z", "--stdin"], { input: nulTerminated(paths), ...index });
  // 1: nothing is ignored. Other codes: a path that it refuses, such as one below a link.
  const listed = exitCode === 0 || exitCode === 1 ? stdout : await listIgnored(repo, paths, index);
  const ignored = new Set(listed.split("\0"));
  return paths.filter((path) => !ignored.has(path));
}

/** Accepts any path. In batches, because the size of an argument list is limited. */
async function listIgnored(repo: WorkingRepo, paths: readonly string[], index: { indexFile?: string }): Promise<string> {
  let listed = "";
  for (let at = 0; at < paths.length; at += pathsPerCall)
    listed += await repo.read(["ls-files", "--others", "--ignored", "--exclude-standard", "-z"], {
      paths: paths.slice(at, at + pathsPerCall),
      ...index,
    });
  return listed;
}

const nulTerminated = (paths: readonly string[]) => encodeLossless(paths.map((path) => `${path}\0`).join(""));
