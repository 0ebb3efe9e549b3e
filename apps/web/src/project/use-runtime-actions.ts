import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { hasCode } from "../lib/errors.ts";
import { projectKey, partKey } from "./cache-keys.ts";
import { useReportFailure } from "./limit-context.ts";
import { useServices } from "./services.ts";
import { useAdoptTask } from "./use-adopt-task.ts";

export interface RuntimeActions {
  start: () => Promise<void>;
  stop: () => void;
  restart: () => void;
  restartContainer: (containerId: string) => void;
  /** Sets the project up again after a failure. */
  retrySetup: () => void;
  isRetryingSetup: boolean;
  isStarting: boolean;
  isStopping: boolean;
}

/** Start, stop, restart of the whole project. What becomes of it comes by event. */
export function useRuntimeActions(project: { id: string; slug: string; name: string }): RuntimeActions {
  const { api }: { api: Client<Contract> } = useServices();
  const queries = useQueryClient();
  const params = { id: project.id };
  const report = useReportFailure();
  const complain = (error: unknown) => report(error);
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: projectKey(project.slug) }),
      queries.invalidateQueries({ queryKey: partKey(project.id, "containers") }),
    ]);
  const adoptTask = useAdoptTask(project.id);
  const adopt = ({ task_id: taskId }: { task_id: string | null }) => (taskId ? adoptTask(taskId) : refresh());
  const start = useMutation({
    mutationFn: () => api.projects.start({ params }),
    onSuccess: adopt,
    onError: (error) => report(error, { again: { label: `Start ${project.name}`, run: () => start.mutate() } }),
    // Asking twice starts nothing twice; and starting a sandbox may itself shake the network of the machine it runs on.
    retry: (failures, error) => failures < 3 && hasCode(error, "network"),
    retryDelay: (failures) => 400 * 2 ** failures,
  });
  const restart = useMutation({
    mutationFn: () => api.projects.restart({ params }),
    onSuccess: adopt,
    onError: (error) => report(error, { again: { label: `Start ${project.name}`, run: () => restart.mutate() } }),
  });
  const restartOne = useMutation({
    mutationFn: (containerId: string) => api.containers.restart({ params: { ...params, container_id: containerId } }),
    onSuccess: adopt,
    onError: complain,
  });
  const stop = useMutation({ mutationFn: () => api.projects.stop({ params }), onSuccess: refresh, onError: complain });
  const retrySetup = useMutation({
    mutationFn: () => api.projects.retrySetup({ params }),
    onSuccess: async (task) => {
      await refresh();
      await adopt(task);
    },
    onError: complain,
  });
  return {
    start: async () => {
      await start.mutateAsync().catch(() => undefined);
    },
    stop: () => stop.mutate(),
    restart: () => restart.mutate(),
    restartContainer: (containerId) => restartOne.mutate(containerId),
    retrySetup: () => retrySetup.mutate(),
    isRetryingSetup: retrySetup.isPending,
    isStarting: start.isPending || restart.isPending,
    isStopping: stop.isPending,
  };
}
