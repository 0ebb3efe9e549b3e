import { Literals, Nullable, ProjectRef, Timestamp, Type, Uuid, extend, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "snapshots";

/** accounts-projects 1, Snapshot. */
export const Snapshot = Type.Object({
  id: Uuid,
  project_id: Nullable(Uuid),
  snapshot_name: Type.String(),
  snapshot_type: Literals("hibernation", "manual", "safety"),
  status: Literals("pending", "ready", "error", "deleted"),
  label: Nullable(Type.String()),
  volume_size_bytes: Nullable(Type.Integer()),
  /** Names of the database containers whose rows are in it. */
  databases: Type.Array(Type.String()),
  /** Why it could not be taken. */
  error: Nullable(Type.String()),
  created_at: Timestamp,
  ready_at: Nullable(Timestamp),
});
export type Snapshot = Static<typeof Snapshot>;

/**
 * A point in time kept by the server itself: before an agent's turn, before somebody removes or replaces files (`replace`), or after a
 * restore. Files only, kept 30 days, not counted
 * among the snapshots (accounts-projects 4.6).
 */
export const Checkpoint = Type.Object({
  id: Uuid,
  project_id: Uuid,
  /** `turn_end`, after a turn, is listed nowhere and named by the run's change set. */
  kind: Literals("turn", "turn_end", "restore", "replace"),
  /** The first words of the message that began the turn, or what was restored. */
  label: Type.String(),
  chat_id: Nullable(Uuid),
  /** The message of the user that the turn answers: `POST /api/chat/{chat_id}/restore` goes back to before it. */
  message_id: Nullable(Uuid),
  /** The run. */
  task_id: Nullable(Uuid),
  created_at: Timestamp,
});
export type Checkpoint = Static<typeof Checkpoint>;

/** What changed between two points in time. Files that git ignores are listed only when the path of one is asked for. */
export const PointDiff = Type.Object({
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      /** Where it was, when it moved. */
      old_path: Nullable(Type.String()),
      status: Literals("added", "modified", "deleted", "renamed"),
      additions: Type.Integer(),
      deletions: Type.Integer(),
      is_binary: Type.Boolean(),
      /** Unified, from the first `@@` on; null for binary files and where the answer would grow too large: ask for the path alone. */
      patch: Nullable(Type.String()),
    }),
  ),
  /** All changed files, also those beyond the first 1000, which are not listed. */
  total: Type.Integer(),
  additions: Type.Integer(),
  deletions: Type.Integer(),
});
export type PointDiff = Static<typeof PointDiff>;

const ProjectOnly = Type.Object({ id: ProjectRef });
const SnapshotParams = Type.Object({ id: ProjectRef, snapshot_id: Uuid });
const CheckpointParams = Type.Object({ id: ProjectRef, checkpoint_id: Uuid });
const Links = { task_id: Uuid, status_url: Type.String() };
const RestoreBody = Type.Object({ safety_snapshot: Type.Optional(Type.Boolean()) });
const DiffQuery = Type.Object({
  /** `now` (default), or the id of a snapshot or checkpoint of the same project. */
  against: Type.Optional(Type.String({ pattern: "^(now|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$" })),
  /** Of one file or folder, as the answer names it. */
  path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
});
const restoreErrors = ["not_found", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active"] as const;

/** accounts-projects 4.6 and 9. */
export const snapshotsRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots",
    tag,
    summary: "Snapshots, newest first",
    auth: "user",
    params: ProjectOnly,
    query: Type.Object(pageQuery),
    /** `max_snapshots`: how many a person may keep; those of type `safety` and `hibernation` are not counted. */
    response: extend(listOf(Snapshot), { max_snapshots: Type.Integer() }),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/snapshots",
    tag,
    summary: "Take a snapshot of files and databases",
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
    summary: "One snapshot",
    auth: "user",
    params: SnapshotParams,
    response: Snapshot,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/snapshots/{snapshot_id}",
    tag,
    summary: "Delete a snapshot",
    auth: "user",
    status: 204,
    params: SnapshotParams,
    errors: ["not_found", "project_busy"],
  }),
  restore: route({
    method: "POST",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/restore",
    tag,
    summary: "Bring files and databases back to a snapshot; what runs is stopped meanwhile",
    auth: "user",
    status: 202,
    params: SnapshotParams,
    body: RestoreBody,
    bodyOptional: true,
    response: Type.Object({ ...Links, snapshot_id: Uuid, safety_snapshot_id: Nullable(Uuid) }),
    errors: restoreErrors,
  }),
  diff: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/diff",
    tag,
    summary: "What changed from a snapshot to now, or to another point in time",
    auth: "user",
    params: SnapshotParams,
    query: DiffQuery,
    response: PointDiff,
    errors: ["not_found", "snapshot_not_ready", "project_busy", "bad_path", "path_traversal", "git_directory"],
  }),
  download: route({
    method: "GET",
    path: "/api/projects/{id}/snapshots/{snapshot_id}/download",
    tag,
    summary: "A snapshot's files and database dumps as an archive",
    auth: "user",
    kind: "raw",
    contentType: "application/zip",
    otherContentTypes: ["application/gzip"],
    params: SnapshotParams,
    query: Type.Object({ format: Type.Optional(Literals("zip", "tar.gz")) }),
    errors: ["not_found", "snapshot_not_ready"],
  }),
  checkpoints: route({
    method: "GET",
    path: "/api/projects/{id}/checkpoints",
    tag,
    summary: "Points in time before each turn of the agent and after each restore, newest first",
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
    summary: "What changed from a checkpoint to now, or to another point in time",
    auth: "user",
    params: CheckpointParams,
    query: DiffQuery,
    response: PointDiff,
    errors: ["not_found", "project_busy", "bad_path", "path_traversal", "git_directory"],
  }),
  checkpointRestore: route({
    method: "POST",
    path: "/api/projects/{id}/checkpoints/{checkpoint_id}/restore",
    tag,
    summary: "Bring the files back to a checkpoint; conversations stay",
    auth: "user",
    status: 202,
    params: CheckpointParams,
    body: RestoreBody,
    bodyOptional: true,
    response: Type.Object({ ...Links, checkpoint_id: Uuid, safety_snapshot_id: Nullable(Uuid) }),
    errors: restoreErrors,
  }),
};
