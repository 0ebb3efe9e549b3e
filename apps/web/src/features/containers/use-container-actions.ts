import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Container } from "@tesslate/contract";
import { partKey } from "../../project/cache-keys.ts";
import { useReportFailure } from "../../project/limit-context.ts";
import { useServices } from "../../project/services.ts";
import { useAdoptTask } from "../../project/use-adopt-task.ts";

export interface ContainerActions {
  start: (containerId: string) => void;
  stop: (containerId: string) => void;
  restart: (containerId: string) => void;
  /** An action is running for this container. */
  isActing: (containerId: string) => boolean;
}

const isUp = (status: Container["status"]) => status === "running" || status === "starting" || status === "frozen";
export const canStart = ({ status, deployment_mode: mode }: Pick<Container, "status" | "deployment_mode">): boolean =>
  mode === "container" && !isUp(status);
export const canStop = ({ status, deployment_mode: mode }: Pick<Container, "status" | "deployment_mode">): boolean =>
  mode === "container" && isUp(status);

/** Starts, stops and restarts single containers. Results arrive as events. */
export function useContainerActions(projectId: string): ContainerActions {
  const { api } = useServices();
  const queries = useQueryClient();
  const adopt = useAdoptTask(projectId);
  const report = useReportFailure();
  const mutation = useMutation({
    mutationFn: async ({ verb, id }: { verb: "start" | "stop" | "restart"; id: string }) => {
      const params = { id: projectId, container_id: id };
      if (verb === "stop") await api.containers.stop({ params });
      else {
        const { task_id: taskId } = await api.containers[verb]({ params });
        if (taskId) await adopt(taskId);
      }
    },
    onError: (error, asked) => {
      report(error, { again: { label: "Start container", run: () => mutation.mutate(asked) } });
      void queries.invalidateQueries({ queryKey: partKey(projectId, "containers") });
    },
  });
  return {
    start: (id) => mutation.mutate({ verb: "start", id }),
    stop: (id) => mutation.mutate({ verb: "stop", id }),
    restart: (id) => mutation.mutate({ verb: "restart", id }),
    isActing: (id) => mutation.isPending && mutation.variables.id === id,
  };
}
