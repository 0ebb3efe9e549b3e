import { queryOptions } from "@tanstack/react-query";
import type { Contract, GitCommit, RunSummary } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { hasCode } from "../lib/errors.ts";
import { live, partKey } from "./cache-keys.ts";

type Api = Client<Contract>;

const shownRuns = 200;
/** The latest runs with what they changed and cost. */
export const runsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "runs"),
    queryFn: async ({ signal }): Promise<readonly RunSummary[]> =>
      (await api.changes.list({ params: { id: projectId }, query: { limit: shownRuns } }, { signal })).items,
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
