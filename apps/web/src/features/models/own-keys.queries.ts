import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";

const all = ["models"] as const;

export const ownKeysQuery = queryOptions({
  queryKey: [...all, "own-keys"],
  queryFn: ({ signal }) => api.modelKeys.list({ query: { limit: 100 } }, { signal }),
});
export const keyProvidersQuery = queryOptions({
  queryKey: [...all, "key-providers"],
  queryFn: ({ signal }) => api.modelKeys.providers({ query: { limit: 100 } }, { signal }),
});
export const ownEndpointsQuery = queryOptions({
  queryKey: [...all, "own-endpoints"],
  queryFn: ({ signal }) => api.modelKeys.customProviders({ query: { limit: 100 } }, { signal }),
});

type CreateKey = Parameters<typeof api.modelKeys.create>[0]["body"];
type UpdateKey = Parameters<typeof api.modelKeys.update>[0]["body"];
type CreateEndpoint = Parameters<typeof api.modelKeys.createCustomProvider>[0]["body"];
type UpdateEndpoint = Parameters<typeof api.modelKeys.updateCustomProvider>[0]["body"];

/** Every change invalidates the list of models too. */
export function useOwnKeyActions() {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: all });
  return {
    addKey: useMutation({ mutationFn: (body: CreateKey) => api.modelKeys.create({ body }), onSuccess }),
    updateKey: useMutation({
      mutationFn: ({ id, ...body }: UpdateKey & { id: string }) => api.modelKeys.update({ params: { id }, body }),
      onSuccess,
    }),
    removeKey: useMutation({ mutationFn: (id: string) => api.modelKeys.remove({ params: { id } }), onSuccess }),
    testKey: useMutation({ mutationFn: (id: string) => api.modelKeys.test({ params: { id } }) }),
    addEndpoint: useMutation({ mutationFn: (body: CreateEndpoint) => api.modelKeys.createCustomProvider({ body }), onSuccess }),
    updateEndpoint: useMutation({
      mutationFn: ({ id, ...body }: UpdateEndpoint & { id: string }) => api.modelKeys.updateCustomProvider({ params: { id }, body }),
      onSuccess,
    }),
    removeEndpoint: useMutation({ mutationFn: (id: string) => api.modelKeys.removeCustomProvider({ params: { id } }), onSuccess }),
    testEndpoint: useMutation({ mutationFn: (id: string) => api.modelKeys.testCustomProvider({ params: { id } }) }),
  };
}
