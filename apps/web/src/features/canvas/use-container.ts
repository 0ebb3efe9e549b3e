import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Container, Static, UpdateContainer } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../workbench/services.ts";

/** One container in full (with what is injected into it), and changes to it. */
export function useContainer(projectId: string, container: Container) {
  const { api } = useServices();
  const queries = useQueryClient();
  const params = { id: projectId, container_id: container.id };
  const key = ["project", projectId, "containers", container.id];
  const full = useQuery({ queryKey: key, queryFn: ({ signal }) => api.containers.get({ params }, { signal }), staleTime: 0 });
  /** Resolves with a sentence when it did not work. */
  const update = useHandler(async (body: Static<typeof UpdateContainer>): Promise<string | undefined> => {
    try {
      const next = await api.containers.update({ params, body });
      queries.setQueryData<readonly Container[]>(["project", projectId, "containers"], (list) =>
        list?.map((known) => (known.id === next.id ? { ...next, position_x: known.position_x, position_y: known.position_y } : known)),
      );
      void queries.invalidateQueries({ queryKey: key });
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  return { full, update };
}
