import { DiffHunk } from "./changes.ts";
import { Literals, Maybe, Nullable, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "git";

/**
 * A path of the working tree, exactly as git names it; a folder stands for all that is in it. A byte that is part of no UTF-8 is U+FFFD and the
 * byte's two hexadecimal digits, in answers and in requests.
 */
const Path = Type.String({ minLength: 1, maxLength: 4096 });
/** Name of a branch as people write it; checked again by git's own rules. */
const Branch = Type.String({ minLength: 1, maxLength: 255 });
const Remote = Type.String({ minLength: 1, maxLength: 100, default: "origin" });
const Sha = Type.String({ pattern: "^[0-9a-f]{40,64}$" });
const RepoUrl = Type.String({ minLength: 1, maxLength: 500 });

export const GitChange = Type.Object({
  path: Type.String(),
  /** Where it was, when it moved. */
  old_path: Type.Optional(Type.String()),
  /** `U` is unmerged, `??` not known to git. A folder of unknown files may stand as one entry that ends in `/`. */
  status: Literals("M", "A", "D", "R", "U", "??"),
  staged: Type.Boolean(),
});
export type GitChange = Static<typeof GitChange>;

/** agent-git-deploy 5.6. What is both staged and changed since stands twice. */
export const GitStatus = Type.Object({
  /** Of a detached head the short id of its commit. */
  branch: Type.String(),
  detached: Type.Boolean(),
  ahead: Type.Integer(),
  behind: Type.Integer(),
  staged_count: Type.Integer(),
  unstaged_count: Type.Integer(),
  untracked_count: Type.Integer(),
  has_conflicts: Type.Boolean(),
  /** What was begun and not ended. */
  operation: Nullable(Literals("merge", "rebase", "cherry-pick", "revert")),
  /** At most 2000; the counts tell of all. */
  changes: Type.Array(GitChange),
  remote_branch: Nullable(Type.String()),
  last_commit: Nullable(Type.Object({ sha: Sha, author: Type.String(), date: Timestamp, message: Type.String() })),
});
export type GitStatus = Static<typeof GitStatus>;

export const GitBranch = Type.Object({
  name: Type.String(),
  current: Type.Boolean(),
  remote: Type.Boolean(),
  sha: Sha,
  upstream: Nullable(Type.String()),
  ahead: Type.Integer(),
  behind: Type.Integer(),
});
export type GitBranch = Static<typeof GitBranch>;

export const GitCommit = Type.Object({
  sha: Sha,
  author: Type.String(),
  email: Type.String(),
  date: Timestamp,
  message: Type.String(),
  parents: Type.Array(Sha),
  /** Branches and tags that point at it. */
  refs: Type.Array(Type.String()),
});
export type GitCommit = Static<typeof GitCommit>;

export const GitFileDiff = Type.Object({
  path: Type.String(),
  old_path: Type.Optional(Type.String()),
  status: Literals("M", "A", "D", "R", "U", "??"),
  is_binary: Type.Boolean(),
  /** Text whose hunks would not fit into the answer (1 MiB together): ask for the path alone. */
  is_too_large: Type.Boolean(),
  additions: Type.Integer(),
  deletions: Type.Integer(),
  hunks: Type.Array(DiffHunk),
});
export type GitFileDiff = Static<typeof GitFileDiff>;

export const GitConflict = Type.Object({
  path: Type.String(),
  /** Texts of the common ancestor, of our branch and of the other one; null where a side has no such file. */
  base: Nullable(Type.String()),
  ours: Nullable(Type.String()),
  theirs: Nullable(Type.String()),
  /** One of the sides is no text, or larger than 1 MiB: it is resolved as a whole. */
  is_binary: Type.Boolean(),
});
export type GitConflict = Static<typeof GitConflict>;

export const GitLink = Type.Object({
  repo_url: Type.String(),
  provider: Literals("github", "gitlab", "bitbucket", "gitea", "git"),
  repo_owner: Nullable(Type.String()),
  repo_name: Nullable(Type.String()),
  default_branch: Type.String(),
  auto_push: Type.Boolean(),
  sync_status: Nullable(Literals("synced", "ahead", "behind", "diverged", "conflict", "error")),
  last_sync_at: Nullable(Timestamp),
});
export type GitLink = Static<typeof GitLink>;

const Project = Type.Object({ project_id: ProjectRef });
const inProject = { project_id: ProjectRef };
const Hunks = Type.Array(Type.Object({ path: Path, ids: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 5000 }) }), {
  maxItems: 1000,
});
const Paths = Type.Array(Path, { minItems: 1, maxItems: 1000 });
const common = ["not_found", "project_busy", "git_busy", "git_failed", "bad_path"] as const;
const repo = [...common, "not_a_repository"] as const;
const network = [
  ...repo,
  "no_remote",
  "bad_ref",
  "invalid_repo_url",
  "outbound_refused",
  "payload_too_large",
  "repo_not_found",
  "repo_auth_required",
  "provider_token_expired",
  "rate_limited",
  "bad_gateway",
  "gateway_timeout",
] as const;
const Links = { task_id: Nullable(Uuid), status_url: Nullable(Type.String()) };

