import { described, Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "runs";

export const DiffHunk = described(
  "A block of changed lines of a file, with up to three unchanged lines around it.",
  Type.Object({
    id: described("Stable as long as the change is the same", Type.String()),
    old_start: described("First line, from 1 (0 where a side is empty)", Type.Integer()),
    old_lines: Type.Integer(),
    new_start: Type.Integer(),
    new_lines: Type.Integer(),
    section: described("The function or heading around it; may be empty", Type.String()),
    lines: described(
      "Each starts with a space, `-`, `+`, or `\\` for the note that a file has no newline at its end",
      Type.Array(Type.String()),
    ),
  }),
);
export type DiffHunk = Static<typeof DiffHunk>;
export const Hunk = described(
  "One edit that can be rejected, with up to three unchanged lines around it. Blocks of more than 24 added or removed lines are split at blank lines.",
  extend(DiffHunk, {
    is_rejected: described("False again once a restore, an undo or an edit brings the run's lines back", Type.Boolean()),
  }),
);
export type Hunk = Static<typeof Hunk>;

export const ReviewFile = Type.Object({
  path: Type.String(),
  old_path: described("The former path of a moved file", Nullable(Type.String())),
  status: Literals("added", "modified", "deleted", "renamed"),
  is_binary: Type.Boolean(),
  is_too_large: described(
    "The hunks exceed the response (200 KiB per file, 1 MiB together): it is kept or rejected as a whole",
    Type.Boolean(),
  ),
  additions: Type.Integer(),
  deletions: Type.Integer(),
  hunks: described("Empty if there is no text to show. An added or deleted file has one hunk", Type.Array(Hunk)),
  is_rejected: described(
    "The whole file is rejected: an added file is removed, a deleted one restored, a renamed one has its old name",
    Type.Boolean(),
  ),
  changed_by: described(
    "`person`: only a person changed it during the run; `both`: the run and a person",
    Literals("run", "person", "both"),
  ),
});
export type ReviewFile = Static<typeof ReviewFile>;

export const ChangeSet = described(
  "What a run changed in the files: from the checkpoint before it to the one after it. While the run is active, and if no checkpoint could be kept at its end, up to the next checkpoint or the files as they are. Untracked ignored files are left out.",
  Type.Object({
    task_id: Uuid,
    project_id: Uuid,
    chat_id: Uuid,
    message_id: described("The user's message that the run answers", Uuid),
    message: described("The beginning of the message", Type.String()),
    is_running: Type.Boolean(),
    compared_with: Literals("after", "next", "now"),
    before_id: described("A checkpoint, for `GET /api/projects/{id}/checkpoints/{checkpoint_id}/diff`", Uuid),
    after_id: Nullable(Uuid),
    started_at: Timestamp,
    files: Type.Array(ReviewFile),
    total: described("All changed files, including those after the first 1,000, which are not listed", Type.Integer()),
    additions: Type.Integer(),
    deletions: Type.Integer(),
  }),
);
export type ChangeSet = Static<typeof ChangeSet>;

export const RunSummary = described(
  "A run in the history of its project.",
  Type.Object({
    task_id: described("The newest task of the run", Uuid),
    chat_id: Uuid,
    message_id: described("The user's message that the run answers", Uuid),
    message: described("The beginning of the message", Type.String()),
    status: Literals("queued", "running", "completed", "failed", "cancelled"),
    before_id: described("The checkpoint before it", Uuid),
    after_id: Nullable(Uuid),
    files: described("Changed files; 0 until the run has ended", Type.Integer()),
    additions: Type.Integer(),
    deletions: Type.Integer(),
    cost_cents: described("Of all its model calls, at list prices", Type.Number()),
    picture_id: described("Its last screenshot, for `GET /api/chat/runs/{task_id}/evidence/{picture_id}`", Nullable(Uuid)),
    started_at: Timestamp,
    ended_at: Nullable(Timestamp),
    duration_ms: described(
      "How long the agent worked, without waiting for a person: that of `complete`. Null until the run has ended, and if the server stopped during it",
      Nullable(Type.Integer()),
    ),
    visibility: described(
      "`hidden`: a restore hides its messages, and `POST /api/chat/{chat_id}/redo` brings them back; `discarded`: they can't be brought back",
      Literals("shown", "hidden", "discarded"),
    ),
  }),
);
export type RunSummary = Static<typeof RunSummary>;

export const ChangePart = described(
  "A file, or some of its hunks.",
  Type.Object({
    path: Type.String({ minLength: 1, maxLength: 4096 }),
    hunks: described(
      "Ids of hunks. Absent: the whole file",
      Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 5000 })),
    ),
  }),
);
export type ChangePart = Static<typeof ChangePart>;
export const ApplyChanges = Type.Object({
  reject: described(
    "Removed from the files. What is rejected already stays rejected",
    Type.Optional(Type.Array(ChangePart, { maxItems: 1000 })),
  ),
  restore: described("Put back after an earlier rejection", Type.Optional(Type.Array(ChangePart, { maxItems: 1000 }))),
});
export type ApplyChanges = Static<typeof ApplyChanges>;

const Params = Type.Object({ task_id: Uuid });

export const changesRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/runs",
    tag,
    summary: "List runs of project",
    description:
      "Runs in the files of a project, newest first, with what they changed and cost. Listed as long as the checkpoint before them is kept (30 days by default).",
    auth: "user",
    params: Type.Object({ id: ProjectRef }),
    query: Type.Object(pageQuery),
    response: listOf(RunSummary),
    errors: ["not_found"],
  }),
  diff: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/diff",
    tag,
    summary: "Get changes of run",
    description: "What a run changed, by file and hunk, and what of it was rejected.",
    auth: "user",
    params: Params,
    response: ChangeSet,
    errors: ["not_found", "snapshot_not_ready", "project_busy"],
  }),
  apply: route({
    method: "POST",
    path: "/api/chat/runs/{task_id}/apply",
    tag,
    summary: "Reject or restore changes",
    description:
      "Removes rejected files and hunks of a run from the files, or puts them back; with the project setting `commit_runs` that is a commit. All or nothing: hunks that later edits touch are refused with 409 `hunks_do_not_fit` and `details.conflicts`.",
    auth: "user",
    params: Params,
    bodyLimit: 1024 * 1024,
    body: ApplyChanges,
    response: Type.Object({
      written: Type.Array(
        Type.Object({
          path: Type.String(),
          op: Literals("add", "update", "delete", "move"),
          new_path: Type.Optional(Type.String()),
          etag: Type.Optional(Type.String()),
        }),
      ),
      rejected: described(
        "Everything that is rejected now",
        Type.Array(Type.Object({ path: Type.String(), is_whole: Type.Boolean(), hunks: Type.Array(Type.String()) })),
      ),
    }),
    errors: ["not_found", "bad_request", "hunks_do_not_fit", "snapshot_not_ready", "run_active", "project_busy", "storage_full"],
  }),
};
