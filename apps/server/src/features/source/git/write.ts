import type { GitStatus } from "@tesslate/contract";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import { exactPath } from "../../projects/files/index.ts";
import type { GitAccess, Opened } from "./access.ts";
import type { ParsedFileDiff } from "./parse-output.ts";
import { encodeLossless, isUtf8Text } from "./lossless-text.ts";
import { diffOf, operationOf, sidesOf, gitStatusOf } from "./read.ts";
import { gitError, gitTimes, requireBranchName, type WorkingRepo } from "./working-repo.ts";

/** Size limit of a conflict resolution, as for any file. */
const maxContentBytes = 10 * 2 ** 20;

/** Files and hunks. Neither: everything. */
export interface Parts {
  paths?: string[];
  hunks?: { path: string; ids: string[] }[];
}

export type GitWriting = ReturnType<typeof createGitWrite>;
/** Local git operations that change the repository. */
export function createGitWrite(
  access: GitAccess,
  {
    bringBranch,
  }: {
    /** Fetches an unknown branch of `origin`. False when there is none, or no such remote. */
    bringBranch: (userId: string, opened: Opened, branch: string) => Promise<boolean>;
  },
) {
  const returningStatus =
    (work: (repo: WorkingRepo) => Promise<unknown>) =>
    async ({ repo }: { repo: WorkingRepo }): Promise<GitStatus> => {
      await work(repo);
      return gitStatusOf(repo);
    };
  return {
    stage: (userId: string, ref: string, { paths, hunks }: Parts): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus(async (repo) => {
          if (!paths && !hunks) await repo.write(["add", "--all", "--", "."]);
          if (paths) await repo.write(["add", "--all"], { paths: paths.map(treePath) });
          if (hunks) await applyHunks(repo, hunks, [], ["--cached"]);
        }),
      ),
    unstage: (userId: string, ref: string, { paths, hunks }: Parts): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus(async (repo) => {
          if (hunks) await applyHunks(repo, hunks, ["--cached"], ["--cached", "--reverse"]);
          if (hunks && !paths) return;
          const only = paths?.map(treePath) ?? ["."];
          // Before the first commit there is no HEAD to reset to: empty the index.
          if (await repo.head()) await repo.write(["reset", "--quiet"], { paths: only });
          else await repo.write(["rm", "--cached", "-r", "--quiet", "--ignore-unmatch"], { paths: only });
        }),
      ),
    discard: (userId: string, ref: string, { paths, hunks }: Parts): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus(async (repo) => {
          if (!paths && !hunks) throw badRequest("Specify files or hunks.");
          if (hunks) await applyHunks(repo, hunks, [], ["--reverse"]);
          if (paths) await discardFiles(repo, paths.map(treePath));
        }),
        { movesTree: true },
      ),

    /** For a folder: restores what the commit contains; newer files stay. */
    restore: (userId: string, ref: string, { paths, from }: { paths: string[]; from: string }): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus(async (repo) => {
          const commit = await repo.commitOf(from);
          const wanted = paths.map(treePath);
          const there = (await repo.read(["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit], { paths: wanted })).split("\0");
          if (wanted.some((path) => !there.some((file) => file !== "" && isWithin(file, path)))) throw notFound("File");
          await repo.write(["restore", "--quiet", "--overlay", `--source=${commit}`, "--worktree"], { paths: wanted });
        }),
        { movesTree: true },
      ),
    checkout: (
      userId: string,
      ref: string,
      body: { branch: string; create?: boolean; start_point?: string },
    ): Promise<{ branch: string; created: boolean }> =>
      access.writing(userId, ref, (opened) => checkOutBranch(opened.repo, body, (branch) => bringBranch(userId, opened, branch)), {
        movesTree: true,
      }),
    removeBranch: (userId: string, ref: string, { name, force }: { name: string; force?: boolean }): Promise<void> =>
      access.writing(userId, ref, async ({ repo }) => {
        requireBranchName(name);
        if (!(await hasRef(repo, `refs/heads/${name}`))) throw notFound("Branch");
        if ((await repo.currentBranch()) === name)
          throw conflict("branch_is_current", "This branch is checked out. Switch to another branch first.");
        const result = await repo.attempt(["branch", force ? "-D" : "-d", "--", name]);
        if (/not fully merged/.test(result.stderr))
          throw conflict("branch_not_merged", "This branch has unmerged commits. Use force to delete it anyway.");
        if (result.exitCode !== 0) throw gitError(result);
      }),

    resolve: (
      userId: string,
      ref: string,
      body: { path: string; side: "ours" | "theirs" | "content"; content?: string },
    ): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus((repo) => resolve(repo, body)),
        { changesTree: true },
      ),
    abortMerge: (userId: string, ref: string): Promise<GitStatus> =>
      access.writing(
        userId,
        ref,
        returningStatus(async (repo) => {
          const operation = await operationOf(repo);
          if (operation === null) throw conflict("no_conflict", "There is no merge in progress.");
          await repo.write([operation, "--abort"]);
        }),
        { movesTree: true },
      ),
  };
}

/** Path for git; an untracked folder may end in `/`. */
export const treePath = (given: string): string => exactPath(given) || ".";

