import { DiffHunk, ReviewFile } from "./changes.ts";
import { RunStatus } from "./projects.ts";
import { described, extend, Literals, listOf, Nullable, ProjectRef, TaskLinks, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "branches";

/** Branches of one project at the same time. */
export const maxBranches = 10;
/** Days without use after which a branch is deleted, and how many days before that the project is notified. */
export const branchLifetime = { days: 14, noticeDays: 3 } as const;

export const Branch = described(
  "A copy of a project in which the runs of one chat work until it is merged or discarded. Its id works wherever a project's id does: for files, containers, previews and terminals.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    slug: Type.String(),
    chat_id: described("Null: the chat was deleted", Nullable(Uuid)),
    chat_title: Nullable(Type.String()),
    is_ready: described("False while its files are being copied", Type.Boolean()),
    is_failed: described("The copy failed. Only discarding it is possible", Type.Boolean()),
    is_running: described("A run is active in the branch", Type.Boolean()),
    status: described("Of its containers", RunStatus),
    files: described("Changed files after the last run in it", Type.Integer()),
    additions: Type.Integer(),
    deletions: Type.Integer(),
    created_at: Timestamp,
    is_expiring: described("It was announced that the branch will be deleted, because it is not used", Type.Boolean()),
    deleted_after: described("It is deleted then if it is not used before", Timestamp),
  }),
);
export type Branch = Static<typeof Branch>;

const { hunks: _hunks, is_rejected: _isRejected, changed_by: _changedBy, ...fileFields } = ReviewFile.properties;
export const BranchFile = Type.Object({
  ...fileFields,
  hunks: described("Empty if there is no text to show. An added or deleted file has one hunk", Type.Array(DiffHunk)),
});
export type BranchFile = Static<typeof BranchFile>;

export const MergeConflict = described(
  "A file that the project changed too.",
  Type.Object({
    path: Type.String(),
    hunks: described(
      "Ids (`DiffHunk.id`) of those hunks in the changes of the branch that overlap with or adjoin changes of the project; null: the file as a whole",
      Nullable(Type.Array(Type.String())),
    ),
    reason: described(
      "`changed`: the same or neighboring lines, or a binary file. `gone`: deleted in the project. `exists`: the project has another file there. `link`: a symbolic link",
      Literals("changed", "gone", "exists", "link"),
    ),
  }),
);
export type MergeConflict = Static<typeof MergeConflict>;

export const BranchDiff = described(
  "What a branch changed, compared with the project when the branch was created. Untracked ignored files are left out.",
  Type.Object({
    branch_id: Uuid,
    files: Type.Array(BranchFile),
    total: described("All changed files, including those after the first 1,000, which are not listed", Type.Integer()),
    additions: Type.Integer(),
    deletions: Type.Integer(),
    conflicts: described("What a merge would refuse now", Type.Array(MergeConflict)),
  }),
);
export type BranchDiff = Static<typeof BranchDiff>;

export const MergeBranch = Type.Object({
  resolutions: described(
    "For files in conflict: the version that the project has afterwards",
    Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ minLength: 1, maxLength: 4096 }), use: Literals("branch", "project") }), {
        maxItems: 1000,
      }),
    ),
  ),
});
export type MergeBranch = Static<typeof MergeBranch>;

const ProjectParams = Type.Object({ id: ProjectRef });
const BranchParams = Type.Object({ id: ProjectRef, branch_id: Uuid });

export const branchesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/branches",
    tag,
    summary: "List branches of project",
    description: "The branches of a project that are neither merged nor discarded, oldest first. At most 10 per project.",
    auth: "user",
    params: ProjectParams,
    response: listOf(Branch),
    errors: ["not_found"],
  }),
  diff: route({
    method: "GET",
    path: "/api/projects/{id}/branches/{branch_id}/diff",
    tag,
    summary: "Get changes of branch",
    description: "What a branch changed, by file and hunk, and which files are in conflict with the project as it is now.",
    auth: "user",
    params: BranchParams,
    response: BranchDiff,
    errors: ["not_found", "project_busy"],
  }),
  merge: route({
    method: "POST",
    path: "/api/projects/{id}/branches/{branch_id}/merge",
    tag,
    summary: "Merge branch",
    description:
      "Applies the changes of a branch to the project and deletes the branch. All or nothing: if the project changed a file in the same or in neighboring lines, the answer is 409 `merge_conflict` with `details.conflicts`, unless `resolutions` names the file. 409 `run_active`: a run is active in the project's files or in the branch. 409 `hunks_do_not_fit`: a file changed during the merge; try again. A checkpoint of the project is kept before. Untracked ignored files, symbolic links, databases and commits are not merged.",
    auth: "user",
    keys: "run",
    params: BranchParams,
    body: MergeBranch,
    bodyOptional: true,
    response: Type.Object({
      written: Type.Array(
        Type.Object({ path: Type.String(), op: Literals("add", "update", "delete", "move"), new_path: Type.Optional(Type.String()) }),
      ),
      checkpoint_id: described("The project before the merge; null: nothing was written", Nullable(Uuid)),
    }),
    errors: ["not_found", "bad_request", "merge_conflict", "hunks_do_not_fit", "run_active", "project_busy", "storage_full"],
  }),
  discard: route({
    method: "DELETE",
    path: "/api/projects/{id}/branches/{branch_id}",
    tag,
    summary: "Discard branch",
    description: "Deletes a branch with its files and databases. This cannot be undone. The messages of its chat stay.",
    auth: "user",
    keys: "run",
    status: 202,
    params: BranchParams,
    response: extend(Type.Object({ branch_id: Uuid }), TaskLinks.properties),
    errors: ["not_found", "run_active"],
  }),
};
