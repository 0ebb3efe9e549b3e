import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiKeyScope, EditMode } from "@tesslate/contract";
import { api } from "../../api.ts";

/** The sessions of the user. */
export const sessionsQuery = queryOptions({
  queryKey: ["auth", "sessions"],
  queryFn: ({ signal }) => api.auth.sessions({ query: { limit: 100 } }, { signal }),
});
export const apiKeysQuery = queryOptions({
  queryKey: ["auth", "api-keys"],
  queryFn: ({ signal }) => api.auth.apiKeys({ query: { limit: 100 } }, { signal }),
});

export function useSessionActions() {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  return {
    end: useMutation({ mutationFn: (id: string) => api.auth.endSession({ params: { id } }), onSuccess }),
    endOthers: useMutation({ mutationFn: () => api.auth.endOtherSessions(), onSuccess }),
  };
}
export function useApiKeyActions() {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
  return {
    create: useMutation({
      mutationFn: (body: { name: string; scopes: ApiKeyScope[]; edit_mode: EditMode | null; expires_in_days: number | null }) =>
        api.auth.createApiKey({ body }),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: string) => api.auth.deleteApiKey({ params: { id } }), onSuccess }),
  };
}
