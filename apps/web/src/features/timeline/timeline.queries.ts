import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Contract, GitCommit, RunSummary } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { hasCode } from "../../lib/errors.ts";
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
      return { snapshots: snapshots.items, maxSnapshots: snapshots.max_snapshots, checkpoints: checkpoints.items };
    },
    ...live,
  });

/** The latest runs with what they changed and cost. */
export const runsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "runs"),
    queryFn: async ({ signal }): Promise<readonly RunSummary[]> =>
      (await api.changes.list({ params: { id: projectId }, query: { limit: shownCheckpoints } }, { signal })).items,
    ...live,
  });

const shownCommits = 100;
/** The latest commits of the current branch; none without a repository. Updated by `git_changed` events. */
export const commitsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: [...partKey(projectId, "git"), "timeline"] as const,
    queryFn: async ({ signal }): Promise<readonly GitCommit[]> => {
      try {
        return (await api.git.log({ params: { project_id: projectId }, query: { limit: shownCommits } }, { signal })).items;
      } catch (error) {
        if (hasCode(error, "not_a_repository")) return [];
        throw error;
      }
    },
    ...live,
    retry: false,
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
