import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects, Release } from "../../projects/projects/index.ts";
import type { SnapshotCopies } from "./copies.ts";
import { restorePrefix } from "./replace-state.ts";
import { restoreType } from "./restore-task.ts";
import type { SnapshotsStore } from "./snapshots.store.ts";

/** Histories unchanged for this long have already been cleaned up. */
const tidyWithinMs = 3 * 86_400_000;

export type SnapshotRetention = ReturnType<typeof createSnapshotRetention>;

/** Deletes expired rows first, then their points in histories; the next round continues after a crash. */
export function createSnapshotRetention({
  store,
  projects,
  runtime,
  copies,
  retentionMs,
  log,
}: {
  store: SnapshotsStore;
  projects: Pick<Projects, "find" | "sandboxOf">;
  runtime: Pick<RuntimeDriver, "histories" | "removeHistory">;
  copies: Pick<SnapshotCopies, "removeUnneeded" | "removeProject" | "sweep">;
  retentionMs: number;
  log: Logger;
}) {
  /** Deleted projects whose snapshots have expired. */
  const removeOrphans = async (ids: string[]) => {
    const detached = new Set(await store.detachedKeys(ids));
    for (const id of ids) if (!detached.has(id) && !(await projects.find(id))) await runtime.removeHistory(id);
  };
  const tidy = async (projectId: string) => {
    const project = await projects.find(projectId);
    if (!project || ["provisioning", "setup_failed", "files_missing", "deleting"].includes(project.environment_status)) return;
    if (Date.now() - Date.parse(project.last_activity ?? project.updated_at) > tidyWithinMs + retentionMs) return;
    const { history } = await projects.sandboxOf(project);
    const wanted = await store.pointNames(projectId);
    // Snapshots and checkpoints in progress are handled tomorrow.
    const names = await history.names();
    if (!(await store.isUnfinished(projectId, [restoreType]))) await history.remove(names.filter((name) => name.startsWith(restorePrefix)));
    await history.remove(names.filter((name) => name.startsWith("snapshot/") && !wanted.has(name)));
    const stillWanted = await store.pointNames(projectId);
    await history.remove(names.filter((name) => name.startsWith("checkpoint/") && !stillWanted.has(name)));
    await history.tidy();
  };
  return {
    jobHandlers: {
      prune_snapshots: async () => {
        await store.removeExpired();
        await store.removeOldCheckpoints(new Date(Date.now() - retentionMs).toISOString());
        await copies.removeUnneeded();
        await copies.sweep().catch((err: unknown) => log.warn({ err }, "copies of snapshots not swept"));
        const ids = await runtime.histories();
        await removeOrphans(ids);
        for (const id of ids) await tidy(id).catch((err: unknown) => log.warn({ err, project_id: id }, "history cleanup failed"));
      },
    },
    /** For account deletion, before and after the projects are deleted: nothing is kept, whatever the retention. */
    claimFor: (userId: string): Promise<void> => store.attribute(userId),
    forgetUser: async (userId: string, projectIds: readonly string[]): Promise<void> => {
      const keys = new Set([...(await store.detachedKeysOf(userId)), ...projectIds]);
      for (const id of keys) if (!(await projects.find(id))) await runtime.removeHistory(id);
      // Last: until then the rows say what to remove.
      await store.removeDetached(userId);
    },
    /** A project is deleted: its snapshots are hidden and kept for the retention period. */
    release: async ({ project_id, container_id, reason }: Release): Promise<void> => {
      if (reason !== "deleted" || container_id !== undefined) return;
      await store.detach(project_id, new Date(Date.now() + retentionMs).toISOString());
      await copies.removeProject(project_id);
    },
  };
}
