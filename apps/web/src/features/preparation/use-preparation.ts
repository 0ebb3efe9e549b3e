import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { reopen } from "@tesslate/client/core";
import type { PreparationItem } from "@tesslate/contract";
import { api } from "../../api.ts";
import { browserHints } from "../../lib/browser-hints.ts";

const preparationQuery = queryOptions({
  queryKey: ["preparation"],
  queryFn: ({ signal }) => api.preparation.list(undefined, { signal }),
});

const isUnfinished = ({ state }: PreparationItem) => state === "waiting" || state === "preparing" || state === "failed";

/** What the server prepares, kept current by events until all of it is ready. Undefined until it is loaded. */
export function usePreparation(): readonly PreparationItem[] | undefined {
  const queryClient = useQueryClient();
  const { data } = useQuery(preparationQuery);
  // A query, so that the components of a page share one stream. Refused: what was loaded stays, and the next visit opens it again.
  useQuery({
    queryKey: ["preparation-events"],
    enabled: data?.items.some(isUnfinished) ?? false,
    retry: false,
    queryFn: async ({ signal }) => {
      const events = reopen({
        open: (connection) => api.preparation.events(undefined, { signal: connection }),
        signal,
        hints: browserHints,
      });
      for await (const { data: items } of events) queryClient.setQueryData(preparationQuery.queryKey, { items });
      return null;
    },
  });
  return data?.items;
}
