import { useQueryClient } from "@tanstack/react-query";
import { urlOf } from "@tesslate/client/core";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { toast } from "../../ui/toast.tsx";
import { useUndoableDeletes } from "../../ui/use-undoable-deletes.ts";
import { pointsKey } from "./timeline.queries.ts";
import type { Entry } from "./timeline.ts";

export interface TimelineActions {
  /** Rejects if it fails; the dialog shows why. */
  save: (label: string) => Promise<void>;
  remove: (entry: Entry) => void;
  downloadUrl: (entry: Entry) => string;
}

/** The actions on snapshots of the project, and those that are being deleted. */
export function useTimeline(projectId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
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
    remove: useHandler((entry) => {
      if (entry.isPending) toast("This snapshot is still being saved. Try again in a moment.", { kind: "note" });
      else deletes.remove(entry, `“${entry.title}”`);
    }),
    downloadUrl: (entry) =>
      urlOf("/api/projects/{id}/snapshots/{snapshot_id}/download", { params: { id: projectId, snapshot_id: entry.id } }),
  };
  return { hidden: deletes.hidden, actions };
}
