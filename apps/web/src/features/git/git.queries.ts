import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Contract, GitLink, GitStatus } from "@tesslate/contract";
import { ApiError, type Client } from "@tesslate/client/core";
import { partKey } from "../../project/cache-keys.ts";

type Api = Client<Contract>;

/** Updated by `git_changed` events (project/project-cache.ts) and file changes (use-git.ts). */
const live = {
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
  refetchOnReconnect: askAgain,
} as const;
/** Events report what changed while offline, so only failed queries are repeated when the connection is back. */
function askAgain({ state }: { state: { status: string } }): "always" | false {
  return state.status === "error" ? "always" : false;
}
const commitsAtOnce = 100;
const shownBranches = 500;

/** Prefix of all keys below. One Git action may change all of them. */
export const gitKey = (projectId: string) => partKey(projectId, "git");
export const gitStateKey = (projectId: string) => [...gitKey(projectId), "state"] as const;
export const workKey = (projectId: string) => [...gitKey(projectId), "work"] as const;

export interface GitState {
  /** `null` if the project has no repository. */
  status: GitStatus | null;
  link: GitLink | null;
}
export const gitStateQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: gitStateKey(projectId),
    queryFn: async ({ signal }): Promise<GitState> => {
      const params = { project_id: projectId };
      const { is_repository, linked } = await api.git.info({ params }, { signal });
      if (!is_repository) return { status: null, link: linked };
      try {
        return { status: await api.git.status({ params }, { signal }), link: linked };
      } catch (error) {
        // The repository was deleted between the two requests.
        if (error instanceof ApiError && error.code === "not_a_repository") return { status: null, link: linked };
        throw error;
      }
    },
    ...live,
  });

/** Diff of the staged or of the unstaged changes. */
export const workQuery = (api: Api, projectId: string, staged: boolean) =>
  queryOptions({
    queryKey: [...workKey(projectId), staged ? "staged" : "unstaged"] as const,
    queryFn: async ({ signal }) => (await api.git.diff({ params: { project_id: projectId }, query: { staged } }, { signal })).files,
    ...live,
    placeholderData: keepPreviousData,
  });
/** The diff of one file that was too large for the whole response. */
export const workFileQuery = (api: Api, projectId: string, staged: boolean, path: string) =>
  queryOptions({
    queryKey: [...workKey(projectId), staged ? "staged" : "unstaged", path] as const,
    queryFn: async ({ signal }) =>
      (await api.git.diff({ params: { project_id: projectId }, query: { staged, path } }, { signal })).files.find(
        (file) => file.path === path,
      ) ?? null,
    ...live,
    gcTime: 60_000,
  });

export const branchesQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: [...gitKey(projectId), "branches"] as const,
    queryFn: ({ signal }) => api.git.branches({ params: { project_id: projectId }, query: { limit: shownBranches } }, { signal }),
    ...live,
  });

export const logQuery = (api: Api, projectId: string, all: boolean) =>
  infiniteQueryOptions({
    queryKey: [...gitKey(projectId), "log", all] as const,
    queryFn: ({ pageParam, signal }) =>
      api.git.log({ params: { project_id: projectId }, query: { all, page: pageParam, limit: commitsAtOnce } }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    ...live,
    placeholderData: keepPreviousData,
  });

/** The diff of a commit, which never changes. */
export const commitQuery = (api: Api, projectId: string, sha: string, path?: string) =>
  queryOptions({
    queryKey: [...partKey(projectId, "commit"), sha, path ?? ""] as const,
    queryFn: async ({ signal }) =>
      (await api.git.diff({ params: { project_id: projectId }, query: { to: sha, ...(path !== undefined && { path }) } }, { signal }))
        .files,
    ...live,
    gcTime: 5 * 60_000,
  });

export const conflictsQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: [...gitKey(projectId), "conflicts"] as const,
    queryFn: ({ signal }) => api.git.conflicts({ params: { project_id: projectId }, query: { limit: 100 } }, { signal }),
    ...live,
  });
