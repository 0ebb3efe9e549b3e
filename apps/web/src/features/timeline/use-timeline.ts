import { useQueryClient } from "@tanstack/react-query";
import type { Task } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectQuery, useTasks } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { toast } from "../../ui/toast.tsx";
import { useUndoableDeletes } from "../../ui/use-undoable-deletes.ts";
import { pointsKey, pointsQuery } from "./timeline.queries.ts";
import type { Entry } from "./timeline.ts";

export interface TimelineActions {
  /** Rejects if it fails; the dialog shows why. */
  save: (label: string) => Promise<void>;
  restore: (entry: Entry, options: { keepsNow: boolean }) => Promise<void>;
  remove: (entry: Entry) => void;
  downloadUrl: (entry: Entry) => string;
}

/** Snapshots and checkpoints of the project, a running or failed restore, and the actions on them. */
export function useTimeline(projectId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  const query = useProjectQuery(pointsQuery(api, projectId));
  const tasks = useTasks();
  const refresh = () => queries.invalidateQueries({ queryKey: pointsKey(projectId) });

  const deletes = useUndoableDeletes<Entry>({
    said: (name) => `${name} deleted.`,
    send: async (entry, options) => {
      await api.snapshots.remove({ params: { id: projectId, snapshot_id: entry.id } }, options);
      await refresh();
    },
  });
  const actions: TimelineActions = {
    save: useHandler(async (label) => {
      await api.snapshots.create({ params: { id: projectId }, body: label.trim() ? { label: label.trim() } : {} });
      await refresh();
    }),
    restore: useHandler(async (entry, { keepsNow }) => {
      const body = { safety_snapshot: keepsNow };
      if (entry.kind === "snapshot") await api.snapshots.restore({ params: { id: projectId, snapshot_id: entry.id }, body });
      else await api.snapshots.checkpointRestore({ params: { id: projectId, checkpoint_id: entry.id }, body });
    }),
    remove: useHandler((entry) => {
      if (entry.isPending) toast("This snapshot is still being saved. Try again in a moment.", { kind: "note" });
      else deletes.remove(entry, `“${entry.title}”`);
    }),
    downloadUrl: (entry) =>
      urlOf("/api/projects/{id}/snapshots/{snapshot_id}/download", { params: { id: projectId, snapshot_id: entry.id } }),
  };
  const restores = tasks.filter((task) => task.type === "snapshot_restore");
  const running: Task | undefined = restores.find((task) => task.status === "queued" || task.status === "running");
  const failed: Task | undefined = running ? undefined : restores[0]?.status === "failed" ? restores[0] : undefined;
  return { query, hidden: deletes.hidden, actions, running, failed };
}
