import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { changeSetKey, partKey } from "../../project/cache-keys.ts";

type Api = Client<Contract>;

/**
 * The change set of an ended run changes only by rejections and by what brings rejected parts back (`files_replaced` loads it again); that of an active run is loaded each time it is shown. The files are final
 * slightly before the run ends, so a response from that time is loaded again.
 */
export const changeSetQuery = (api: Api, taskId: string) =>
  queryOptions({
    queryKey: changeSetKey(taskId),
    queryFn: ({ signal }) => api.changes.diff({ params: { task_id: taskId } }, { signal }),
    staleTime: (query) => (query.state.data?.compared_with === "after" && !query.state.data.is_running ? 60_000 : 0),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 5 * 60_000,
  });

/** A point in time that files can be compared with. */
export interface Point {
  id: string;
  kind: "snapshot" | "checkpoint";
}
export const diffKey = (projectId: string, from: string, to: string) => [...partKey(projectId, "diff"), from, to] as const;
/** The patch of one file that was too large for the whole response. */
export const fileDiffQuery = (api: Api, projectId: string, from: Point, to: string, path: string) =>
  queryOptions({
    queryKey: [...diffKey(projectId, from.id, to), path] as const,
    queryFn: async ({ signal }) => {
      const query = { against: to, path };
      const diff =
        from.kind === "snapshot"
          ? await api.snapshots.diff({ params: { id: projectId, snapshot_id: from.id }, query }, { signal })
          : await api.snapshots.checkpointDiff({ params: { id: projectId, checkpoint_id: from.id }, query }, { signal });
      return diff.files[0]?.patch ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 60_000,
  });
