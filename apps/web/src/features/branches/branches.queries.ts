import { queryOptions } from "@tanstack/react-query";
import type { Branch, Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";
import { useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";

type Api = Client<Contract>;

export const branchesKey = (projectId: string) => partKey(projectId, "branches");
export const projectBranchesQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: branchesKey(projectId),
    queryFn: async ({ signal }): Promise<readonly Branch[]> => (await api.branches.list({ params: { id: projectId } }, { signal })).items,
    ...live,
  });

/** Loaded again each time it is shown: project and branch may both have changed. */
export const branchDiffQuery = (api: Api, { project_id, id }: Branch) =>
  queryOptions({
    queryKey: [...branchesKey(project_id), id, "diff"] as const,
    queryFn: ({ signal }) => api.branches.diff({ params: { id: project_id, branch_id: id } }, { signal }),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

/** The branch in which a chat works. */
export function useBranchOfChat(chatId: string | undefined): Branch | undefined {
  const { api } = useServices();
  const branches = useProjectQuery(projectBranchesQuery(api, useProject().id)).data;
  return chatId === undefined ? undefined : branches?.find((branch) => branch.chat_id === chatId);
}
