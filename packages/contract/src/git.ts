import { DiffHunk } from "./changes.ts";
import { described, TaskLinks, Literals, Maybe, Nullable, ProjectRef, Timestamp, Type, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "git";

/**
 * A path of the working tree as git names it; a folder includes everything in it. A byte that is not UTF-8 is written as U+FFFD and its two
 * hexadecimal digits, in requests and responses.
 */
const Path = Type.String({ minLength: 1, maxLength: 4096 });
/** Branch name; checked again by git's own rules. */
const Branch = Type.String({ minLength: 1, maxLength: 255 });
const Remote = Type.String({ minLength: 1, maxLength: 100, default: "origin" });
const Sha = Type.String({ pattern: "^[0-9a-f]{40,64}$" });
const RepoUrl = Type.String({ minLength: 1, maxLength: 500 });

export const GitChange = Type.Object({
  path: Type.String(),
  old_path: described("The former path of a moved file", Type.Optional(Type.String())),
  status: described(
    "`U` unmerged, `??` untracked. A folder of untracked files can be one entry that ends in `/`",
    Literals("M", "A", "D", "R", "U", "??"),
  ),
  staged: Type.Boolean(),
});
export type GitChange = Static<typeof GitChange>;

export const GitStatus = described(
  "Status of the working tree. A file that is staged and changed again appears twice.",
  Type.Object({
    branch: described("With a detached HEAD, the short id of its commit", Type.String()),
    detached: Type.Boolean(),
    ahead: Type.Integer(),
    behind: Type.Integer(),
    staged_count: Type.Integer(),
    unstaged_count: Type.Integer(),
    untracked_count: Type.Integer(),
    has_conflicts: Type.Boolean(),
    operation: described("An operation in progress", Nullable(Literals("merge", "rebase", "cherry-pick", "revert"))),
    changes: described("At most 2,000; the counts include all", Type.Array(GitChange)),
    remote_branch: Nullable(Type.String()),
    last_commit: Nullable(Type.Object({ sha: Sha, author: Type.String(), date: Timestamp, message: Type.String() })),
  }),
);
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
  refs: described("Branches and tags that point at it", Type.Array(Type.String())),
});
export type GitCommit = Static<typeof GitCommit>;

export const GitFileDiff = Type.Object({
  path: Type.String(),
  old_path: Type.Optional(Type.String()),
  status: Literals("M", "A", "D", "R", "U", "??"),
  is_binary: Type.Boolean(),
  is_too_large: described("The hunks exceed the response (1 MiB together): request the path alone", Type.Boolean()),
  additions: Type.Integer(),
  deletions: Type.Integer(),
  hunks: Type.Array(DiffHunk),
});
export type GitFileDiff = Static<typeof GitFileDiff>;

export const GitConflict = Type.Object({
  path: Type.String(),
  base: described("Text of the common ancestor; null if that side has no such file", Nullable(Type.String())),
  ours: Nullable(Type.String()),
  theirs: Nullable(Type.String()),
  is_binary: described("A side is binary or larger than 1 MiB: it is resolved as a whole", Type.Boolean()),
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

export const GitRepository = Type.Object({ is_repository: Type.Boolean(), linked: Nullable(GitLink) });

const Project = Type.Object({ project_id: ProjectRef });
const inProject = { project_id: ProjectRef };
export const GitProject = Type.Object(inProject);
export type GitProject = Static<typeof GitProject>;
const Hunks = Type.Array(Type.Object({ path: Path, ids: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 5000 }) }), {
  maxItems: 1000,
});
const Paths = Type.Array(Path, { minItems: 1, maxItems: 1000 });
export const GitSelection = described(
  "Files or hunks; without either, everything.",
  Type.Object({ ...inProject, paths: Type.Optional(Paths), hunks: Type.Optional(Hunks) }),
);
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

