import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Container, Static, UpdateContainer } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { partKey } from "../../project/cache-keys.ts";
import { useServices } from "../../project/services.ts";
import { useAdoptTask } from "../../project/use-adopt-task.ts";
import type { Credentials } from "./CredentialsForm.tsx";

/** One container with its injected variables, and changes to it. */
export function useContainer(projectId: string, container: Container) {
  const { api } = useServices();
  const queries = useQueryClient();
  const adoptTask = useAdoptTask(projectId);
  const params = { id: projectId, container_id: container.id };
  const key = [...partKey(projectId, "containers"), container.id];
  const full = useQuery({ queryKey: key, queryFn: ({ signal }) => api.containers.get({ params }, { signal }), staleTime: 0 });
  /** Keeps the position of the canvas: it may not be saved yet. */
  const adopt = (next: Container) => {
    queries.setQueryData<readonly Container[]>(partKey(projectId, "containers"), (list) =>
      list?.map((known) => (known.id === next.id ? { ...next, position_x: known.position_x, position_y: known.position_y } : known)),
    );
    void queries.invalidateQueries({ queryKey: key });
  };
  /** Resolves with the reason if it failed. */
  const update = useHandler(async (body: Static<typeof UpdateContainer>): Promise<string | undefined> => {
    try {
      adopt(await api.containers.update({ params, body }));
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  /** Resolves with the reason if it failed. */
  const setCredentials = useHandler(async (values: Credentials): Promise<string | undefined> => {
    try {
      adopt(await api.containers.setCredentials({ params, body: values }));
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  /** Resolves with the reason if it failed. */
  const rename = useHandler(async (name: string): Promise<string | undefined> => {
    try {
      const { task_id: taskId, status_url: _, ...next } = await api.containers.rename({ params, body: { name } });
      adopt(next);
      if (taskId) await adoptTask(taskId);
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  return { full, update, setCredentials, rename };
}
