import { queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { CreateAgent, LibraryAgent, List, UpdateAgent } from "@tesslate/contract";
import { api } from "../../api.ts";
import { useOptimisticMutation } from "../../lib/use-optimistic-mutation.ts";
import { libraryQuery } from "../agents/index.ts";
import { useMarketplaceChanged } from "../marketplace/index.ts";

export const libraryAgentsQuery = libraryQuery(api);
export const libraryBasesQuery = queryOptions({
  queryKey: ["library", "bases"],
  queryFn: ({ signal }) => api.library.bases({ query: { limit: 500 } }, { signal }),
});
export const ownItemsQuery = queryOptions({
  queryKey: ["library", "own"],
  queryFn: ({ signal }) => api.library.ownItems({ query: { limit: 500 } }, { signal }),
});
export const toolsQuery = queryOptions({
  queryKey: ["agents", "tools"],
  queryFn: ({ signal }) => api.agents.tools({ query: { limit: 500 } }, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Enables or disables an agent; shown at once. */
export function useSwitchAgent() {
  const key = libraryAgentsQuery.queryKey;
  const patch = (queries: QueryClient, agent: Pick<LibraryAgent, "id"> & Partial<LibraryAgent>) =>
    queries.setQueryData<List<LibraryAgent>>(
      key,
      (list) => list && { ...list, items: list.items.map((one) => (one.id === agent.id ? { ...one, ...agent } : one)) },
    );
  return useOptimisticMutation({
    mutationFn: ({ id, isEnabled }: { id: string; isEnabled: boolean }) =>
      api.library.updateAgent({ params: { id }, body: { is_enabled: isEnabled } }),
    affects: [key],
    show: (queries, { id, isEnabled }) => patch(queries, { id, is_enabled: isEnabled }),
    adopt: patch,
  });
}

export function useSelectModel() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, model }: { id: string; model: string | null }) => api.models.selectForAgent({ params: { id }, body: { model } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: libraryAgentsQuery.queryKey }),
  });
}

export function useAgentMutations() {
  const changed = useMarketplaceChanged();
  return {
    create: useMutation({ mutationFn: (body: CreateAgent) => api.marketplaceAgents.create({ body }), onSuccess: changed }),
    update: useMutation({
      mutationFn: ({ id, body }: { id: string; body: UpdateAgent }) => api.marketplaceAgents.update({ params: { id }, body }),
      onSuccess: changed,
    }),
    publishVersion: useMutation({
      mutationFn: ({ id, notes }: { id: string; notes: string }) =>
        api.marketplaceAgents.publishVersion({ params: { id }, body: { notes } }),
      onSuccess: changed,
    }),
    remove: useMutation({ mutationFn: (id: string) => api.marketplaceAgents.remove({ params: { id } }), onSuccess: changed }),
  };
}

export function useRemoveBase() {
  const changed = useMarketplaceChanged();
  return useMutation({ mutationFn: (id: string) => api.marketplaceBases.remove({ params: { id } }), onSuccess: changed });
}

const formWith = (file: File) => {
  const form = new FormData();
  form.append("file", file);
  return form;
};
export const recordableRunsQuery = (id: string) =>
  queryOptions({
    queryKey: ["library", "recordable runs", id],
    queryFn: ({ signal }) => api.recordedRuns.candidates({ params: { id } }, { signal }),
    // Runs are made elsewhere.
    staleTime: 0,
  });
/** Sets and removes the run that the page of an own agent shows. */
export function useRecordedRun(id: string) {
  const changed = useMarketplaceChanged();
  const params = { id };
  return {
    set: useMutation({ mutationFn: (task_id: string) => api.recordedRuns.set({ params, body: { task_id } }), onSuccess: changed }),
    remove: useMutation({ mutationFn: () => api.recordedRuns.remove({ params }), onSuccess: changed }),
  };
}

/** Uploads and deletes the icon and the screenshots of an own agent. */
export function useAgentPictures(id: string) {
  const changed = useMarketplaceChanged();
  const params = { id };
  return {
    setIcon: useMutation({
      mutationFn: (file: File) => api.marketplacePictures.setIcon({ params, form: formWith(file) }),
      onSuccess: changed,
    }),
    removeIcon: useMutation({ mutationFn: () => api.marketplacePictures.removeIcon({ params }), onSuccess: changed }),
    addScreenshot: useMutation({
      mutationFn: (file: File) => api.marketplacePictures.addScreenshot({ params, form: formWith(file) }),
      onSuccess: changed,
    }),
    removeScreenshot: useMutation({
      mutationFn: (picture_id: string) => api.marketplacePictures.removeScreenshot({ params: { id, picture_id } }),
      onSuccess: changed,
    }),
  };
}
