import { keepPreviousData, queryOptions, type QueryClient } from "@tanstack/react-query";
import type {
  Contract,
  Deployment,
  DeploymentRequest,
  DeploymentTarget,
  LaunchSettings,
  ProjectEvent,
  ProjectEventData,
} from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import type { ProjectEvents } from "../../project/use-project-stream.ts";
import { shownStep, type ShownStep } from "./deployments.ts";

type Api = Client<Contract>;
type Changed = ProjectEventData<"deployment_changed">;

/** Kept true by `deployment_changed` and `target_changed` (see workbench/patch-cache.ts). */
const live = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
const shownCount = 200;

export const deploymentsKey = (projectId: string) => ["project", projectId, "deployments"] as const;
const stepsKey = (projectId: string) => ["project", projectId, "deployment-steps"] as const;
export const targetsKey = (projectId: string) => ["project", projectId, "targets"] as const;
export const planKey = (projectId: string) => ["project", projectId, "deployment-plan"] as const;
export const credentialsKey = ["deployment-credentials"] as const;

const isOver = (status: Changed["status"]) => status === "success" || status === "failed";
const patched = (list: readonly Deployment[], { id, op, status }: Changed): readonly Deployment[] => {
  if (op === "delete") return list.filter((known) => known.id !== id);
  // What ends says more than its status (address, report, what is live now): that is read.
  if (status === undefined || isOver(status)) return list;
  return list.map((known) => (known.id === id ? { ...known, status } : known));
};

/** The deployments of a project, newest first, without their logs. */
export const deploymentsQuery = (api: Api, projectId: string, during: ProjectEvents["during"]) =>
  queryOptions({
    queryKey: deploymentsKey(projectId),
    queryFn: ({ signal }) =>
      during(
        async (): Promise<readonly Deployment[]> =>
          (await api.deployments.list({ params: { project_id: projectId }, query: { limit: shownCount } }, { signal })).items,
        (list, event: ProjectEvent) => (event.type === "deployment_changed" ? patched(list, event.data) : list),
      ),
    ...live,
  });

/** Which step each deployment has come to, as events told it; nothing is asked for. */
export const deploymentStepsQuery = (projectId: string) =>
  queryOptions({
    queryKey: stepsKey(projectId),
    queryFn: (): Readonly<Record<string, ShownStep>> => ({}),
    enabled: false,
    initialData: {},
    ...live,
  });

/** Brings the cached answers in line with an event of the project's stream. */
export function patchDeployments(queries: QueryClient, projectId: string, data: Changed): void {
  const step = shownStep(data.step);
  if (step) queries.setQueryData<Readonly<Record<string, ShownStep>>>(stepsKey(projectId), (known) => ({ ...known, [data.id]: step }));
  const list = queries.getQueryData<readonly Deployment[]>(deploymentsKey(projectId));
  if (!list) return;
  queries.setQueryData(deploymentsKey(projectId), patched(list, data));
  const isKnown = list.some(({ id }) => id === data.id);
  if (data.op === "delete" || (isKnown && data.status !== undefined && !isOver(data.status))) return;
  if (isKnown && data.status === undefined && step !== undefined) return;
  void queries.invalidateQueries({ queryKey: deploymentsKey(projectId) });
}

/** What a deployment would ship. The request holds no values of variables. */
export const planQuery = (api: Api, projectId: string, request: DeploymentRequest) =>
  queryOptions({
    queryKey: [...planKey(projectId), request] as const,
    queryFn: ({ signal }) => api.deployments.plan({ body: request }, { signal }),
    // Files change while nobody looks: each opening asks anew.
    staleTime: 0,
    gcTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });

export const launchSettingsKey = (projectId: string) => ["project", projectId, "launch-settings"] as const;
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

/** The person's accounts at providers and those of single projects, and what providers there are. */
export const credentialsQuery = (api: Api) =>
  queryOptions({
    queryKey: credentialsKey,
    queryFn: ({ signal }) => api.deploymentCredentials.list({ query: { limit: 200 } }, { signal }),
    staleTime: 30_000,
  });

const historyCount = 50;
/** What went to a target; read anew whenever the deployments are. */
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
