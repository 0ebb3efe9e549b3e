import { described, Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "snapshots";

export const Snapshot = described(
  "A state of files and databases. Manual ones are kept until they are deleted; of automatic ones, and of those of runs, the oldest are deleted when there are too many.",
  Type.Object({
    id: Uuid,
    project_id: Nullable(Uuid),
    snapshot_name: Type.String(),
    snapshot_type: described(
      "`run`: taken for its databases before the first change of a run, with the project setting `save_databases`. `scheduled`: taken to copy the changes of the project; lists leave it out",
      Literals("hibernation", "manual", "safety", "run", "scheduled"),
    ),
    status: Literals("pending", "ready", "error", "deleted"),
    label: Nullable(Type.String()),
    checkpoint_id: described("Of `run`: the checkpoint before the run", Nullable(Uuid)),
    volume_size_bytes: Nullable(Type.Integer()),
    databases: described("Names of the database containers whose data is included", Type.Array(Type.String())),
    error: described("Why it could not be taken", Nullable(Type.String())),
    created_at: Timestamp,
    ready_at: Nullable(Timestamp),
    copied_at: described(
      "When it was copied to the server's file storage, from which files are restored when the disk of the projects is lost",
      Nullable(Timestamp),
    ),
  }),
);
export type Snapshot = Static<typeof Snapshot>;

export const ScheduledCopies = described(
  "How the changes of a project are copied to the server's file storage, from which files are restored when the disk of the projects is lost.",
  Type.Object({
    every_minutes: described("Changes are copied after this time at the latest, unless the copy is late", Type.Number()),
    copied_until: described("All changes until then are in a copy. Null: there is none yet", Nullable(Timestamp)),
    due_since: described("Since when the next copy is due. Null: it is not", Nullable(Timestamp)),
  }),
);
export type ScheduledCopies = Static<typeof ScheduledCopies>;

export const Checkpoint = described(
  "A state of the files that the server keeps automatically: before a run, before files are removed or replaced (`replace`), or after a restore. Kept for 30 days by default.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    kind: described(
      "`turn_end`: after a run; not listed, named by the run's change set",
      Literals("turn", "turn_end", "restore", "replace"),
    ),
    title: described(
      "Short name. Of a checkpoint before a run, that of the run in at most 50 characters: the subject of its commit, or the beginning of the message",
      Type.String(),
    ),
    label: described("The beginning of the message that started the run, or what was restored", Type.String()),
    chat_id: Nullable(Uuid),
    message_id: described("The user's message of the run, for `POST /api/chat/{chat_id}/restore`", Nullable(Uuid)),
    task_id: described("The run", Nullable(Uuid)),
    before_id: described(
      "Of a `restore`: the snapshot or checkpoint in which the state before it was saved; it may have been deleted since",
      Nullable(Uuid),
    ),
    commit_sha: described("Of a `restore`: the commit of what it changed", Nullable(Type.String())),
    created_at: Timestamp,
  }),
);
export type Checkpoint = Static<typeof Checkpoint>;

export const SnapshotDiff = described(
  "What changed between two snapshots or checkpoints. Ignored files are listed only if `path` names one.",
  Type.Object({
    files: Type.Array(
      Type.Object({
        path: Type.String(),
        old_path: described("The former path of a moved file", Nullable(Type.String())),
        status: Literals("added", "modified", "deleted", "renamed"),
        additions: Type.Integer(),
        deletions: Type.Integer(),
        is_binary: Type.Boolean(),
        patch: described(
          "Unified diff from the first `@@`; null for binary files and if the response would grow too large: request the path alone",
          Nullable(Type.String()),
        ),
      }),
    ),
    total: described("All changed files, including those after the first 1,000, which are not listed", Type.Integer()),
    additions: Type.Integer(),
    deletions: Type.Integer(),
  }),
);
export type SnapshotDiff = Static<typeof SnapshotDiff>;

