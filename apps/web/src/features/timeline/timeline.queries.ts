import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";
import { diffKey, type Point } from "../changes/index.ts";

type Api = Client<Contract>;

const shownCheckpoints = 200;

export const pointsKey = (projectId: string) => partKey(projectId, "points");
/** All snapshots and the latest checkpoints. */
export const pointsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: pointsKey(projectId),
    queryFn: async ({ signal }) => {
      const [snapshots, checkpoints] = await Promise.all([
        api.snapshots.list({ params: { id: projectId }, query: { limit: 100 } }, { signal }),
        api.snapshots.checkpoints({ params: { id: projectId }, query: { limit: shownCheckpoints } }, { signal }),
      ]);
      return {
        snapshots: snapshots.items,
        maxSnapshots: snapshots.max_snapshots,
        copies: snapshots.copies,
        checkpoints: checkpoints.items,
      };
    },
    ...live,
  });

/** Changes between two points. A comparison with `now` is loaded each time it is shown. */
export const diffQuery = (api: Api, projectId: string, from: Point, to: string) =>
  queryOptions({
    queryKey: diffKey(projectId, from.id, to),
    queryFn: ({ signal }) =>
      from.kind === "snapshot"
        ? api.snapshots.diff({ params: { id: projectId, snapshot_id: from.id }, query: { against: to } }, { signal })
        : api.snapshots.checkpointDiff({ params: { id: projectId, checkpoint_id: from.id }, query: { against: to } }, { signal }),
    ...live,
    staleTime: to === "now" ? 0 : Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });

/** The tables of a snapshot's databases that are different now, or in the snapshot `against`. With the present ones it is loaded each time it is shown. */
export const tableDifferencesQuery = (api: Api, projectId: string, snapshotId: string, against?: string) =>
  queryOptions({
    queryKey: [...pointsKey(projectId), "tables", snapshotId, against ?? "now"] as const,
    queryFn: ({ signal }) =>
      api.snapshots.tables(
        { params: { id: projectId, snapshot_id: snapshotId }, query: { ...(against !== undefined && { against }) } },
        { signal },
      ),
    staleTime: against === undefined ? 0 : Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
