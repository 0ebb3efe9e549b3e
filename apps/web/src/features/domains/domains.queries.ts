import { queryOptions } from "@tanstack/react-query";
import type { Contract, Site, SiteNameCheck } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";

export const sitesQuery = (api: Client<Contract>, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "sites"),
    queryFn: async ({ signal }): Promise<readonly Site[]> => (await api.domains.sites({ params: { id: projectId } }, { signal })).items,
    ...live,
  });

/** Whether a site can have a name. `containerId`: the app that is named. */
export const siteNameQuery = (api: Client<Contract>, projectId: string, name: string, containerId: string | undefined) =>
  queryOptions({
    queryKey: [...partKey(projectId, "site-name"), name, containerId] as const,
    queryFn: ({ signal }): Promise<SiteNameCheck> =>
      api.domains.checkName({ params: { id: projectId }, query: { name, ...(containerId && { container_id: containerId }) } }, { signal }),
    // Others can take the name at any time.
    staleTime: 0,
    gcTime: 30_000,
    retry: false,
  });
