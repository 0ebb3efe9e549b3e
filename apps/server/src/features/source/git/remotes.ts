import type { GitProviderName, GitStatus } from "@tesslate/contract";
import { AppError, badRequest, conflict, invalid } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { GitAccounts } from "../git-providers/index.ts";
import { isBranchName } from "../../projects/projects/index.ts";
import type { GitAccess, Opened } from "./access.ts";
import { commit } from "./commits.ts";
import { encodeLossless } from "./lossless-text.ts";
import { gitStatusOf } from "./read.ts";
import type { GitStore } from "./git.store.ts";
import type { GitRepositoryRow } from "../../../db/schema/source.ts";
import type { MirrorSession, OpenMirror } from "./mirror.ts";
import { ownerAndName, repositoryUrl, withoutUserInfo } from "./repository-url.ts";
import { gitError, gitTimes, requireBranchName, type WorkingRepo } from "./working-repo.ts";

/** Branches per fetch; the others follow with the next. */
const maxFetched = 200;

export interface PullResult {
  success: boolean;
  conflicts: string[];
  updated_files: string[];
  message: string;
}

export type GitRemotes = ReturnType<typeof createGitRemotes>;
/** Fetch, pull, push and links between a project's repository and its remote. */
export function createGitRemotes({
  access,
  store,
  openMirror,
  accounts: { withAuthorization, kindOf },
  outbound: { check: checkUrl, allowsPlain },
  limits,
}: {
  access: GitAccess;
  store: GitStore;
  openMirror: OpenMirror;
  accounts: Pick<GitAccounts, "withAuthorization" | "kindOf">;
  outbound: Pick<Outbound, "check" | "allowsPlain">;
  /** Time limit of one fetch, pull or push. */
  limits: { readonly networkMs: number };
}) {
  /** The link's row; created on first use when the project came from a repository. */
  const linkOf = async ({ id, git_remote_url }: Opened["project"]): Promise<GitRepositoryRow | undefined> =>
    (await store.find(id)) ??
    (git_remote_url === null ? undefined : store.transaction((tx) => store.link(tx, id, withoutUserInfo(git_remote_url))));

  /**
   * The URL of a remote. Project code can change git settings, so an account is used only for the URL that the user linked; others are
   * contacted anonymously.
   */
  const addressOf = async ({ project, repo }: Opened, remote: string): Promise<{ url: string; isLinked: boolean }> => {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(remote)) throw badRequest("This is not a valid remote name.", "no_remote");
    const found = (await repo.attempt(["remote", "get-url", "--", remote], { timeoutMs: gitTimes.short })).stdout.trim();
    if (found === "") throw badRequest("This project has no remote repository. Link one first.", "no_remote");
    const url = repositoryUrl(found, allowsPlain);
    if (withoutUserInfo(found) !== found) await repo.write(["remote", "set-url", "--", remote, url]);
    const link = await linkOf(project);
    return { url, isLinked: link?.repo_url === url };
  };
  const withRemote = async <T>(
    userId: string,
    opened: Opened,
    remote: string,
    work: (session: MirrorSession) => Promise<T>,
  ): Promise<T> => {
    const { url, isLinked } = await addressOf(opened, remote);
    const attempt = async (authorization: string | undefined): Promise<T> => {
      const address = { url, authorization };
      const signal = AbortSignal.timeout(limits.networkMs);
      try {
        await using session = await openMirror(opened.repo, opened.project.id, address, signal);
        // Awaited here, because the session ends with this block.
        return await work(session);
      } catch (error) {
        if (error instanceof AppError || !signal.aborted) throw error;
        throw new AppError("gateway_timeout", "The repository's host took too long. Try again.", { cause: error });
      }
    };
    return isLinked ? withAuthorization(userId, url, attempt) : attempt(undefined);
  };
  const branchOf = async (repo: WorkingRepo, wanted: string | null | undefined): Promise<string> => {
    if (wanted !== null && wanted !== undefined) requireBranchName(wanted);
    const branch = wanted ?? (await repo.currentBranch());
    if (branch === undefined) throw badRequest("No branch is checked out. Specify a branch.", "bad_ref");
    return branch;
  };
  const follow = async (repo: WorkingRepo, branch: string, remote: string): Promise<void> => {
    const key = `branch.${branch}`;
    if ((await repo.attempt(["config", "--local", "--get", `${key}.merge`], { timeoutMs: gitTimes.short })).exitCode === 0) return;
    await repo.write(["config", "--local", `${key}.remote`, remote]);
    await repo.write(["config", "--local", `${key}.merge`, `refs/heads/${branch}`]);
  };
  const synced = async (projectId: string, repo: WorkingRepo): Promise<void> => {
    const { ahead, behind, has_conflicts, last_commit } = await gitStatusOf(repo);
    const sync_status = has_conflicts
      ? "conflict"
      : ahead > 0 && behind > 0
        ? "diverged"
        : ahead > 0
          ? "ahead"
          : behind > 0
            ? "behind"
            : "synced";
    await store.update(projectId, { sync_status, isSynced: true, last_commit_sha: last_commit?.sha ?? null });
  };

  const push = async (
    userId: string,
    opened: Opened,
    { branch: wanted, remote = "origin", force = false }: { branch?: string | null; remote?: string; force?: boolean },
  ): Promise<{ branch: string; remote: string; sha: string }> => {
    const { repo, project } = opened;
    const branch = await branchOf(repo, wanted);
    const sha = await repo.commitOf(`refs/heads/${branch}`);
    const seen = (await repo.attempt(["rev-parse", "--verify", "--quiet", `refs/remotes/${remote}/${branch}`])).stdout.trim() || undefined;
    await withRemote(userId, opened, remote, (session) => session.send(sha, branch, { force, seen }));
    await repo.write(["update-ref", `refs/remotes/${remote}/${branch}`, sha]);
    await follow(repo, branch, remote);
    await synced(project.id, repo);
    return { branch, remote, sha };
  };

  /** A commit that could not be pushed remains, and the link's status says so. Failures on our side are different. */
  const notPushed = async (projectId: string, error: unknown): Promise<false> => {
    if (!(error instanceof AppError) || error.code === "internal_error") throw error;
    await store.update(projectId, { sync_status: "error" });
    return false;
  };

  /** To call with each new commit: pushes it when the link says so. A failed push is reported and does not undo the commit. */
  const committed = async (userId: string, opened: Opened, sha: string): Promise<boolean> => {
    const link = await store.update(opened.project.id, { last_commit_sha: sha });
    if (link?.auto_push !== true) return false;
    return push(userId, opened, {}).then(
      () => true,
      (error: unknown) => notPushed(opened.project.id, error),
    );
  };

  return {
    committed,
    init: (userId: string, ref: string, { repo_url, default_branch = "main" }: { repo_url?: string | null; default_branch?: string }) =>
      access.writing(
        userId,
        ref,
        async ({ project, repo }) => {
          requireBranchName(default_branch);
          const url = repo_url === null || repo_url === undefined ? undefined : repositoryUrl(repo_url, allowsPlain);
          if (url !== undefined) await checkUrl(url);
          const isNew = !(await repo.isRepository());
          if (isNew) {
            await repo.write(["init", "--quiet", `--initial-branch=${default_branch}`]);
            await repo.identify();
            await store.setHasRepository(project.id);
          }
          if (url !== undefined) {
            const known = (await repo.attempt(["remote", "get-url", "origin"])).exitCode === 0;
            await repo.write(known ? ["remote", "set-url", "origin", url] : ["remote", "add", "origin", url]);
            await store.transaction((tx) => store.link(tx, project.id, url, default_branch));
          }
          const remote = (await repo.attempt(["remote", "get-url", "origin"])).stdout.trim();
          return {
            initialized: isNew,
            branch: (await repo.currentBranch()) ?? default_branch,
            remote_url: remote === "" ? null : withoutUserInfo(remote),
          };
        },
        { anything: true },
      ),
    commit: (userId: string, ref: string, body: { message: string; files?: string[]; staged_only?: boolean }) =>
      access.writing(userId, ref, async (opened) => {
        const message = body.message.trim();
        if (message === "") throw invalid(["body", "message"], "A commit message");
        const sha = await commit(opened.repo, { ...body, message });
        return { sha, message, pushed: await committed(userId, opened, sha) };
      }),
    push: (userId: string, ref: string, body: { branch?: string | null; remote?: string; force?: boolean }) =>
      access.writing(userId, ref, (opened) => push(userId, opened, body)),
    /** Fetches every known branch and the remote's default branch. */
    fetch: (userId: string, ref: string, { remote = "origin" }: { remote?: string }): Promise<GitStatus> =>
      access.writing(userId, ref, async (opened) => {
        const { repo, project } = opened;
        await withRemote(userId, opened, remote, async (session) => {
          const there = await session.list();
          const known = await repo.read(["for-each-ref", "--format=%(refname)%00%(objectname)", `refs/remotes/${remote}`]);
          const seen = new Map(
            known
              .split("\n")
              .filter(Boolean)
              .map((line) => {
                const [name = "", sha = ""] = line.split("\0");
                return [name, sha] as const;
              }),
          );
          // Delete branches that no longer exist first: `a` and `a/b` cannot exist at the same time.
          const deleted = [...seen.keys()].filter((name) => {
            const branch = name.slice(`refs/remotes/${remote}/`.length);
            return branch !== "HEAD" && !there.has(branch);
          });
          if (deleted.length > 0)
            await repo.write(["update-ref", "--stdin"], { input: encodeLossless(deleted.map((name) => `delete ${name}\n`).join("")) });
          const news = [...there].filter(([branch, sha]) => isBranchName(branch) && seen.get(`refs/remotes/${remote}/${branch}`) !== sha);
          await session.bring(
            news.slice(0, maxFetched).map(([branch]) => branch),
            remote,
          );
        });
        await synced(project.id, repo);
        return gitStatusOf(repo);
      }),
    pull: (
      userId: string,
      ref: string,
      {
        branch: wanted,
        remote = "origin",
        strategy = "merge",
      }: { branch?: string | null; remote?: string; strategy?: "merge" | "rebase" | "ff-only" },
    ): Promise<PullResult> =>
      access.writing(
        userId,
        ref,
        async (opened) => {
          const { repo, project } = opened;
          const branch = await branchOf(repo, wanted);
          const before = await repo.head();
          await withRemote(userId, opened, remote, (session) => session.bring([branch], remote));
          const sha = await repo.commitOf(`refs/remotes/${remote}/${branch}`);
          await follow(repo, branch, remote);
          const result = await join(repo, { before, sha, remote: `${remote}/${branch}`, strategy });
          await synced(project.id, repo);
          return result;
        },
        { movesTree: true },
      ),
    /** Fetches as `origin/…`. False when there is no such remote or branch. */
    bringBranch: async (userId: string, opened: Opened, branch: string): Promise<boolean> => {
      requireBranchName(branch);
      try {
        await withRemote(userId, opened, "origin", (session) => session.bring([branch], "origin"));
        return true;
      } catch (error) {
        if (error instanceof AppError && (error.code === "bad_ref" || error.code === "no_remote")) return false;
        throw error;
      }
    },
    info: (userId: string, ref: string) =>
      access.reading(
        userId,
        ref,
        async ({ project, repo }) => {
          const [is_repository, link] = await Promise.all([repo.isRepository(), linkOf(project)]);
          return { is_repository, linked: link ? presentLink(link, await kindOf(userId, link.repo_url)) : null };
        },
        { anything: true },
      ),
    update: (userId: string, ref: string, { auto_push }: { auto_push: boolean }) =>
      access.reading(
        userId,
        ref,
        async ({ project, repo }) => {
          if (!(await linkOf(project))) throw badRequest("This project has no remote repository. Link one first.", "no_remote");
          const link = await store.update(project.id, { auto_push });
          return {
            is_repository: await repo.isRepository(),
            linked: link ? presentLink(link, await kindOf(userId, link.repo_url)) : null,
          };
        },
        { anything: true },
      ),
    unlink: (userId: string, ref: string): Promise<void> =>
      access.writing(userId, ref, async ({ project, repo }) => {
        await repo.attempt(["remote", "remove", "origin"]);
        await store.unlink(project.id);
      }),
  };
}

