import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Deployment, DeploymentRequest, LaunchCheck } from "@tesslate/contract";
import { useEffect, useMemo, useRef, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { deploymentStepsQuery, deploymentsKey, deploymentsQuery } from "../../project/deployments.queries.ts";
import { useProject, useProjectEvents, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { toast } from "../../ui/toast.tsx";
import { againOf, isPreview, isUnderWay, versionName, providerTitle } from "./deployments.ts";
import type { Deploys, DrawerSubject } from "./deploys-context.ts";
import { emptyDraft, type Draft } from "./draft.ts";

/** Notifies once about deployments that ended and are not open in the drawer. */
function useOutcomeNotices(
  list: readonly Deployment[] | undefined,
  subject: DrawerSubject | undefined,
  show: (id: string | undefined) => void,
) {
  const going = useRef<ReadonlySet<string>>(new Set());
  const notify = useHandler((ended: readonly Deployment[]) => {
    for (const deployment of ended) {
      if (subject?.kind === "deployment" && subject.id === deployment.id) continue;
      const isFine = deployment.status === "success";
      const name = versionName(deployment);
      const container = deployment.metadata.container_name;
      const target = providerTitle(deployment.provider);
      const text = isPreview(deployment)
        ? `Preview ${name} of ${container} is ready on ${target}.`
        : isFine
          ? `${name} of ${container} is live on ${target}.`
          : `Couldn't deploy ${name} of ${container} to ${target}.`;
      toast(text, {
        id: `deployment:${deployment.id}`,
        kind: isFine ? "done" : "failed",
        action: { label: isFine ? "View" : "View details", onSelect: () => show(deployment.id) },
      });
    }
  });
  useEffect(() => {
    if (!list) return;
    const ended = list.filter((deployment) => going.current.has(deployment.id) && !isUnderWay(deployment));
    going.current = new Set(list.filter(isUnderWay).map(({ id }) => id));
    if (ended.length > 0) notify(ended);
  }, [list, notify]);
}

/** The deployments of an open project, and the drawer that shows them over any view. */
export function useProjectDeploys() {
  const { id: projectId } = useProject();
  const { during } = useProjectEvents();
  const { openFile, compose, showDeployment, showReview } = useWorkbenchActions();
  const { api } = useServices();
  const queries = useQueryClient();
  const read = useProjectQuery(deploymentsQuery(api, projectId, during));
  const steps = useQuery(deploymentStepsQuery(projectId)).data;
  const [subject, setSubject] = useState<DrawerSubject>();
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  /** Requests with their variables, in memory only, for deploying again. */
  const sent = useRef(new Map<string, DeploymentRequest>());

  const put = (deployment: Deployment) =>
    queries.setQueryData<readonly Deployment[]>(
      deploymentsKey(projectId),
      (list) => list && (list.some(({ id }) => id === deployment.id) ? list : [deployment, ...list]),
    );
  const openForm = useHandler((preset?: Partial<Draft>) => {
    if (preset) setDraft((known) => ({ ...known, ...preset }));
    setSubject({ kind: "form" });
  });
  const openDeployment = useHandler((id: string) => setSubject({ kind: "deployment", id }));
  const start = useHandler(async (request: DeploymentRequest) => {
    const { deployment } = await api.deployments.create({ body: request });
    sent.current.set(deployment.id, request);
    put(deployment);
    return deployment;
  });
  const requestOf = useHandler((deployment: Deployment) => {
    const known = sent.current.get(deployment.id);
    return { request: known ?? againOf(deployment), isWhole: known !== undefined };
  });
  const rollBack = useHandler(async ({ id }: Deployment) => {
    const { deployment } = await api.deployments.rollback({ params: { deployment_id: id } });
    put(deployment);
    return deployment;
  });
  const promote = useHandler(async ({ id }: Deployment, ignoredChecks: readonly LaunchCheck[]) => {
    const { deployment } = await api.deployments.promote({ params: { deployment_id: id }, body: { ignore_rules: [...ignoredChecks] } });
    return deployment;
  });
  const cancel = useHandler(async ({ id }: Deployment) => {
    const given = await api.deployments.cancel({ params: { deployment_id: id } });
    queries.setQueryData<readonly Deployment[]>(deploymentsKey(projectId), (list) =>
      list?.map((known) => (known.id === id ? given : known)),
    );
  });
  const remove = useHandler(async ({ id }: Deployment, atProvider: boolean | undefined) => {
    await api.deployments.remove({ params: { deployment_id: id }, query: atProvider === undefined ? {} : { delete_remote: atProvider } });
    queries.setQueryData<readonly Deployment[]>(deploymentsKey(projectId), (list) => list?.filter((known) => known.id !== id));
  });
  const open = useHandler((place: string) => {
    setSubject(undefined);
    openFile(place);
  });
  const review = useHandler((taskId: string) => {
    setSubject(undefined);
    showReview(taskId);
  });
  const composeMessage = useHandler((text: string) => {
    setSubject(undefined);
    compose(text);
  });
  const show = useHandler((id: string | undefined) => {
    setSubject(undefined);
    showDeployment(id);
  });
  const retry = useHandler(() => void read.refetch());

  const { data: list, error, isFetching } = read;
  useOutcomeNotices(list, subject, show);
  const deploys = useMemo<Deploys>(
    () => ({
      projectId,
      list,
      error: list ? undefined : error,
      retry,
      isRetrying: isFetching,
      currentStep: (id) => steps[id],
      openForm,
      openDeployment,
      show,
      draft,
      setDraft,
      start,
      requestOf,
      rollBack,
      promote,
      cancel,
      remove,
      openFile: open,
      showReview: review,
      compose: composeMessage,
    }),
    [
      projectId,
      list,
      error,
      retry,
      isFetching,
      steps,
      openForm,
      openDeployment,
      show,
      draft,
      start,
      requestOf,
      rollBack,
      promote,
      cancel,
      remove,
      open,
      review,
      composeMessage,
    ],
  );
  return { deploys, subject, setSubject };
}
