import type {
  Checkpoint,
  List,
  RestoreCheckpoint,
  RestoreRequest,
  ScheduledCopies,
  SnapshotDiff,
  Snapshot,
  SnapshotTables,
} from "@tesslate/contract";
import type { Readable } from "node:stream";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { exactPath } from "../../projects/files/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { taskLinks } from "../../core/tasks/index.ts";
import { archiveOf, type ArchiveFormat } from "./archive.ts";
import { titleOfCheckpoint } from "./checkpoints.ts";
import { createRestoreGuard, type SnapshotRestore } from "./restore.ts";
import type { DueCopiesStore } from "./due-copies.store.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { CheckpointRow, SnapshotRow } from "../../../db/schema/source.ts";
import type { SnapshotCapture } from "./capture.ts";
import type { TableDifferences } from "./table-differences.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

export type Snapshots = ReturnType<typeof createSnapshots>;

/** Snapshots and checkpoints of a project. */
export function createSnapshots({
  store,
  projects,
  trees,
  snapshotCapture,
  snapshotRestore,
  tableDifferences,
  copies,
  maxManual,
}: {
  store: SnapshotsStore;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  trees: ProjectTreeAccess;
  snapshotCapture: SnapshotCapture;
  snapshotRestore: SnapshotRestore;
  tableDifferences: TableDifferences;
  /** `undefined`: changes are not copied without a snapshot of a person. */
  copies: (Pick<DueCopiesStore, "stateOf"> & { everyMs: number }) | undefined;
  maxManual: number;
}) {
  const open = async (userId: string, ref: string, id: string) => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Snapshot");
    return { project, row };
  };
  const openReady = async (userId: string, ref: string, id: string) => {
    const opened = await open(userId, ref, id);
    if (opened.row.status !== "ready")
      throw badRequest(
        opened.row.status === "pending"
          ? "This snapshot is still being taken. Try again in a moment."
          : "This snapshot failed and has no content.",
        "snapshot_not_ready",
      );
    return opened;
  };
  const openCheckpoint = async (userId: string, ref: string, id: string) => {
    const project = await projects.require(userId, ref);
    const row = await store.findCheckpoint(project.id, id);
    if (!row) throw notFound("Checkpoint");
    return { project, row };
  };
  /** Name of a snapshot or checkpoint in the project's history. */
  const pointOf = async (project: ProjectRow, id: string): Promise<string> => {
    const row = await store.find(project.id, id);
    if (row?.status === "ready") return `snapshot/${id}`;
    if (row) throw badRequest("This snapshot is not ready. Try again in a moment.", "snapshot_not_ready");
    if (await store.findCheckpoint(project.id, id)) return `checkpoint/${id}`;
    throw notFound("Snapshot");
  };
  const compare = async (
    project: ProjectRow,
    from: string,
    { against = "now", path }: { against?: string; path?: string },
    signal: AbortSignal,
  ): Promise<SnapshotDiff> => {
    const only = path === undefined ? "" : exactPath(path);
    const to = against === "now" ? "now" : await pointOf(project, against.toLowerCase());
    const { history } = await trees.open(project);
    const found = await history.compare(from, to, { signal, ...(only === "" ? { withoutIgnored: true } : { path: only }) });
    return {
      files: found.files.map((file) => ({
        path: file.path,
        old_path: file.oldPath ?? null,
        status: file.status,
        additions: file.additions,
        deletions: file.deletions,
        is_binary: file.isBinary,
        patch: file.patch ?? null,
      })),
      total: found.totalFiles,
      additions: found.additions,
      deletions: found.deletions,
    };
  };
  const refuse = createRestoreGuard(store);

  return {
    list: async (
      userId: string,
      ref: string,
      query: PageQuery,
    ): Promise<List<Snapshot> & { max_snapshots: number; copies: ScheduledCopies | null }> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      // Branches are not copied.
      const schedule = project.branch_of === null ? copies : undefined;
      const [{ rows, total }, state] = await Promise.all([store.list(project.id, page), schedule?.stateOf(project.id)]);
      return {
        ...page.envelope(rows.map(presentSnapshot), total),
        max_snapshots: maxManual,
        copies: schedule && state ? { every_minutes: schedule.everyMs / 60_000, copied_until: state.until, due_since: state.due_at } : null,
      };
    },
    get: async (userId: string, ref: string, id: string): Promise<Snapshot> => presentSnapshot((await open(userId, ref, id)).row),
    /** Throws `project_busy`, `snapshot_pending`, `snapshot_limit_reached`. */
    create: async (userId: string, ref: string, { label }: { label?: string }) => {
      const project = await projects.require(userId, ref);
      if (!["active", "stopped", "setup_failed"].includes(project.environment_status))
        throw conflict("project_busy", "This project is busy. Try again in a moment.");
      await trees.open(project);
      const name = label?.trim();
      const { row, task } = await snapshotCapture.begin(project, { type: "manual", label: name ? name : "Manual save", userId }, (tx) =>
        refuse(tx, project.id),
      );
      return { ...presentSnapshot(row), ...taskLinks(task) };
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const { project, row } = await open(userId, ref, id);
      await snapshotRestore.refuseWhileRestoring(project.id);
      await store.transaction((tx) => store.remove(tx, [row.id]));
      await snapshotCapture.forget(project, [row]);
    },
    restore: async (userId: string, ref: string, id: string, { with_messages, ...options }: RestoreRequest) => {
      const { project, row } = await openReady(userId, ref, id);
      const { task, safety_snapshot_id } = await snapshotRestore.begin(project, userId, {
        point: `snapshot/${row.id}`,
        label: row.label ?? row.snapshot_name,
        name: row.snapshot_name,
        commit_subject: `Restore snapshot “${row.label ?? row.snapshot_name}”`,
        snapshot_id: row.id,
        ...options,
        ...(with_messages && { messages_since: row.created_at }),
      });
      return { ...taskLinks(task), snapshot_id: row.id, safety_snapshot_id };
    },
    diff: async (userId: string, ref: string, id: string, query: { against?: string; path?: string }, signal: AbortSignal) => {
      const { project, row } = await openReady(userId, ref, id);
      return compare(project, `snapshot/${row.id}`, query, signal);
    },
    /** With the running databases, or with those of the snapshot `against`. */
    tables: async (userId: string, ref: string, id: string, against: string | undefined, signal: AbortSignal): Promise<SnapshotTables> => {
      const { project, row } = await openReady(userId, ref, id);
      if (against !== undefined) {
        const other = await openReady(userId, ref, against);
        return tableDifferences.between(project, `snapshot/${row.id}`, `snapshot/${other.row.id}`);
      }
      return tableDifferences.of(project, `snapshot/${row.id}`, signal);
    },
    download: async (userId: string, ref: string, id: string, format: ArchiveFormat): Promise<{ row: SnapshotRow; data: Readable }> => {
      const { project, row } = await openReady(userId, ref, id);
      const { history } = await trees.open(project);
      return { row, data: await archiveOf(history, `snapshot/${row.id}`, format) };
    },

    checkpoints: async (userId: string, ref: string, query: PageQuery): Promise<List<Checkpoint>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.listCheckpoints(project.id, page);
      return page.envelope(rows.map(checkpointOf), total);
    },
    checkpointDiff: async (userId: string, ref: string, id: string, query: { against?: string; path?: string }, signal: AbortSignal) => {
      const { project, row } = await openCheckpoint(userId, ref, id);
      return compare(project, `checkpoint/${row.id}`, query, signal);
    },
    checkpointRestore: async (userId: string, ref: string, id: string, { with_messages, ...options }: RestoreCheckpoint) => {
      const { project, row } = await openCheckpoint(userId, ref, id);
      // The checkpoint before a run is younger than its message.
      const sentAt = row.kind === "turn" && row.message_id !== null ? await store.sentAt(row.message_id) : undefined;
      const label = row.kind === "turn" ? `before “${titleOfCheckpoint(row)}”` : stateAfter(row.label);
      const { task, safety_snapshot_id } = await snapshotRestore.begin(project, userId, {
        point: `checkpoint/${row.id}`,
        label,
        name: `checkpoint-${row.id.slice(0, 8)}`,
        commit_subject: row.kind === "turn" ? `Go back to ${label}` : `Restore checkpoint “${label}”`,
        checkpoint_id: row.id,
        ...options,
        ...(with_messages && { messages_since: sentAt ?? row.created_at }),
      });
      return { ...taskLinks(task), checkpoint_id: row.id, safety_snapshot_id };
    },
  };
}

/** The name of the state after a restore, by the label of its checkpoint. */
const stateAfter = (label: string): string =>
  label
    .replace(/^Restored /, "")
    .replace(/^Undid /, "before ")
    .replace(/^Redid /, "after ");

function presentSnapshot(row: SnapshotRow & { copied_at?: string | null }): Snapshot {
  return {
    id: row.id,
    project_id: row.project_id,
    snapshot_name: row.snapshot_name,
    snapshot_type: row.snapshot_type,
    status: row.status,
    label: row.label,
    checkpoint_id: row.checkpoint_id,
    volume_size_bytes: row.volume_size_bytes,
    databases: row.databases,
    error: row.error,
    created_at: row.created_at,
    ready_at: row.ready_at,
    copied_at: row.copied_at ?? null,
  };
}
const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  id: row.id,
  project_id: row.project_id,
  kind: row.kind,
  title: titleOfCheckpoint(row),
  label: row.label,
  chat_id: row.chat_id,
  message_id: row.message_id,
  task_id: row.task_id,
  before_id: row.before_id,
  commit_sha: row.commit_sha,
  created_at: row.created_at,
});
