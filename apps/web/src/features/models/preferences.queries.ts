import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ModelPreferences } from "@tesslate/contract";
import { useServices, type Services } from "../../project/services.ts";

type Api = Services["api"];

/** Fallback models and cost limits of the person's runs. */
export const modelPreferencesQuery = (api: Api) =>
  queryOptions({
    queryKey: ["models", "preferences"],
    queryFn: ({ signal }) => api.models.preferences(undefined, { signal }),
  });

export function useSetModelPreferences() {
  const queryClient = useQueryClient();
  const { api } = useServices();
  return useMutation({
    mutationFn: (body: Partial<ModelPreferences>) => api.models.setPreferences({ body }),
    onSuccess: (saved) => {
      queryClient.setQueryData(modelPreferencesQuery(api).queryKey, saved);
      return queryClient.invalidateQueries({ queryKey: ["chat", "estimate"] });
    },
  });
}
