import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Contract, Deployment, DeploymentRequest, DeploymentTarget, LaunchSettings } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";
import { deploymentsKey, deploymentPlanKey, targetsKey } from "../../project/deployments.queries.ts";

type Api = Client<Contract>;

export const credentialsKey = ["deployment-credentials"] as const;

/** What a deployment would ship. The request holds no values of variables. */
export const planQuery = (api: Api, projectId: string, request: DeploymentRequest) =>
  queryOptions({
    queryKey: [...deploymentPlanKey(projectId), request] as const,
    queryFn: ({ signal }) => api.deployments.plan({ body: request }, { signal }),
    // Files may have changed: load again each time it is opened.
    staleTime: 0,
    gcTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });

export const launchSettingsKey = (projectId: string) => partKey(projectId, "launch-settings");
export const launchSettingsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: launchSettingsKey(projectId),
    queryFn: ({ signal }): Promise<LaunchSettings> => api.deployments.launchSettings({ params: { project_id: projectId } }, { signal }),
    staleTime: 60_000,
  });

/** The targets on the canvas. */
export const targetsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: targetsKey(projectId),
    queryFn: async ({ signal }): Promise<readonly DeploymentTarget[]> =>
      (await api.deploymentTargets.list({ params: { project_id: projectId }, query: { limit: 200 } }, { signal })).items,
    ...live,
  });

/** The person's accounts at providers, those of single projects, and the available providers. */
export const credentialsQuery = (api: Api) =>
  queryOptions({
    queryKey: credentialsKey,
    queryFn: ({ signal }) => api.deploymentCredentials.list({ query: { limit: 200 } }, { signal }),
    staleTime: 30_000,
  });

const historyCount = 50;
/** The deployments of a target; reloaded with the deployments. */
export const targetHistoryQuery = (api: Api, projectId: string, targetId: string) =>
  queryOptions({
    queryKey: [...deploymentsKey(projectId), "target", targetId] as const,
    queryFn: async ({ signal }): Promise<readonly Deployment[]> =>
      (
        await api.deploymentTargets.history(
          { params: { project_id: projectId, target_id: targetId }, query: { limit: historyCount } },
          { signal },
        )
      ).items,
    ...live,
    staleTime: 0,
  });
