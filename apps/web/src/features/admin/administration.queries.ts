import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type {
  AdminAgent,
  AdminBase,
  AdminProjectDetail,
  ProviderHealth,
  AdminHealth,
  AdminTheme,
  UpdateAdminAgent,
} from "@tesslate/contract";
import { api } from "../../api.ts";

export const metricsQuery = (days: number) =>
  queryOptions({
    queryKey: ["admin", "metrics", days],
    queryFn: ({ signal }) => api.adminMetrics.overview({ query: { days } }, { signal }),
  });
export const setupQuery = queryOptions({
  queryKey: ["admin", "setup"],
  queryFn: ({ signal }) => api.adminSetup.get(undefined, { signal }),
});
export const trendsQuery = (days: number) =>
  queryOptions({
    queryKey: ["admin", "trends", days],
    queryFn: ({ signal }) => api.adminMetrics.trends({ query: { days } }, { signal }),
  });
export const adminProjectQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "projects", "one", id],
    queryFn: ({ signal }) => api.adminProjects.get({ params: { id } }, { signal }),
  });
export const healthQuery = queryOptions({
  queryKey: ["admin", "health"],
  queryFn: ({ signal }) => api.adminHealth.get(undefined, { signal }),
});

/** Refetches everything after a change, whether it succeeded or failed. */
function useSettled() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ["admin"] });
}
export function useProjectActions(id: string) {
  const queryClient = useQueryClient();
  const onSettled = useSettled();
  return {
    stop: useMutation({
      mutationFn: (reason: string) => api.adminProjects.stop({ params: { id }, body: { reason } }),
      onSuccess: (project) => queryClient.setQueryData<AdminProjectDetail>(adminProjectQuery(id).queryKey, project),
      onSettled,
    }),
    remove: useMutation({ mutationFn: (reason: string) => api.adminProjects.remove({ params: { id }, body: { reason } }), onSettled }),
  };
}
export function useUpdateAgent() {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: ({ agent, change }: { agent: AdminAgent; change: UpdateAdminAgent }) =>
      api.adminAgents.update({ params: { id: agent.id }, body: change }),
    onSettled,
  });
}
type BaseChange = Parameters<typeof api.adminMarketplace.updateBase>[0]["body"];
export function useUpdateBase() {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: ({ base, change }: { base: AdminBase; change: BaseChange }) =>
      api.adminMarketplace.updateBase({ params: { id: base.id }, body: change }),
    onSettled,
  });
}
type ThemeChange = Parameters<typeof api.adminMarketplace.updateTheme>[0]["body"];
export function useUpdateTheme() {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: ({ theme, change }: { theme: AdminTheme; change: ThemeChange }) =>
      api.adminMarketplace.updateTheme({ params: { id: theme.id }, body: change }),
    onSettled,
  });
}
export function useRemoveReview() {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      api.adminMarketplace.removeReview({ params: { review_id: id }, body: { reason } }),
    onSettled,
  });
}
export function useWorkActions() {
  const onSettled = useSettled();
  return {
    cancelTask: useMutation({
      mutationFn: ({ id, reason }: { id: string; reason: string }) =>
        api.adminWork.cancelTask({ params: { task_id: id }, body: { reason } }),
      onSettled,
    }),
    retryJob: useMutation({
      mutationFn: ({ id, reason }: { id: string; reason: string }) => api.adminWork.retryJob({ params: { id }, body: { reason } }),
      onSettled,
    }),
    removeJob: useMutation({
      mutationFn: ({ id, reason }: { id: string; reason: string }) => api.adminWork.removeJob({ params: { id }, body: { reason } }),
      onSettled,
    }),
  };
}
export function useMarkPaid() {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      api.adminPayouts.markPaid({ params: { payout_id: id }, body: { reason } }),
    onSettled,
  });
}
export function useHealthActions() {
  const queryClient = useQueryClient();
  const put = (found: ProviderHealth) =>
    queryClient.setQueryData<AdminHealth>(
      healthQuery.queryKey,
      (before) => before && { ...before, providers: before.providers.map((one) => (one.provider === found.provider ? found : one)) },
    );
  return {
    tryProvider: useMutation({ mutationFn: (provider: string) => api.adminHealth.tryProvider({ params: { provider } }), onSuccess: put }),
    tryMail: useMutation({ mutationFn: () => api.adminHealth.tryMail(), onSettled: useSettled() }),
  };
}
