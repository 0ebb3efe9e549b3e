import { queryOptions } from "@tanstack/react-query";
import type { Contract, Site } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";

export const sitesQuery = (api: Client<Contract>, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "sites"),
    queryFn: async ({ signal }): Promise<readonly Site[]> => (await api.domains.sites({ params: { id: projectId } }, { signal })).items,
    ...live,
  });
