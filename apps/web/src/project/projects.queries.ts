import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { maxHistories, type CreateProject, type List, type Project, type ProjectHistory, type RunStatus } from "@tesslate/contract";
import { useState } from "react";
import { api } from "../api.ts";
import { browserHints } from "../lib/browser-hints.ts";
import { useOptimisticMutation } from "../lib/use-optimistic-mutation.ts";
import { toastError } from "../ui/toast.tsx";
import { projectKey } from "./cache-keys.ts";
import { useReportFailure } from "./limit-context.ts";

export interface ProjectFilter {
  q?: string;
  status?: RunStatus;
}
/** As many as one call may bring; sorting and paging happen over them in the browser. */
export const listLimit = 500;
export const recentCount = 8;

const keys = { all: ["projects"] as const, lists: ["projects", "list"] as const };

export const projectsQuery = (filter: ProjectFilter) =>
  queryOptions({
    queryKey: [...keys.lists, filter],
    queryFn: ({ signal }) => api.projects.list({ query: { ...filter, limit: listLimit } }, { signal }),
    placeholderData: keepPreviousData,
  });

export const recentProjectsQuery = queryOptions({
  queryKey: [...keys.lists, "recent"],
  queryFn: ({ signal }) => api.projects.list({ query: { limit: recentCount } }, { signal }),
});

/** What the agent does in the projects of a page of cards, and their latest history, by project. Empty until it is loaded. */
export function useProjectHistories(projects: readonly Pick<Project, "id">[]): ReadonlyMap<string, ProjectHistory> {
  const ids = projects
    .slice(0, maxHistories)
    .map(({ id }) => id)
    .join(",");
  const { data } = useQuery({
    queryKey: [...keys.all, "histories", ids],
    queryFn: ({ signal }) => api.projects.histories({ query: { ids } }, { signal }),
    enabled: ids !== "",
    placeholderData: keepPreviousData,
  });
  return new Map(data?.items.map((history) => [history.project_id, history]));
}

export const projectQuery = (slug: string) =>
  queryOptions({ queryKey: projectKey(slug), queryFn: ({ signal }) => api.projects.get({ params: { id: slug } }, { signal }) });

export const templatesQuery = queryOptions({
  queryKey: [...keys.all, "templates"],
  queryFn: ({ signal }) => api.projects.templates({ query: { limit: 100 } }, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

function patchLists(queryClient: QueryClient, change: (list: List<Project>) => List<Project>): void {
  queryClient.setQueriesData<List<Project>>({ queryKey: keys.lists }, (list) => list && change(list));
}

/** New pictures of a project, wherever it is shown. */
export function patchThumbnail(
  queryClient: QueryClient,
  { id, slug }: { id: string; slug: string },
  thumbnail: Project["thumbnail"],
): void {
  queryClient.setQueryData<Project>(projectKey(slug), (known) => known && { ...known, thumbnail });
  patchLists(queryClient, (list) => ({ ...list, items: list.items.map((item) => (item.id === id ? { ...item, thumbnail } : item)) }));
}

/** Pins projects or unpins them, in every list at once. */
export function usePinProject() {
  return useOptimisticMutation({
    mutationFn: ({ project, isPinned }: { project: Pick<Project, "id" | "slug">; isPinned: boolean }) =>
      api.projects.update({ params: { id: project.id }, body: { is_pinned: isPinned } }),
    affects: [keys.lists],
    show: (queries, { project: { id }, isPinned }) => {
      const pinned_at = isPinned ? new Date().toISOString() : null;
      patchLists(queries, (list) => ({ ...list, items: list.items.map((item) => (item.id === id ? { ...item, pinned_at } : item)) }));
    },
    // Lists begin with pinned projects.
    adopt: (queries) => void queries.invalidateQueries({ queryKey: keys.lists }),
    onError: (error) => toastError(error, { before: "Couldn't change the pin." }),
  });
}

export function useCreateProject() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ body, idempotencyKey }: { body: CreateProject; idempotencyKey?: string }) =>
      api.projects.create({ body }, idempotencyKey === undefined ? {} : { headers: { "idempotency-key": idempotencyKey } }),
    onSuccess: (project) => {
      queryClient.setQueryData(projectKey(project.slug), project);
      return queryClient.invalidateQueries({ queryKey: keys.lists });
    },
  });
}

/** A copy of a project; it is set up on the server while its workbench shows how far it is. */
export function useForkProject() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (slug: string) => api.transfer.fork({ params: { id: slug }, body: {} }),
    onSuccess: (project) => {
      queryClient.setQueryData(projectKey(project.slug), project);
      return queryClient.invalidateQueries({ queryKey: keys.lists });
    },
  });
}

export function useRenameProject() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ slug, name }: { slug: string; name: string }) => api.projects.update({ params: { id: slug }, body: { name } }),
    onSuccess: (project) => {
      queryClient.setQueryData(projectKey(project.slug), project);
      patchLists(queryClient, (list) => ({ ...list, items: list.items.map((item) => (item.id === project.id ? project : item)) }));
    },
  });
}

/**
 * Starts and stops projects of a list, one after the other. Each function resolves with the projects for which it succeeded; a failure is shown and
 * does not hold up the others. Lists are loaded again then, and once more when a start has ended.
 */
export function useProjectPower() {
  const report = useReportFailure();
  const queryClient = useQueryClient();
  const [isPending, setIsPending] = useState(false);
  const refresh = () => queryClient.invalidateQueries({ queryKey: keys.lists });
  const each = async (
    projects: readonly Project[],
    sentence: (name: string) => string,
    change: (id: string) => Promise<unknown>,
    repeat?: (project: Project) => void,
  ) => {
    setIsPending(true);
    const done: Project[] = [];
    for (const project of projects) {
      try {
        await change(project.id);
        done.push(project);
      } catch (error) {
        report(error, {
          before: sentence(project.name),
          ...(repeat && { again: { label: `Start ${project.name}`, run: () => repeat(project) } }),
        });
      }
    }
    setIsPending(false);
    await refresh();
    return { done };
  };
  const followed = async (taskId: string): Promise<void> => {
    for await (const { data } of api.tasks.events({ params: { task_id: taskId } }, { hints: browserHints }))
      if (data.completed_at !== null) break;
    await refresh();
  };
  const start = (projects: readonly Project[]) =>
    each(
      projects,
      (name) => `Couldn't start ${name}.`,
      async (id) => {
        const { task_id: taskId } = await api.projects.start({ params: { id } });
        // If the stream ends early, the list shows the state at its next load.
        if (taskId !== null) followed(taskId).catch(() => undefined);
      },
      (project) => void start([project]),
    );
  return {
    isPending,
    start,
    stop: (projects: readonly Project[]) =>
      each(
        projects,
        (name) => `Couldn't stop ${name}.`,
        (id) => api.projects.stop({ params: { id } }),
      ),
  };
}

/** Accepted deletions are gone from every list at once; the server answers 404 for them from then on. */
export function useDeleteProject() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (slug: string) => api.projects.remove({ params: { id: slug } }),
    onSuccess: ({ project_id, project_slug }) => {
      queryClient.removeQueries({ queryKey: projectKey(project_slug) });
      patchLists(queryClient, (list) => ({ ...list, total: list.total - 1, items: list.items.filter((item) => item.id !== project_id) }));
      return queryClient.invalidateQueries({ queryKey: keys.lists });
    },
  });
}
