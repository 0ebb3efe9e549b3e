import { infiniteQueryOptions } from "@tanstack/react-query";
import type { ActivityKind, ActorKind } from "@tesslate/contract";
import { api } from "../../api.ts";

export interface ActivityFilter {
  actor: ActorKind | undefined;
  kind: ActivityKind | undefined;
}
const pageSize = 50;

export const activityKey = (projectId: string) => ["activity", projectId] as const;
export const activityQuery = (projectId: string, { actor, kind }: ActivityFilter) =>
  infiniteQueryOptions({
    queryKey: [...activityKey(projectId), actor, kind],
    queryFn: ({ pageParam, signal }) =>
      api.activity.list(
        { params: { id: projectId }, query: { page: pageParam, limit: pageSize, ...(actor && { actor }), ...(kind && { kind }) } },
        { signal },
      ),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.total_pages ? last.page + 1 : undefined),
  });
