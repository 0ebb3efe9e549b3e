import { RuntimeError, type Attachment, type History } from "@tesslate/runtime";
import { randomCode } from "../../../platform/crypto.ts";
import { AppError, conflict, limitReached } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskContext, TaskRow, Tasks } from "../../core/tasks/index.ts";
import type { BackgroundCaptures } from "./background-captures.ts";
import type { SnapshotCopies } from "./copies.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";
import type { SavedDump, SnapshotContent, SnapshotRow } from "../../../db/schema/source.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

export interface DumpedDatabases extends AsyncDisposable {
  /** By the path they are stored under; usable until the result is disposed. */
  attachments: Record<string, Attachment>;
  /** The containers' names. */
  containers: string[];
  dumps: SavedDump[];
}

/** Restores one container, by its name. */
export type RestoreOfContainer = (container: string, work: () => Promise<void>) => Promise<void>;

export interface DumpOptions {
  signal: AbortSignal;
  note: (line: string) => Promise<void>;
  /** Leaves stopped ones out instead of starting them. */
  isRunningOnly?: boolean;
  /** Default true. False: the idle time of the project continues to count. */
  isUse?: boolean;
  /** The dumps of an earlier snapshot: those of databases that were not started since are taken over. */
  previous?: { history: Pick<History, "find" | "attachment">; point: string; dumps: readonly SavedDump[] };
}

/** Dumps and restores the rows of the project's databases. */
export interface ProjectDatabases {
  /** What the databases of running containers take on disk. */
  runningBytes(project: ProjectRow, signal: AbortSignal): Promise<number>;
  /** Dumps every database into files, which disposing the result deletes. */
  dump(project: ProjectRow, options: DumpOptions): Promise<DumpedDatabases>;
  /** Replaces only databases that are in the snapshot. `each` runs the work of each container, whose errors give the reason only. */
  restore(
    project: ProjectRow,
    point: { paths: string[]; open(path: string): Promise<{ data: AsyncIterable<Uint8Array> } | undefined> },
    options: { signal: AbortSignal; note: (line: string) => Promise<void>; each: RestoreOfContainer },
  ): Promise<void>;
}

export const captureType = "snapshot_creation";
const neverReadyMs = 10 * 60_000;
const prefixes: Record<SnapshotRow["snapshot_type"], string> = {
  manual: "manual",
  hibernation: "snap",
  safety: "snap",
  run: "run",
  scheduled: "copy",
};

interface SavedPoint {
  volume_size_bytes: number;
  databases: string[];
  content: SnapshotContent;
}

export type SnapshotCapture = ReturnType<typeof createSnapshotCapture>;

