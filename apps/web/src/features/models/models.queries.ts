import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { configQuery } from "../auth/index.ts";

const all = ["models"] as const;

/** The models that the person can use, with the default. */
export const modelsQuery = queryOptions({
  queryKey: [...all, "list"],
  queryFn: ({ signal }) => api.models.list({ query: { limit: 500 } }, { signal }),
});
/** Whether a model is connected, and which providers can be. */
export const modelSetupQuery = queryOptions({
  queryKey: [...all, "setup"],
  queryFn: ({ signal }) => api.models.setup(undefined, { signal }),
});

export type ModelSetup = Awaited<ReturnType<typeof api.models.setup>>;
type ConfigureBody = Parameters<typeof api.models.configure>[0]["body"];

export const useTestModel = () =>
  useMutation({ mutationFn: (body: Parameters<typeof api.models.test>[0]["body"]) => api.models.test({ body }) });

export function useConfigureModels() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: ConfigureBody) => api.models.configure({ body }),
    onSuccess: () =>
      Promise.all([queryClient.invalidateQueries({ queryKey: all }), queryClient.invalidateQueries({ queryKey: configQuery.queryKey })]),
  });
}
