import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";

export const exportQuery = queryOptions({
  queryKey: ["account", "export"],
  queryFn: ({ signal }) => api.account.exported(undefined, { signal }),
});

/** Starts an export. */
export function useExport() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => api.account.export(),
    onSettled: () => queryClient.invalidateQueries({ queryKey: exportQuery.queryKey }),
  });
}