/** Takes snapshots and prunes automatic ones. */
export function createSnapshotCapture({
  store,
  trees,
  databases,
  copies,
  background,
  events,
  tasks,
  limits,
}: {
  store: SnapshotsStore;
  /** Captures that give way to this one: both could start and stop a database. */
  background: Pick<BackgroundCaptures, "stop">;
  copies: Pick<SnapshotCopies, "due" | "removeUnneeded">;
  trees: ProjectTreeAccess;
  databases: ProjectDatabases;
  events: EventLog;
  tasks: Tasks;
  limits: { maxManual: number; maxAutomatic: number; maxOfRuns: number; readyTimeoutMs: number };
}) {
  const changed = (projectId: string, op: "add" | "update" | "delete", id: string) =>
    events.append(projectId, { type: "snapshot_changed", data: { kind: "snapshot", op, id } });

  /** Saves files and databases as the point of the row. */
  const savePoint = async (
    project: ProjectRow,
    row: SnapshotRow,
    { maxFileBytes, ...options }: DumpOptions & { maxFileBytes?: number },
  ): Promise<SavedPoint> => {
    const { history } = await trees.open(project);
    await using dumped = await databases.dump(project, options);
    const { bytes, tree } = await history.capture(`snapshot/${row.id}`, {
      attachments: dumped.attachments,
      signal: options.signal,
      ...(maxFileBytes !== undefined && { maxFileBytes }),
    });
    return { volume_size_bytes: bytes, databases: dumped.containers, content: { tree: tree ?? null, dumps: dumped.dumps } };
  };
  /** The point of the row is complete: others can use it from now on, and it is copied. */
  const markReady = async (project: ProjectRow, row: SnapshotRow, saved: SavedPoint): Promise<SnapshotRow> => {
    const ready = await store.transaction(async (tx) => {
      const marked = await store.markReady(tx, row.id, saved);
      if (marked) await copies.due(tx, project.id);
      return marked;
    });
    if (!ready) throw new AppError("not_found", "The snapshot was deleted while it was being taken.");
    await changed(project.id, "update", row.id);
    return ready;
  };
  /** Takes the row's snapshot. Throws with a message for users; the row remains pending. */
  const capture = async (project: ProjectRow, row: SnapshotRow, options: DumpOptions & { maxFileBytes?: number }): Promise<SnapshotRow> => {
    await background.stop(project.id);
    return markReady(project, row, await savePoint(project, row, options));
  };

  const refuseOverLimit = (manual: readonly SnapshotRow[]): void => {
    const [oldest] = manual;
    if (!oldest || manual.length < limits.maxManual) return;
    throw limitReached(
      "snapshot_limit_reached",
      `This project has ${manual.length} of ${limits.maxManual} snapshots. Delete one first, for example the oldest: “${oldest.label ?? oldest.snapshot_name}”.`,
      {
        used: manual.length,
        limit: limits.maxManual,
        snapshots: manual.map(({ id, label, snapshot_name, created_at }) => ({ id, label: label ?? snapshot_name, created_at })),
      },
    );
  };

  /**
   * Inserts a pending row in the caller's transaction, which holds the tree's lock. Manual snapshots are never pruned: at their limit this
   * throws `snapshot_limit_reached`. Prunes the oldest automatic one, never `sparing`, or the oldest of a run for a new one of a run; call `forget`
   * after the commit to emit that.
   */
  const insert = async (
    tx: Queries,
    project: ProjectRow,
    {
      id,
      type,
      label,
      userId,
      sparing,
      checkpointId,
    }: {
      id?: string;
      type: SnapshotRow["snapshot_type"];
      label: string;
      userId: string | null;
      sparing?: string;
      /** The checkpoint before the run whose databases it has. */
      checkpointId?: string;
    },
  ): Promise<{ row: SnapshotRow; pruned: SnapshotRow[] }> => {
    const all = (await store.listAll(tx, project.id)).filter((row) => row.snapshot_type !== "scheduled");
    const pruned = all.filter(isStale);
    const isOfRun = (row: SnapshotRow) => row.snapshot_type === "run";
    if (type !== "run" && all.some((row) => row.status === "pending" && !isStale(row) && !isOfRun(row)))
      throw conflict("snapshot_pending", "A snapshot of this project is already being taken.");
    const left = all.filter((row) => !pruned.includes(row));
    if (type === "manual") refuseOverLimit(left.filter((row) => row.snapshot_type === "manual" && row.status === "ready"));
    else if (type === "run") {
      const ofRuns = left.filter(isOfRun);
      pruned.push(...ofRuns.slice(0, Math.max(0, ofRuns.length - limits.maxOfRuns + 1)));
    } else {
      const automatic = left.filter((row) => row.snapshot_type !== "manual" && !isOfRun(row));
      const removable = automatic.filter((row) => row.id !== sparing);
      pruned.push(...removable.slice(0, Math.max(0, automatic.length - limits.maxAutomatic + 1)));
    }
    await store.remove(
      tx,
      pruned.map((row) => row.id),
    );
    const row = await store.insert(tx, {
      ...(id !== undefined && { id }),
      ...(checkpointId !== undefined && { checkpoint_id: checkpointId }),
      project_id: project.id,
      user_id: userId,
      storage_key: project.id,
      snapshot_name: nameOf(project, type),
      snapshot_type: type,
      label,
    });
    return { row, pruned };
  };
  const forget = async (project: ProjectRow, pruned: readonly SnapshotRow[]): Promise<void> => {
    if (pruned.length === 0) return;
    await (await trees.open(project)).history.remove(pruned.map((row) => `snapshot/${row.id}`));
    for (const row of pruned) await changed(project.id, "delete", row.id);
    await copies.removeUnneeded(project.id);
  };

  /**
   * Snapshots the current state under a given id, for work that is about to replace it. Does nothing when it exists: an earlier attempt
   * may have started to replace files.
   */
  const snapshotBefore = async (
    project: ProjectRow,
    { id, label, userId }: { id: string; label: string; userId: string },
    context: Pick<TaskContext, "signal" | "note">,
  ): Promise<void> => {
    const known = await store.find(project.id, id);
    if (known?.status === "ready") return;
    const made =
      known === undefined
        ? await store.transaction(async (tx) => {
            await store.lockTree(tx, project.id);
            return insert(tx, project, { id, type: "safety", label, userId });
          })
        : undefined;
    if (made) {
      await forget(project, made.pruned);
      await changed(project.id, "add", id);
    }
    try {
      await capture(project, made?.row ?? (known as SnapshotRow), context);
    } catch (error) {
      // Nothing was replaced, so the snapshot is not needed.
      if (!context.signal.aborted) {
        await store.transaction((tx) => store.remove(tx, [id]));
        await changed(project.id, "delete", id);
      }
      throw error;
    }
  };

  const failed = async (task: TaskRow, id: string, error: string) => {
    if ((await store.markError(id, error)) && task.project_id) await changed(task.project_id, "update", id);
  };
  tasks.define<{ snapshot_id: string }>(captureType, {
    timeoutMs: limits.readyTimeoutMs,
    run: async (context) => {
      const project = await trees.find(context.task.project_id);
      const row = await store.find(project.id, context.input.snapshot_id);
      if (!row) throw new AppError("not_found", "The snapshot was deleted before it was taken.");
      await context.progress(10, "Saving files and databases");
      const ready = await capture(project, row, context).catch(async (error: unknown) => {
        // Store the failure before the task ends: followers read the row next.
        if (!context.signal.aborted && (error instanceof AppError || error instanceof RuntimeError))
          await failed(context.task, row.id, error.message);
        throw error;
      });
      return { snapshot_id: ready.id, snapshot_name: ready.snapshot_name };
    },
    ended: async (task) => {
      if (task.status === "completed") return;
      await failed(task, (task.input as { snapshot_id: string }).snapshot_id, task.error ?? "The snapshot failed.");
    },
    interrupted: (task) =>
      failed(
        task,
        (task.input as { snapshot_id: string }).snapshot_id,
        task.error ?? "The server stopped while the snapshot was being taken.",
      ),
  });

  /** Creates row and task; follow the task. Throws `snapshot_pending`, `snapshot_limit_reached`. */
  const begin = async (
    project: ProjectRow,
    options: { type: SnapshotRow["snapshot_type"]; label: string; userId: string },
    refuse: (tx: Queries) => Promise<void>,
  ): Promise<{ row: SnapshotRow; task: TaskRow }> => {
    const { row, pruned, task } = await store.transaction(async (tx) => {
      await store.lockTree(tx, project.id);
      await refuse(tx);
      const made = await insert(tx, project, options);
      return {
        ...made,
        task: await tasks.create(tx, {
          user_id: options.userId,
          project_id: project.id,
          type: captureType,
          unique_key: `${captureType}:${project.id}`,
          metadata: { project_id: project.id, project_slug: project.slug, snapshot_id: made.row.id, label: options.label },
          input: { snapshot_id: made.row.id },
          message: "Waiting to take the snapshot",
        }),
      };
    });
    await forget(project, pruned);
    await changed(project.id, "add", row.id);
    return { row, task };
  };
  return { capture, savePoint, markReady, insert, forget, begin, snapshotBefore, changed };
}

/** Of a task that ended without marking it. */
export const isStale = (row: SnapshotRow): boolean => row.status !== "ready" && Date.now() - Date.parse(row.created_at) > neverReadyMs;

/** `manual-1a2b3c4d-20260131-235959-x7q2`. */
export function nameOf(project: ProjectRow, type: SnapshotRow["snapshot_type"]): string {
  const [day = "", time = ""] = new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15).split("T");
  return `${prefixes[type]}-${project.id.slice(0, 8)}-${day}-${time}-${randomCode(4)}`;
}
