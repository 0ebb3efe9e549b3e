import { createHash } from "node:crypto";
import { RuntimeError, type History } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SnapshotCopyRow, SnapshotRow } from "../../../db/schema/source.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import { isUuid } from "../../../platform/uuid.ts";
import type { CopiesStore } from "./copies.store.ts";

const job = "copy_snapshots";
const collection = "snapshots/";
/** Each tenth copy of a project is a full one. */
const maxDepth = 9;
/** How many are made at the same time. */
const concurrency = 2;
/** An object without a row may be one whose row is about to be inserted. */
const leftoverAfterMs = 86_400_000;
/** Until the hourly job tries again. */
const maxAttempts = 8;

export type SnapshotCopies = ReturnType<typeof createSnapshotCopies>;

/**
 * Copies snapshots from the disk of their project to the object store. A copy has what is new since the one before, until there are ten, or these are
 * larger than the snapshot.
 */
export function createSnapshotCopies({
  store,
  objects,
  projects,
  isOn,
  onCopy,
  onCopied,
  log,
}: {
  store: CopiesStore;
  objects: ObjectStore;
  projects: {
    find(projectId: string): Promise<ProjectRow | undefined>;
    sandboxOf(project: ProjectRow): Promise<{ history: History }>;
  };
  isOn: boolean;
  onCopy(outcome: "completed" | "failed", bytes: number): void;
  onCopied(row: SnapshotRow): Promise<void>;
  log: Logger;
}) {
  const keyOf = (projectId: string, snapshotId: string) => `${collection}${projectId}/${snapshotId}`;
  const closing = new AbortController();

  const enqueue = (tx: Queries, projectId: string): Promise<void> =>
    enqueueJob(tx, job, { project_id: projectId }, { key: `${job}:${projectId}`, maxAttempts, queue: queueOf(projectId) });

  const baseFor = async (row: SnapshotRow): Promise<SnapshotCopyRow | undefined> => {
    const newest = await store.findNewest(row.storage_key);
    return newest && newest.depth < maxDepth && newest.chain_bytes <= (row.volume_size_bytes ?? 0) ? newest : undefined;
  };
  const copy = async (history: History, row: SnapshotRow): Promise<void> => {
    const wanted = await baseFor(row);
    const { commit, isFull, data } = await history.exportPoint(`snapshot/${row.id}`, {
      ...(wanted && { base: `snapshot/${wanted.id}` }),
      signal: closing.signal,
    });
    const key = keyOf(row.storage_key, row.id);
    const bytes = await objects.put(key, data, { signal: closing.signal });
    const base = isFull ? undefined : wanted;
    const kept = await store.insert({
      id: row.id,
      storage_key: row.storage_key,
      commit_sha: commit,
      bytes,
      base_id: base?.id ?? null,
      depth: base === undefined ? 0 : base.depth + 1,
      chain_bytes: base === undefined ? 0 : base.chain_bytes + bytes,
    });
    if (!kept) return objects.delete(key);
    await history.remove(kept.superseded.map((id) => `snapshot/${id}`));
    await onCopied(row);
    onCopy("completed", bytes);
    log.info({ project_id: row.storage_key, snapshot_id: row.id, bytes, base_id: base?.id ?? null }, "snapshot copied");
  };
  const copyProject = async (projectId: string): Promise<void> => {
    const due = await store.listDue(projectId);
    const project = await projects.find(projectId);
    if (due.length === 0 || !project) return;
    const { history } = await projects.sandboxOf(project);
    /** A snapshot that cannot be copied does not hold up later ones. */
    let failure: { error: unknown } | undefined;
    for (const row of due)
      try {
        closing.signal.throwIfAborted();
        await copy(history, row);
      } catch (error) {
        closing.signal.throwIfAborted();
        // The snapshot was deleted during the copy.
        if (error instanceof RuntimeError && error.code === "not_found") continue;
        failure ??= { error };
      }
    await removeUnneeded(projectId);
    if (failure) throw failure.error;
  };
  const removeUnneeded = async (projectId?: string): Promise<void> => {
    // One that is removed may have been the last that another one was the base of.
    for (let removed = await store.removeUnneeded(projectId); removed.length > 0; removed = await store.removeUnneeded(projectId))
      // In the background. An object that is not deleted has no row, so the daily sweep deletes it.
      objects
        .delete(...removed.map((row) => keyOf(row.storage_key, row.id)))
        .catch((err: unknown) => log.warn({ err }, "copies of deleted snapshots not deleted yet"));
  };

  return {
    isOn,
    /** In the transaction in which a snapshot of the project became ready. */
    due: async (tx: Queries, projectId: string): Promise<void> => {
      if (isOn) await enqueue(tx, projectId);
    },
    jobHandlers: {
      [job]: async (payload: unknown) => {
        if (!isOn) return;
        const { project_id: projectId } = payload as { project_id: string };
        try {
          await copyProject(projectId);
        } catch (error) {
          if (!closing.signal.aborted) onCopy("failed", 0);
          log.warn({ err: error, project_id: projectId }, "snapshots not copied");
          throw error;
        }
      },
      /** Snapshots from before copies were on, and those whose job failed too often. */
      copy_due_snapshots: async () => {
        if (!isOn) return;
        for (const id of await store.listDueProjects()) await store.transaction((tx) => enqueue(tx, id));
      },
    },
    numbers: store.numbers,
    chainOf: store.chainOf,
    listOf: store.listOf,
    findRestorable: store.findRestorable,
    /** Adds a copy to a history. Its base must be there. Throws `unavailable` without the storage. */
    addTo: async (history: History, row: SnapshotCopyRow, signal: AbortSignal): Promise<void> => {
      const found = await objects.get(keyOf(row.storage_key, row.id));
      if (!found) throw new AppError("not_found", "A copy of this snapshot is missing in the file storage.");
      let failure: { error: unknown } | undefined;
      const data = async function* () {
        try {
          yield* found.data as AsyncIterable<Buffer>;
        } catch (error) {
          failure = { error };
          throw error;
        }
      };
      try {
        await history.importPoint(`snapshot/${row.id}`, { commit: row.commit_sha, bytes: row.bytes, data: data(), signal });
      } catch (error) {
        // Why the storage did not send it says more than that it did not arrive.
        throw failure ? failure.error : error;
      } finally {
        found.data.destroy();
      }
    },
    /** Deletes copies whose snapshot was deleted, unless others are based on them. */
    removeUnneeded,
    removeProject: async (projectId: string): Promise<void> => {
      await store.removeProject(projectId);
      await objects.deleteAll(`${collection}${projectId}/`);
    },
    /** Deletes objects without a row, which a crash left. */
    sweep: async (): Promise<void> => {
      let keys: string[] = [];
      const remove = async () => {
        const known = await store.known(keys.map(idOf).filter(isUuid));
        await objects.delete(...keys.filter((key) => !known.has(idOf(key))));
        keys = [];
      };
      for await (const { key, modifiedAt } of objects.list(collection)) {
        if (Date.now() - modifiedAt.getTime() > leftoverAfterMs) keys.push(key);
        if (keys.length >= 500) await remove();
      }
      if (keys.length > 0) await remove();
    },
    close: async (): Promise<void> => closing.abort(),
  };
}

const idOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

/** Jobs of one queue run one after another, on whatever server. */
const queueOf = (projectId: string): string => `${job}:${createHash("sha256").update(projectId).digest().readUInt8() % concurrency}`;