/** Writes of one project run one after another; 409 `git_busy` after 20 s of waiting. */
export const gitRoutes = {
  init: route({
    method: "POST",
    path: "/api/git/init",
    tag,
    summary: "Initialize repository",
    description: "Makes the project a Git repository and, with `repo_url`, links it to a remote.",
    auth: "user",
    body: Type.Object({ ...inProject, repo_url: Maybe(RepoUrl), default_branch: Type.Optional(Branch) }),
    response: Type.Object({ initialized: Type.Boolean(), branch: Type.String(), remote_url: Nullable(Type.String()) }),
    errors: [...common, "bad_ref", "invalid_repo_url", "outbound_refused"],
  }),
  clone: route({
    method: "POST",
    path: "/api/git/clone",
    tag,
    summary: "Clone repository",
    description:
      "Replaces all files of the project by a repository, with all branches and tags where they fit. The task's result names the snapshot of the replaced files, and what was left out.",
    auth: "user",
    status: 202,
    body: Type.Object({ ...inProject, repo_url: RepoUrl, branch: Maybe(Branch) }),
    response: TaskLinks,
    errors: [...common, "bad_ref", "invalid_repo_url", "outbound_refused", "run_active"],
  }),
  commit: route({
    method: "POST",
    path: "/api/git/commit",
    tag,
    summary: "Commit changes",
    description:
      "Commits what is staged (`staged_only`), the given files, or everything. Naming a file whose conflict markers were removed resolves its conflict.",
    auth: "user",
    body: Type.Object({
      ...inProject,
      message: described("Surrounding spaces are removed", Type.String({ minLength: 1, maxLength: 500 })),
      files: described("These files as they are now. Absent: everything, unless `staged_only`", Type.Optional(Paths)),
      staged_only: Type.Optional(Type.Boolean()),
    }),
    response: Type.Object({ sha: Sha, message: Type.String(), pushed: Type.Boolean() }),
    errors: [...repo, "nothing_to_commit", "unresolved_conflicts"],
  }),
  proposeMessage: route({
    method: "POST",
    path: "/api/git/propose-message",
    tag,
    summary: "Propose commit message",
    description:
      "Has the default model write a message for what is staged, or for everything if nothing is. One short call, charged as usage (`commit_message`). Commits nothing. The demo's model writes none; then the message names the changed files.",
    auth: "user",
    body: GitProject,
    response: Type.Object({ message: Type.String() }),
    errors: [...repo, "nothing_to_commit", "model_not_configured", "insufficient_credits"],
  }),
  push: route({
    method: "POST",
    path: "/api/git/push",
    tag,
    summary: "Push branch",
    description:
      "Pushes a branch with the token of your connected account. `force` overwrites the remote branch unless it has commits that you did not fetch.",
    auth: "user",
    body: Type.Object({ ...inProject, branch: Maybe(Branch), remote: Type.Optional(Remote), force: Type.Optional(Type.Boolean()) }),
    response: Type.Object({ branch: Type.String(), remote: Type.String(), sha: Sha }),
    errors: [...network, "push_rejected"],
  }),
  pull: route({
    method: "POST",
    path: "/api/git/pull",
    tag,
    summary: "Pull branch",
    description:
      "Fetches a branch and merges or rebases. Conflicts are not an error: `success` is false, `conflicts` lists the paths, and the merge waits to be resolved.",
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
    summary: "Fetch remote",
    description: "Fetches from the remote without changing files, and returns the new status.",
    auth: "user",
    body: Type.Object({ ...inProject, remote: Type.Optional(Remote) }),
    response: GitStatus,
    errors: network,
  }),
  status: route({
    method: "GET",
    path: "/api/git/status/{project_id}",
    tag,
    summary: "Get Git status",
    description: "Branch, changed files, and how far the branch is from its remote.",
    auth: "user",
    params: Project,
    response: GitStatus,
    errors: repo,
  }),
  branches: route({
    method: "GET",
    path: "/api/git/branches/{project_id}",
    tag,
    summary: "List branches",
    description: "Local branches first, then remote ones.",
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
    summary: "Check out branch",
    description: "Switches to a branch, or creates one. A branch that only the remote has gets a tracking branch.",
    auth: "user",
    body: Type.Object({ ...inProject, branch: Branch, create: Type.Optional(Type.Boolean()), start_point: Type.Optional(Branch) }),
    response: Type.Object({ branch: Type.String(), created: Type.Boolean() }),
    errors: [...repo, "bad_ref", "local_changes", "branch_exists", "run_active"],
  }),
  removeBranch: route({
    method: "DELETE",
    path: "/api/git/branches/{project_id}",
    tag,
    summary: "Delete branch",
    description: "Deletes a local branch. An unmerged one needs `force`.",
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
    summary: "List commits",
    description: "Commits of a branch, or of all with `all`, newest first.",
    auth: "user",
    params: Project,
    query: Type.Object({ ...pageQuery, branch: Type.Optional(Branch), all: Type.Optional(Type.Boolean()) }),
    response: listOf(GitCommit),
    errors: [...repo, "bad_ref"],
  }),
  diff: route({
    method: "GET",
    path: "/api/git/diff/{project_id}",
    tag,
    summary: "Get Git diff",
    description: "Unstaged changes by default, staged ones with `staged`, or the difference between two commits with `from` and `to`.",
    auth: "user",
    params: Project,
    query: Type.Object({
      path: Type.Optional(Path),
      staged: Type.Optional(Type.Boolean()),
      from: described("A commit, branch or tag. Without `to`: compared with the working tree", Type.Optional(Branch)),
      to: described("Without `from`: compared with its parent", Type.Optional(Branch)),
    }),
    response: Type.Object({ files: Type.Array(GitFileDiff) }),
    errors: [...repo, "bad_ref"],
  }),
  stage: route({
    method: "POST",
    path: "/api/git/stage",
    tag,
    summary: "Stage changes",
    description: "Stages files or hunks, or everything if neither is given.",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: GitSelection,
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit"],
  }),
  unstage: route({
    method: "POST",
    path: "/api/git/unstage",
    tag,
    summary: "Unstage changes",
    description: "Unstages files or hunks, or everything if neither is given.",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: GitSelection,
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit"],
  }),
  discard: route({
    method: "POST",
    path: "/api/git/discard",
    tag,
    summary: "Discard changes",
    description: "Reverts unstaged changes of files or hunks, and deletes untracked files. A checkpoint keeps what was there.",
    auth: "user",
    bodyLimit: 1024 * 1024,
    body: GitSelection,
    response: GitStatus,
    errors: [...repo, "hunks_do_not_fit", "bad_request", "run_active"],
  }),
  restore: route({
    method: "POST",
    path: "/api/git/restore",
    tag,
    summary: "Restore files from commit",
    description: "Brings files back as they were in a commit. Staged changes stay staged.",
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
    summary: "List conflicts",
    description: "Unmerged files with their base, our and their text.",
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
    summary: "Resolve conflict",
    description: "Resolves one file by our side, their side, or given content.",
    auth: "user",
    bodyLimit: 12 * 1024 * 1024,
    body: Type.Object({
      ...inProject,
      path: Path,
      side: Literals("ours", "theirs", "content"),
      content: described("With `content`: the text. Absent: the file as it is", Type.Optional(Type.String())),
    }),
    response: GitStatus,
    errors: [...repo, "no_conflict", "payload_too_large"],
  }),
  abortMerge: route({
    method: "POST",
    path: "/api/git/abort-merge",
    tag,
    summary: "Abort merge",
    description: "Aborts a merge, rebase, cherry-pick or revert. Files are as they were before it.",
    auth: "user",
    body: GitProject,
    response: GitStatus,
    errors: [...repo, "no_conflict", "run_active"],
  }),
  info: route({
    method: "GET",
    path: "/api/git/info/{project_id}",
    tag,
    summary: "Get linked repository",
    description: "Whether the project is a repository, and the remote it is linked to.",
    auth: "user",
    params: Project,
    response: GitRepository,
    errors: ["not_found", "project_busy"],
  }),
  updateInfo: route({
    method: "PATCH",
    path: "/api/git/info/{project_id}",
    tag,
    summary: "Update linked repository",
    description: "Turns pushing after every commit on or off.",
    auth: "user",
    params: Project,
    body: Type.Object({ auto_push: Type.Boolean() }),
    response: GitRepository,
    errors: ["not_found", "project_busy", "no_remote"],
  }),
  unlink: route({
    method: "DELETE",
    path: "/api/git/remote/{project_id}",
    tag,
    summary: "Unlink repository",
    description: "Removes the remote. Local history stays.",
    auth: "user",
    status: 204,
    params: Project,
    errors: repo,
  }),
};