/** Merges a fetched commit into the current branch. */
async function join(
  repo: WorkingRepo,
  { before, sha, remote, strategy }: { before: string | undefined; sha: string; remote: string; strategy: "merge" | "rebase" | "ff-only" },
): Promise<PullResult> {
  if (before === sha) return { success: true, conflicts: [], updated_files: [], message: "Already up to date." };
  if (before === undefined) await repo.write(["reset", "--merge", "--quiet", sha]);
  else {
    // git would reject it too, but without naming the files.
    const files = strategy === "rebase" ? await changedSince(repo, "HEAD") : [];
    if (files.length > 0) throw conflict("local_changes", "Uncommitted changes are in the way. Commit or discard them first.", { files });
    const argv =
      strategy === "rebase"
        ? ["rebase", sha]
        : [
            "merge",
            "--no-edit",
            "--no-verify",
            "--no-squash",
            "--commit",
            strategy === "ff-only" ? "--ff-only" : "--ff",
            "-m",
            `Merge remote-tracking branch '${remote}'`,
            sha,
          ];
    const result = await repo.attempt(argv);
    if (result.exitCode !== 0) {
      const conflicts = await repo.unmerged();
      if (conflicts.length > 0)
        return {
          success: false,
          conflicts,
          updated_files: [],
          message: `${conflicts.length === 1 ? "1 file has" : `${conflicts.length} files have`} conflicts.`,
        };
      if (/not possible to fast-forward/i.test(result.stderr))
        throw conflict("not_fast_forward", "The branches have diverged. Merge or rebase instead.");
      throw gitError(result);
    }
  }
  const updated_files = await changedSince(repo, before ?? (await emptyTree(repo)), "HEAD");
  return {
    success: true,
    conflicts: [],
    updated_files,
    message:
      updated_files.length === 0
        ? "Already up to date."
        : `${updated_files.length} ${updated_files.length === 1 ? "file" : "files"} updated.`,
  };
}
/** Files that differ between two commits, or a commit and the working tree. */
const changedSince = async (repo: WorkingRepo, ...commits: string[]): Promise<string[]> =>
  (await repo.read(["diff", "--no-ext-diff", "--name-only", "-z", ...commits, "--"], { timeoutMs: gitTimes.diff }))
    .split("\0")
    .filter(Boolean);
const emptyTree = async (repo: WorkingRepo): Promise<string> =>
  (await repo.write(["hash-object", "-t", "tree", "--stdin"], { input: "" })).trim();

const presentLink = ({ repo_url, default_branch, auto_push, sync_status, last_sync_at }: GitRepositoryRow, provider: GitProviderName) => {
  const { owner, name } = ownerAndName(repo_url);
  return {
    repo_url,
    provider,
    repo_owner: owner,
    repo_name: name,
    default_branch,
    auto_push,
    sync_status,
    last_sync_at,
  };
};
