import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { AssetFileType, Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { partKey } from "../../project/cache-keys.ts";

type Api = Client<Contract>;
const pageSize = 100;

export interface AssetView {
  /** `/public`; undefined: every folder. */
  directory: string | undefined;
  file_type: AssetFileType | undefined;
  q: string;
}

export const assetsKey = (projectId: string) => partKey(projectId, "assets");
export const assetsQuery = (api: Api, projectId: string, view: AssetView) =>
  infiniteQueryOptions({
    queryKey: [...assetsKey(projectId), "list", view] as const,
    queryFn: ({ pageParam, signal }) =>
      api.assets.list(
        {
          params: { id: projectId },
          query: {
            limit: pageSize,
            page: pageParam,
            ...(view.directory !== undefined && { directory: view.directory }),
            ...(view.file_type !== undefined && { file_type: view.file_type }),
            ...(view.q !== "" && { q: view.q }),
          },
        },
        { signal },
      ),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.total_pages ? last.page + 1 : undefined),
    // Keep the shown assets while another folder loads.
    placeholderData: (before) => before,
    staleTime: 0,
  });
export const directoriesQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: [...assetsKey(projectId), "directories"] as const,
    queryFn: async ({ signal }) => (await api.assets.directories({ params: { id: projectId }, query: { limit: 500 } }, { signal })).items,
    staleTime: 0,
  });