/** agent-git-deploy 5 and 10. Writes of one project come one after the other; who waits longer than 20 s is told `git_busy`. */
export const gitRoutes = {
  init: route({
    method: "POST",
    path: "/api/git/init",
    tag,
    summary: "Make the project a repository, and link it to a remote one",
    auth: "user",
    body: Type.Object({ ...inProject, repo_url: Maybe(RepoUrl), default_branch: Type.Optional(Branch) }),
    response: Type.Object({ initialized: Type.Boolean(), branch: Type.String(), remote_url: Nullable(Type.String()) }),
    errors: [...common, "bad_ref", "invalid_repo_url", "outbound_refused"],
  }),
  clone: route({
    method: "POST",
    path: "/api/git/clone",
    tag,
    summary:
      "Replace the project's files by a repository, with all branches and tags where they fit. The task's result names the snapshot of what was replaced and what was left out",
    auth: "user",
    status: 202,
    body: Type.Object({ ...inProject, repo_url: RepoUrl, branch: Maybe(Branch) }),
    response: Type.Object(Links),
    errors: [...common, "bad_ref", "invalid_repo_url", "outbound_refused", "run_active"],
  }),
  commit: route({
    method: "POST",
    path: "/api/git/commit",
    tag,
    summary: "Commit what is staged, or the files named, or everything",
    auth: "user",
    body: Type.Object({
      ...inProject,
      /** Trimmed. */
      message: Type.String({ minLength: 1, maxLength: 500 }),
      /** These as they are now. Absent: everything, unless `staged_only`. */
      files: Type.Optional(Paths),
      staged_only: Type.Optional(Type.Boolean()),
    }),
    response: Type.Object({ sha: Sha, message: Type.String(), pushed: Type.Boolean() }),
    errors: [...repo, "nothing_to_commit", "unresolved_conflicts"],
  }),
  push: route({
    method: "POST",
    path: "/api/git/push",
    tag,
    summary: "Push a branch",
    auth: "user",
    body: Type.Object({ ...inProject, branch: Maybe(Branch), remote: Type.Optional(Remote), force: Type.Optional(Type.Boolean()) }),
    response: Type.Object({ branch: Type.String(), remote: Type.String(), sha: Sha }),
    errors: [...network, "push_rejected"],
  }),
  /** Conflicts are no error: `success` is false, every unmerged path is named, and the tree waits in mid-merge. */
  pull: route({
    method: "POST",
    path: "/api/git/pull",
    tag,
    summary: "Fetch a branch and merge it",
    auth: "user",
    body: Type.Object({
      ...inProject,
      branch: Maybe(Branch),
      remote: Type.Optional(Remote),
      strategy: Type.Optional(Literals("merge", "rebase", "ff-only")),
    }),
    response: Type.Object({
      success: Type.Boolean(),
      conflicts: Type.Array(Type.String()),
      updated_files: Type.Array(Type.String()),
      message: Type.String(),
    }),
    errors: [...network, "local_changes", "not_fast_forward", "run_active"],
  }),
  fetch: route({
    method: "POST",
    path: "/api/git/fetch",
    tag,
    summary: "Ask the remote what is new, without touching files",
    auth: "user",
    body: Type.Object({ ...inProject, remote: Type.Optional(Remote) }),
    response: GitStatus,
    errors: network,
  }),
  status: route({
    method: "GET",
    path: "/api/git/status/{project_id}",
    tag,
    summary: "Branch, changes, and how far from the remote branch",
    auth: "user",
    params: Project,
    response: GitStatus,
    errors: repo,
  }),
  branches: route({
    method: "GET",
    path: "/api/git/branches/{project_id}",
    tag,
    summary: "Branches, local ones first",
    auth: "user",
    params: Project,
    query: Type.Object(pageQuery),
    response: Type.Object({ ...listOf(GitBranch).properties, current_branch: Nullable(Type.String()) }),
    errors: repo,
  }),
  checkout: route({
    method: "POST",
    path: "/api/git/checkout",
    tag,
    summary: "Switch to a branch, or make one",
    auth: "user",
    body: Type.Object({ ...inProject, branch: Branch, create: Type.Optional(Type.Boolean()), start_point: Type.Optional(Branch) }),
    response: Type.Object({ branch: Type.String(), created: Type.Boolean() }),
    errors: [...repo, "bad_ref", "local_changes", "branch_exists", "run_active"],
  }),
  removeBranch: route({
    method: "DELETE",
    path: "/api/git/branches/{project_id}",
    tag,
    summary: "Delete a local branch",
    auth: "user",
    status: 204,
    params: Project,
    query: Type.Object({ name: Branch, force: Type.Optional(Type.Boolean()) }),
    errors: [...repo, "bad_ref", "branch_not_merged", "branch_is_current"],
  }),
  log: route({
    method: "GET",
    path: "/api/git/log/{project_id}",
    tag,
    summary: "Commits, newest first",
    auth: "user",
    params: Project,
    /** `all`: of every branch. */
    query: Type.Object({ ...pageQuery, branch: Type.Optional(Branch), all: Type.Optional(Type.Boolean()) }),
    response: listOf(GitCommit),
    errors: [...repo, "bad_ref"],
  }),
  diff: route({
    method: "GET",
    path: "/api/git/diff/{project_id}",
    tag,
    summary: "What changed: since what is staged, what is staged, or from one commit to another",
    auth: "user",
    params: Project,
    query: Type.Object({
      path: Type.Optional(Path),
      staged: Type.Optional(Type.Boolean()),
      /** A commit, branch or tag. Alone: to the files as they are. */
      from: Type.Optional(Branch),
      /** Alone: from its parent. */
      to: Type.Optional(Branch),
    }),
    response: Type.Object({ files: Type.Array(GitFileDiff) }),
    errors: [...repo, "bad_ref"],
  }),
  stage: route({
    method: "POST",
    path: "/api/git/stage",
    tag,
    summary: "Stage files, or hunks of them, or everything",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: Type.Object({ ...inProject, paths: Type.Optional(Paths), hunks: Type.Optional(Hunks) }),
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit"],
  }),
  unstage: route({
    method: "POST",
    path: "/api/git/unstage",
    tag,
    summary: "Take files, or hunks of them, or everything out of the stage",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: Type.Object({ ...inProject, paths: Type.Optional(Paths), hunks: Type.Optional(Hunks) }),
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit"],
  }),
  discard: route({
    method: "POST",
    path: "/api/git/discard",
    tag,
    summary: "Undo changes that are not staged; files unknown to git are deleted",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: Type.Object({ ...inProject, paths: Type.Optional(Paths), hunks: Type.Optional(Hunks) }),
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit", "bad_request", "run_active"],
  }),
  restore: route({
    method: "POST",
    path: "/api/git/restore",
    tag,
    summary: "Files as they were in a commit; what is staged stays staged",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: Type.Object({ ...inProject, paths: Paths, from: Branch }),
    response: GitStatus,
    errors: [...repo, "bad_ref", "run_active"],
  }),
  conflicts: route({
    method: "GET",
    path: "/api/git/conflicts/{project_id}",
    tag,
    summary: "Files that a merge could not decide, with their three sides",
    auth: "user",
    params: Project,
    query: Type.Object(pageQuery),
    response: listOf(GitConflict),
    errors: repo,
  }),
  resolve: route({
    method: "POST",
    path: "/api/git/resolve",
    tag,
    summary: "Decide one conflict",
    auth: "user",
    bodyLimit: 12 * 1024 * 1024,
    body: Type.Object({
      ...inProject,
      path: Path,
      side: Literals("ours", "theirs", "content"),
      /** With `content`. Absent: the file as it stands. */
      content: Type.Optional(Type.String()),
    }),
    response: GitStatus,
    errors: [...repo, "no_conflict", "payload_too_large"],
  }),
  abortMerge: route({
    method: "POST",
    path: "/api/git/abort-merge",
    tag,
    summary: "Give up a merge or rebase: files are as before it",
    auth: "user",
    body: Type.Object(inProject),
    response: GitStatus,
    errors: [...repo, "no_conflict", "run_active"],
  }),
  info: route({
    method: "GET",
    path: "/api/git/info/{project_id}",
    tag,
    summary: "The remote repository that the project is linked to",
    auth: "user",
    params: Project,
    response: Type.Object({ is_repository: Type.Boolean(), linked: Nullable(GitLink) }),
    errors: ["not_found", "project_busy"],
  }),
  updateInfo: route({
    method: "PATCH",
    path: "/api/git/info/{project_id}",
    tag,
    summary: "Whether every commit is pushed by itself",
    auth: "user",
    params: Project,
    body: Type.Object({ auto_push: Type.Boolean() }),
    response: Type.Object({ is_repository: Type.Boolean(), linked: Nullable(GitLink) }),
    errors: ["not_found", "project_busy", "no_remote"],
  }),
  unlink: route({
    method: "DELETE",
    path: "/api/git/remote/{project_id}",
    tag,
    summary: "Forget the remote; local history stays",
    auth: "user",
    status: 204,
    params: Project,
    errors: repo,
  }),
};
