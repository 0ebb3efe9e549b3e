import { Literals, Nullable, Timestamp, Type, Uuid, extend, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "chat";

/** A stretch of changed lines of one file, with up to three unchanged ones around it. */
export const DiffHunk = Type.Object({
  /** The same as long as the change is the same. */
  id: Type.String(),
  /** First lines, from 1 (0 where a side is empty), and numbers of lines. */
  old_start: Type.Integer(),
  old_lines: Type.Integer(),
  new_start: Type.Integer(),
  new_lines: Type.Integer(),
  /** The function or heading it stands in; may be empty. */
  section: Type.String(),
  /** Each begins with ` `, `-`, `+`, or `\` for the note that a file does not end in a new line. */
  lines: Type.Array(Type.String()),
});
export type DiffHunk = Static<typeof DiffHunk>;
/** One that can be taken out of the files again. */
export const Hunk = extend(DiffHunk, { is_rejected: Type.Boolean() });
export type Hunk = Static<typeof Hunk>;

export const ReviewFile = Type.Object({
  path: Type.String(),
  /** Where it was, when it moved. */
  old_path: Nullable(Type.String()),
  status: Literals("added", "modified", "deleted", "renamed"),
  is_binary: Type.Boolean(),
  /** Text whose hunks would not fit into the answer (200 KiB a file, 1 MiB together): it is kept or rejected as a whole. */
  is_too_large: Type.Boolean(),
  additions: Type.Integer(),
  deletions: Type.Integer(),
  /** Empty where there is no text to show. Of an added or deleted file the one hunk stands for the file. */
  hunks: Type.Array(Hunk),
  /** The whole file was rejected: an added one is gone, a deleted one back, a renamed one under its old name. */
  is_rejected: Type.Boolean(),
  /** `person`: only a person wrote it while the run went on, so it is not the run's; `both`: the run and a person. */
  changed_by: Literals("run", "person", "both"),
});
export type ReviewFile = Static<typeof ReviewFile>;

/**
 * What a run did to the files: from the checkpoint before it to the one after it. As long as the run goes on, and where no point could be
 * kept at its end, to the next point in time, or to the files as they are. Files that git ignores are left out, unless they are tracked.
 */
export const ChangeSet = Type.Object({
  task_id: Uuid,
  project_id: Uuid,
  chat_id: Uuid,
  /** The user's message that the run answers. */
  message_id: Uuid,
  /** Of the message, as it began. */
  message: Type.String(),
  is_running: Type.Boolean(),
  compared_with: Literals("after", "next", "now"),
  /** Checkpoints; `GET /api/projects/{id}/checkpoints/{checkpoint_id}/diff`. */
  before_id: Uuid,
  after_id: Nullable(Uuid),
  started_at: Timestamp,
  files: Type.Array(ReviewFile),
  /** All, also those beyond the first 1000, which are not listed. */
  total: Type.Integer(),
  additions: Type.Integer(),
  deletions: Type.Integer(),
});
export type ChangeSet = Static<typeof ChangeSet>;

/** A file, or some hunks of it. */
const Part = Type.Object({
  path: Type.String({ minLength: 1, maxLength: 4096 }),
  /** Ids. Absent: the whole file. */
  hunks: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 5000 })),
});
export type ChangePart = Static<typeof Part>;
export const ApplyChanges = Type.Object({
  /** To be taken out of the files. What is rejected already stays so. */
  reject: Type.Optional(Type.Array(Part, { maxItems: 1000 })),
  /** Rejected before, and wanted after all. */
  restore: Type.Optional(Type.Array(Part, { maxItems: 1000 })),
});
export type ApplyChanges = Static<typeof ApplyChanges>;

const Params = Type.Object({ task_id: Uuid });

/** agent-git-deploy 10: the change set of a run. */
export const changesRoutes = {
  diff: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/diff",
    tag,
    summary: "What a run changed, by file and hunk",
    auth: "user",
    params: Params,
    response: ChangeSet,
    errors: ["not_found", "snapshot_not_ready", "project_busy"],
  }),
  /**
   * Everything is checked first; then all is written or nothing. Later edits beside a hunk stay; where they touch it, 409
   * `hunks_do_not_fit` with `details.conflicts: [{path, hunks: [id] | null, reason: changed | gone | exists | link}]`.
   */
  apply: route({
    method: "POST",
    path: "/api/chat/runs/{task_id}/apply",
    tag,
    summary: "Take rejected files and hunks of a run out of the files, or put them back",
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
      /** Everything that is rejected now. */
      rejected: Type.Array(Type.Object({ path: Type.String(), is_whole: Type.Boolean(), hunks: Type.Array(Type.String()) })),
    }),
    errors: ["not_found", "bad_request", "hunks_do_not_fit", "snapshot_not_ready", "run_active", "project_busy", "storage_full"],
  }),
};
