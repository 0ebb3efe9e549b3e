import { queryOptions } from "@tanstack/react-query";
import type { Connection, Container, Contract, Preview } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { buildTree, patchTree } from "../lib/file-tree.ts";
import { live, partKey, projectKey } from "./cache-keys.ts";
import { patchContainers, patchPlaces, patchTasks } from "./project-cache.ts";
import { isFileChange, type ProjectEvents } from "./project-events.ts";

type Api = Client<Contract>;
/** See ProjectEvents.during. */
type During = ProjectEvents["during"];

export const openProjectQuery = (api: Api, slug: string) =>
  queryOptions({
    queryKey: projectKey(slug),
    queryFn: ({ signal }) => api.projects.get({ params: { id: slug } }, { signal }),
    ...live,
    staleTime: 0,
  });

export const containersQuery = (api: Api, projectId: string, during: During) =>
  queryOptions({
    queryKey: partKey(projectId, "containers"),
    queryFn: ({ signal }) =>
      during(
        async (): Promise<readonly Container[]> =>
          (await api.containers.list({ params: { id: projectId }, query: { limit: 200 } }, { signal })).items,
        (list, event) =>
          event.type === "container_status"
            ? (patchContainers(list, event.data) ?? list)
            : event.type === "positions_changed"
              ? patchPlaces(list, event.data.containers)
              : list,
      ),
    ...live,
  });

/** The previews on the canvas. */
export const previewsQuery = (api: Api, projectId: string, during: During) =>
  queryOptions({
    queryKey: partKey(projectId, "previews"),
    queryFn: ({ signal }) =>
      during(
        async (): Promise<readonly Preview[]> =>
          (await api.previews.list({ params: { id: projectId }, query: { limit: 200 } }, { signal })).items,
        (list, event) => (event.type === "positions_changed" ? patchPlaces(list, event.data.previews) : list),
      ),
    ...live,
  });

/** Who provides what to whom. */
export const connectionsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "connections"),
    queryFn: async ({ signal }): Promise<readonly Connection[]> =>
      (await api.connections.list({ params: { id: projectId }, query: { limit: 500 } }, { signal })).items,
    ...live,
  });

export const treeKey = (projectId: string) => partKey(projectId, "tree");
export const treeQuery = (api: Api, projectId: string, during: During) =>
  queryOptions({
    queryKey: treeKey(projectId),
    queryFn: ({ signal }) =>
      during(
        async () => buildTree((await api.files.tree({ params: { id: projectId } }, { signal })).entries),
        (tree, event) => (isFileChange(event) ? patchTree(tree, event.data) : tree),
      ),
    ...live,
    // A patched tree is a new object by design; comparing two of them deeply would cost more than it saves.
    structuralSharing: false,
  });

/** Long operations of the project that have not ended when the page opens; later ones come by event. */
export const tasksQuery = (api: Api, projectId: string, during: During) =>
  queryOptions({
    queryKey: partKey(projectId, "tasks"),
    queryFn: ({ signal }) =>
      during(
        async () => (await api.tasks.list({ query: { project_id: projectId, limit: 20 } }, { signal })).items,
        (list, event) => (event.type === "task_update" ? patchTasks(list, event.data) : list),
      ),
    ...live,
  });

export const chatSessionsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "sessions"),
    queryFn: async ({ signal }) => (await api.chat.sessions({ query: { project_id: projectId, limit: 200 } }, { signal })).items,
    ...live,
  });

export const shellsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "shells"),
    queryFn: async ({ signal }) =>
      (await api.shell.list({ query: { project_id: projectId, limit: 100 } }, { signal })).items.filter(
        (shell) => shell.status !== "closed" && shell.status !== "failed",
      ),
    ...live,
    staleTime: 0,
  });
