import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ModelPreferences } from "@tesslate/contract";
import type { Services } from "../workbench/services.ts";
import { useServices } from "../workbench/services.ts";

type Api = Services["api"];

/** Fallbacks and cap of the reader's own runs. */
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

/** What the draft would take, asked when somebody looks. `turns` is how often the conversation has grown since. */
export const estimateQuery = (
  api: Api,
  given: { projectId: string; chatId: string | undefined; model: string | undefined; draft: string; turns: number },
) =>
  queryOptions({
    queryKey: ["chat", "estimate", given],
    queryFn: ({ signal }) =>
      api.chat.estimate(
        {
          body: {
            project_id: given.projectId,
            message: given.draft,
            ...(given.chatId && { chat_id: given.chatId }),
            ...(given.model && { model: given.model }),
          },
        },
        { signal },
      ),
    staleTime: 30_000,
  });
