import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Contract, File, Secret } from "@tesslate/contract";
import { parseDotenv } from "@tesslate/contract/dotenv";
import type { Client } from "@tesslate/client/core";
import { partKey } from "../../project/cache-keys.ts";
import { useServices } from "../../project/services.ts";

const key = (projectId: string) => partKey(projectId, "secrets");

/** The names; invalidated by the event `secrets_changed` (see project-cache.ts). */
export const secretsQuery = (api: Client<Contract>, projectId: string) =>
  queryOptions({
    queryKey: key(projectId),
    queryFn: async ({ signal }): Promise<Secret[]> =>
      (await api.secrets.list({ params: { project_id: projectId }, query: { limit: 200 } }, { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });

/** The file that lists the variables a project needs. */
export const exampleFile = ".env.example";
/** The names in that file, if the project has it. */
export const wantedNamesQuery = (api: Client<Contract>, projectId: string, etag: string | undefined) =>
  queryOptions({
    queryKey: [...partKey(projectId, "wanted-names"), etag] as const,
    enabled: etag !== undefined,
    queryFn: async ({ signal }): Promise<string[]> => {
      const file = (await api.files.get({ params: { id: projectId, path: exampleFile } }, { signal })) as File;
      return file.is_binary ? [] : parseDotenv((file.content ?? "").slice(0, 100_000)).entries.map((entry) => entry.key);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useSecretActions(projectId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  const params = { project_id: projectId };
  /** The event stream does the same a moment later. */
  const onSuccess = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: key(projectId) }),
      queries.invalidateQueries({ queryKey: partKey(projectId, "containers") }),
    ]);
  return {
    set: useMutation({ mutationFn: (body: { key: string; value: string }) => api.secrets.set({ params, body }), onSuccess }),
    remove: useMutation({ mutationFn: (name: string) => api.secrets.remove({ params: { ...params, key: name } }), onSuccess }),
    take: useMutation({ mutationFn: (text: string) => api.secrets.import({ params, body: { text } }), onSuccess }),
  };
}