const TableRows = described(
  "Null: the table does not exist in this state",
  Nullable(
    Type.Object({
      rows: Type.Integer(),
      is_estimate: described("From the statistics of the database: there are more than 100,000 rows", Type.Boolean()),
    }),
  ),
);
export const TableDifference = described(
  "A table of which the snapshot has another number of rows or other columns than the database.",
  Type.Object({ schema: Type.String(), name: Type.String(), saved: TableRows, now: TableRows, has_other_columns: Type.Boolean() }),
);
export type TableDifference = Static<typeof TableDifference>;
export const DatabaseDifference = described(
  "A database of a snapshot, compared with its rows now.",
  Type.Object({
    container: described("The name of the container, as in `databases` of the snapshot", Type.String()),
    database: Type.String(),
    state: described(
      "Only `compared` has tables. `stopped`, `deleted`: the container; with `against`, `deleted`: the other snapshot does not have the database; `too_many_tables`: more than 1,000; `unreadable`: the database did not respond in time, or has a locked table",
      Literals("compared", "stopped", "deleted", "too_many_tables", "unreadable"),
    ),
    tables: described(
      "At most 100: first tables that a restore deletes, then those with rows that it deletes, then others. Changed values are not compared",
      Type.Array(TableDifference),
    ),
    total: described("All tables that differ", Type.Integer()),
  }),
);
export type DatabaseDifference = Static<typeof DatabaseDifference>;
export const SnapshotTables = described(
  "What a restore of the databases of a snapshot changes, by table, or what changed between two snapshots.",
  Type.Object({
    databases: described(
      "Null: the snapshot, or the other one, is older than this comparison and has no figures. Databases that are not in the snapshot are not listed",
      Nullable(Type.Array(DatabaseDifference)),
    ),
  }),
);
export type SnapshotTables = Static<typeof SnapshotTables>;

export const FilesCopy = described(
  "Whether a project has its files, and what they can be restored from.",
  Type.Object({
    state: described("`missing`: the disk that had them was lost or is not connected", Literals("present", "missing", "restoring")),
    snapshot: described(
      "While they are missing: the newest snapshot that can be restored. Null: there is none",
      Nullable(Type.Object({ id: Uuid, label: Type.String(), created_at: Timestamp, databases: Type.Array(Type.String()) })),
    ),
    task_id: described("The task that restores them", Nullable(Uuid)),
  }),
);
export type FilesCopy = Static<typeof FilesCopy>;