/** Stages, unstages or discards some hunks of a diff. */
async function applyHunks(
  repo: WorkingRepo,
  wanted: NonNullable<Parts["hunks"]>,
  range: readonly string[],
  how: readonly string[],
): Promise<void> {
  const patches: string[] = [];
  const files = await diffOf(
    repo,
    range,
    wanted.map(({ path }) => treePath(path)),
  );
  for (const { path, ids } of wanted) {
    const file = files.find((found) => found.path === exactPath(path));
    const missing = ids.filter((id) => !file?.hunks.some((hunk) => hunk.id === id));
    if (!file || missing.length > 0)
      throw conflict("hunks_do_not_fit", "The file has changed. Reload its changes and try again.", { path, hunks: missing });
    patches.push(patchOf(file, new Set(ids)));
  }
  const result = await repo.attempt(["apply", "--recount", "--whitespace=nowarn", ...how, "-"], {
    input: encodeLossless(patches.join("")),
    timeoutMs: gitTimes.diff,
  });
  if (result.exitCode !== 0) throw conflict("hunks_do_not_fit", "The file has changed. Reload its changes and try again.");
}

const patchOf = (file: ParsedFileDiff, ids: ReadonlySet<string>): string =>
  file.head +
  file.hunks
    .filter((hunk) => ids.has(hunk.id))
    .map(
      ({ old_start, old_lines, new_start, new_lines, section, lines }) =>
        `@@ -${old_start},${old_lines} +${new_start},${new_lines} @@ ${section}\n${lines.join("\n")}\n`,
    )
    .join("");

async function discardFiles(repo: WorkingRepo, paths: readonly string[]): Promise<void> {
  const listed = async (...how: string[]) => (await repo.read(["ls-files", "-z", ...how], { paths })).split("\0").filter(Boolean);
  const [known, unknown] = await Promise.all([listed(), listed("--others", "--exclude-standard")]);
  if (known.length === 0 && unknown.length === 0) throw notFound("File");
  if (known.length > 0)
    await repo.write(["checkout", "--quiet"], { paths: paths.filter((path) => known.some((file) => isWithin(file, path))) });
  if (unknown.length > 0)
    await repo.write(["clean", "--force", "-d", "--quiet"], {
      paths: paths.filter((path) => unknown.some((file) => isWithin(file, path))),
    });
}
const isWithin = (file: string, path: string): boolean => path === "." || file === path || file.startsWith(`${path}/`);

const hasRef = async (repo: WorkingRepo, ref: string): Promise<boolean> =>
  (await repo.attempt(["show-ref", "--verify", "--quiet", ref], { timeoutMs: gitTimes.short })).exitCode === 0;

async function checkOutBranch(
  repo: WorkingRepo,
  { branch, create = false, start_point }: { branch: string; create?: boolean; start_point?: string },
  bring: (branch: string) => Promise<boolean>,
): Promise<{ branch: string; created: boolean }> {
  requireBranchName(branch);
  if (create) {
    if (await hasRef(repo, `refs/heads/${branch}`)) throw conflict("branch_exists", `Branch ${branch} already exists.`);
    const from = start_point === undefined ? [] : [await repo.commitOf(start_point)];
    await repo.write(["checkout", "--quiet", "--no-track", "-b", branch, ...from]);
    return { branch, created: true };
  }
  if (await hasRef(repo, `refs/heads/${branch}`)) {
    await repo.write(["checkout", "--quiet", branch, "--"]);
    return { branch, created: false };
  }
  const remote = branch.startsWith("origin/") ? branch : `origin/${branch}`;
  const local = remote.slice("origin/".length);
  if (!(await hasRef(repo, `refs/remotes/${remote}`)) && !(await bring(local))) throw notFound("Branch");
  if (await hasRef(repo, `refs/heads/${local}`)) {
    await repo.write(["checkout", "--quiet", local, "--"]);
    return { branch: local, created: false };
  }
  await repo.write(["checkout", "--quiet", "--track", "-b", local, remote]);
  return { branch: local, created: true };
}

async function resolve(
  repo: WorkingRepo,
  { path: given, side, content }: { path: string; side: "ours" | "theirs" | "content"; content?: string },
): Promise<void> {
  const path = exactPath(given);
  const sides = (await sidesOf(repo)).get(path);
  if (!sides) throw conflict("no_conflict", "This file has no conflict.");
  const paths = [path];
  if (side !== "content") {
    if (sides[side] === undefined) return void (await repo.write(["rm", "--force", "--quiet"], { paths }));
    await repo.write(["checkout", "--quiet", `--${side}`], { paths });
  } else if (content !== undefined) {
    if (Buffer.byteLength(content) > maxContentBytes) throw badRequest("The content exceeds the limit of 10 MiB.", "payload_too_large");
    if (isUtf8Text(path)) await repo.sandbox.files.write(path, content);
    else return writeBytesPath(repo, path, content);
  }
  await repo.write(["add", "--all"], { paths });
}

/** The files API cannot address such a name: git stages the content and writes the file. */
async function writeBytesPath(repo: WorkingRepo, path: string, content: string): Promise<void> {
  const object = (await repo.write(["hash-object", "-w", "--stdin"], { input: content })).trim();
  await repo.write(["update-index", "-z", "--index-info"], { input: encodeLossless(`100644 ${object} 0\t${path}\0`) });
  await repo.write(["checkout-index", "--force", "-z", "--stdin"], { input: encodeLossless(`${path}\0`) });
}
