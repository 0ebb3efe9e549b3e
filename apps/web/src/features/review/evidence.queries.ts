import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

/** What an ended run verified, oldest first. */
export const evidenceQuery = (api: Client<Contract>, taskId: string) =>
  queryOptions({
    queryKey: ["evidence", taskId] as const,
    queryFn: async ({ signal }) => (await api.evidence.list({ params: { task_id: taskId }, query: { limit: 100 } }, { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