const ProjectOnly = Type.Object({ id: ProjectRef });
const SnapshotParams = Type.Object({ id: ProjectRef, snapshot_id: Uuid });
const CheckpointParams = Type.Object({ id: ProjectRef, checkpoint_id: Uuid });
const Links = { task_id: Uuid, status_url: Type.String() };
export const RestoreRequest = Type.Object({
  safety_snapshot: described("Default true: keep the current state as a snapshot", Type.Optional(Type.Boolean())),
  with_messages: described(
    "Also hide the messages that were sent since then, in all chats that work in these files. `POST /api/chat/{chat_id}/redo` reverts the whole restore. Needs the safety snapshot",
    Type.Optional(Type.Boolean()),
  ),
});
export type RestoreRequest = Static<typeof RestoreRequest>;
/** Checkpoints have files only. */
export const RestoreCheckpoint = extend(RestoreRequest, {
  databases_from: described(
    "A snapshot of the project whose databases are restored too, for example the latest one before the checkpoint. Needs the safety snapshot, which has the present rows",
    Type.Optional(Uuid),
  ),
});
export type RestoreCheckpoint = Static<typeof RestoreCheckpoint>;
const DiffQuery = Type.Object({
  against: described(
    "`now` (default), or the id of a snapshot or checkpoint of the project",
    Type.Optional(Type.String({ pattern: "^(now|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$" })),
  ),
  path: described("One file or folder, as named in the response", Type.Optional(Type.String({ minLength: 1, maxLength: 4096 }))),
});
const restoreErrors = ["not_found", "bad_request", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active"] as const;

export const snapshotsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots",
    tag,
    summary: "List snapshots",
    description: "Snapshots of the project, newest first, without scheduled ones. `max_snapshots` limits the manual ones.",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: extend(listOf(Snapshot), {
      max_snapshots: Type.Integer(),
      copies: described("Null: only snapshots of people are copied, or none", Nullable(ScheduledCopies)),
    }),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/snapshots",
    tag,
    summary: "Create snapshot",
    description:
      "Saves files and databases in a task. Refused when the limit of manual snapshots is reached; none is deleted automatically.",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    body: Type.Object({ label: Type.Optional(Type.String({ maxLength: 255 })) }),
    bodyOptional: true,
    response: extend(Snapshot, Links),
    errors: ["not_found", "project_busy", "snapshot_pending", "snapshot_limit_reached"],
  }),
  get: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}",
    tag,
    summary: "Get snapshot",
    description: "One snapshot of the project.",
    auth: "user",
    params: SnapshotParams,
    response: Snapshot,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/snapshots/{snapshot_id}",
    tag,
    summary: "Delete snapshot",
    description: "Deletes a snapshot.",
    auth: "user",
    status: 204,
    params: SnapshotParams,
    errors: ["not_found", "project_busy"],
  }),
  restore: route({
    method: "POST",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/restore",
    tag,
    summary: "Restore snapshot",
    description:
      "Brings files and databases back to a snapshot, in a task, and chats with `with_messages`. Running containers restart. A safety snapshot is taken first unless `safety_snapshot` is false.",
    auth: "user",
    status: 202,
    params: SnapshotParams,
    body: RestoreRequest,
    bodyOptional: true,
    response: Type.Object({ ...Links, snapshot_id: Uuid, safety_snapshot_id: Nullable(Uuid) }),
    errors: restoreErrors,
  }),
  diff: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/diff",
    tag,
    summary: "Compare snapshot",
    description: "What changed from a snapshot to now, or to another snapshot or checkpoint.",
    auth: "user",
    params: SnapshotParams,
    query: DiffQuery,
    response: SnapshotDiff,
    errors: ["not_found", "snapshot_not_ready", "project_busy", "bad_path", "path_traversal", "git_directory"],
  }),
  tables: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/tables",
    tag,
    summary: "Compare snapshot databases",
    description:
      "Compares the numbers of rows and the columns of the tables of a snapshot with those of the running databases, or with those of a later snapshot (`against`), whose figures are then `now`. Counts at most 100,000 rows of each table and takes at most ten seconds; starts no database.",
    auth: "user",
    params: SnapshotParams,
    query: Type.Object({
      against: Type.Optional({ ...Uuid, description: "Another snapshot of the project; without it the running databases" }),
    }),
    response: SnapshotTables,
    errors: ["not_found", "snapshot_not_ready", "project_busy"],
  }),
  download: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/download",
    tag,
    summary: "Download snapshot",
    description: "Files and database dumps of a snapshot as a zip or tar.gz archive.",
    responseHeaders: ["Content-Disposition"],
    auth: "user",
    kind: "raw",
    contentType: "application/zip",
    otherContentTypes: ["application/gzip"],
    params: SnapshotParams,
    query: Type.Object({ format: Type.Optional(Literals("zip", "tar.gz")) }),
    errors: ["not_found", "snapshot_not_ready"],
  }),
  filesCopy: route({
    method: "GET",
    path: "/api/projects/{id}/restore-files",
    tag,
    summary: "Get copy of files",
    description: "Whether the runtime has the files of the project, and the snapshot from which lost files can be restored.",
    auth: "user",
    params: ProjectOnly,
    response: FilesCopy,
    errors: ["not_found"],
  }),
  restoreFiles: route({
    method: "POST",
    path: "/api/projects/{id}/restore-files",
    tag,
    summary: "Restore lost files",
    description:
      "For a project with the status `files_missing`: creates its files again from the newest copy of a snapshot, then restores its databases, in a task. What was changed after the snapshot is lost, and so are snapshots and checkpoints without a copy.",
    auth: "user",
    status: 202,
    params: ProjectOnly,
    response: Type.Object({ ...Links, snapshot_id: Uuid }),
    errors: ["not_found", "files_not_missing", "no_snapshot_copy", "project_busy"],
  }),
  checkpoints: route({
    method: "GET",
    path: "/api/projects/{id}/checkpoints",
    tag,
    summary: "List checkpoints",
    description:
      "Automatic checkpoints of the files, newest first: before each run, before files are deleted or replaced by an upload, a move or a rename, and after each restore. Writing a single file makes none. Kept for 30 days by default.",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    response: listOf(Checkpoint),
    errors: ["not_found"],
  }),
  checkpointDiff: route({
    method: "GET",
    path: "/api/projects/{id}/checkpoints/{checkpoint_id}/diff",
    tag,
    summary: "Compare checkpoint",
    description: "What changed from a checkpoint to now, or to another snapshot or checkpoint.",
    auth: "user",
    params: CheckpointParams,
    query: DiffQuery,
    response: SnapshotDiff,
    errors: ["not_found", "project_busy", "bad_path", "path_traversal", "git_directory"],
  }),
  checkpointRestore: route({
    method: "POST",
    path: "/api/projects/{id}/checkpoints/{checkpoint_id}/restore",
    tag,
    summary: "Restore checkpoint",
    description:
      "Brings the files back to a checkpoint, in a task, and chats with `with_messages`. Databases stay, unless `databases_from` names a snapshot.",
    auth: "user",
    status: 202,
    params: CheckpointParams,
    body: RestoreCheckpoint,
    bodyOptional: true,
    response: Type.Object({ ...Links, checkpoint_id: Uuid, safety_snapshot_id: Nullable(Uuid) }),
    errors: restoreErrors,
  }),
};
