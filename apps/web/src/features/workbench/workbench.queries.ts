import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/contract/client";
import { buildTree } from "../files/tree.ts";

type Api = Client<Contract>;

/** Everything below is kept true by the project's event stream (see patch-cache.ts); nothing goes stale by the clock. */
const live = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;

export const projectQuery = (api: Api, slug: string) =>
  queryOptions({
    queryKey: ["project", slug] as const,
    queryFn: ({ signal }) => api.projects.get({ params: { id: slug } }, { signal }),
    ...live,
    staleTime: 0,
  });

export const containersQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: ["project", projectId, "containers"] as const,
    queryFn: async ({ signal }) => (await api.containers.list({ params: { id: projectId }, query: { limit: 200 } }, { signal })).items,
    ...live,
  });

export const treeQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: ["project", projectId, "tree"] as const,
    queryFn: async ({ signal }) => buildTree((await api.files.tree({ params: { id: projectId } }, { signal })).entries),
    ...live,
    // A patched tree is a new object by design; comparing two of them deeply would cost more than it saves.
    structuralSharing: false,
  });

/** Long operations of the project that have not ended when the page opens; later ones come by event. */
export const tasksQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: ["project", projectId, "tasks"] as const,
    queryFn: async ({ signal }) => (await api.tasks.list({ query: { project_id: projectId, limit: 20 } }, { signal })).items,
    ...live,
  });

export const sessionsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: ["project", projectId, "sessions"] as const,
    queryFn: async ({ signal }) => (await api.chat.sessions({ query: { project_id: projectId, limit: 200 } }, { signal })).items,
    ...live,
  });

export const shellsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: ["project", projectId, "shells"] as const,
    queryFn: async ({ signal }) =>
      (await api.shell.list({ query: { project_id: projectId, limit: 100 } }, { signal })).items.filter(
        (shell) => shell.status !== "closed" && shell.status !== "failed",
      ),
    ...live,
    staleTime: 0,
  });

export const modelsQuery = (api: Api) =>
  queryOptions({
    queryKey: ["models", "usable"] as const,
    queryFn: ({ signal }) => api.models.list({ query: { limit: 500 } }, { signal }),
    staleTime: 60_000,
  });
