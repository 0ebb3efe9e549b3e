import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { Contract, Deployment, ProjectEvent, ProjectEventData } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { partKey, live } from "./cache-keys.ts";
import { shownStepOf, type ShownStep } from "./deployment-steps.ts";
import type { ProjectEvents } from "./project-events.ts";

type Api = Client<Contract>;
type Changed = ProjectEventData<"deployment_changed">;

const shownCount = 200;

export const deploymentsKey = (projectId: string) => partKey(projectId, "deployments");
const stepsKey = (projectId: string) => partKey(projectId, "deployment-steps");
export const targetsKey = (projectId: string) => partKey(projectId, "targets");
export const deploymentPlanKey = (projectId: string) => partKey(projectId, "deployment-plan");

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

/** Which step each deployment has come to, from events, without a request. */
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
  const step = data.step_key && shownStepOf[data.step_key];
  if (step) queries.setQueryData<Readonly<Record<string, ShownStep>>>(stepsKey(projectId), (known) => ({ ...known, [data.id]: step }));
  const list = queries.getQueryData<readonly Deployment[]>(deploymentsKey(projectId));
  if (!list) return;
  queries.setQueryData(deploymentsKey(projectId), patched(list, data));
  const isKnown = list.some(({ id }) => id === data.id);
  if (data.op === "delete" || (isKnown && data.status !== undefined && !isOver(data.status))) return;
  if (isKnown && data.status === undefined && step !== undefined) return;
  void queries.invalidateQueries({ queryKey: deploymentsKey(projectId) });
}
