import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { DeploymentLimits, Project } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { projectKey } from "../../project/cache-keys.ts";
import { useReportFailure } from "../../project/limit-context.ts";
import { useServices } from "../../project/services.ts";
import { toast } from "../../ui/toast.tsx";
import type { LimitError } from "../billing/index.ts";

export interface AlwaysOn {
  isOn: boolean;
  /** "1 of 3 slots used"; undefined while loading. */
  slots: string | undefined;
  /** No slot is left: the limit, as an error about it. */
  full: LimitError | undefined;
  isChanging: boolean;
  toggle: () => void;
}

export const slotsOf = ({ deploys }: DeploymentLimits): string =>
  deploys.limit === null
    ? "Unlimited always-on projects"
    : deploys.limit === 0
      ? "Not included in your plan"
      : `${deploys.used} of ${counted(deploys.limit, "slot")} used`;

function fullOf({ deploys: { used, limit }, deployed }: DeploymentLimits): LimitError | undefined {
  if (limit === null || used < limit) return undefined;
  return {
    code: "deploy_limit_reached",
    message:
      limit === 0
        ? "Your plan does not include always-on projects."
        : `Your plan keeps ${counted(limit, "project")} always on. Turn one off, or get another slot.`,
    details: { used, limit, unit: "count", deployed },
  };
}

/** Turns always-on on and off. */
export function useAlwaysOn(project: Pick<Project, "id" | "slug" | "is_deployed">): AlwaysOn {
  const { api } = useServices();
  const queries = useQueryClient();
  const limits = useQuery({ queryKey: ["hosting"], queryFn: ({ signal }) => api.hosting.limits(undefined, { signal }) });
  const report = useReportFailure();
  const change = useMutation({
    mutationFn: async (isOn: boolean) => {
      const params = { id: project.id };
      if (isOn) await api.hosting.deploy({ params });
      else await api.hosting.undeploy({ params });
    },
    onSuccess: (_, isOn) => {
      queries.setQueryData<Project>(projectKey(project.slug), (known) => known && { ...known, is_deployed: isOn });
      toast(isOn ? "Always-on enabled." : "Always-on disabled.");
    },
    onError: (error) => report(error, { again: { label: "Turn on always-on", run: () => change.mutate(true) } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["hosting"] }),
  });
  return {
    isOn: project.is_deployed,
    slots: limits.data && slotsOf(limits.data),
    full: limits.data && fullOf(limits.data),
    isChanging: change.isPending,
    toggle: () => change.mutate(!project.is_deployed),
  };
}
