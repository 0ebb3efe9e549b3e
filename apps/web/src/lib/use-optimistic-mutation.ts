import { useMutation, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";

export interface OptimisticMutation<Answer, Change> {
  mutationFn: (change: Change) => Promise<Answer>;
  /** The queries that show the change, by the beginning of their keys. */
  affects: readonly QueryKey[];
  /** Writes the change to the cache before it is sent. */
  show: (queries: QueryClient, change: Change) => void;
  /** Replaces it by what the server returned; without it the change stays as shown. */
  adopt?: (queries: QueryClient, answer: Answer, change: Change) => void;
  onError?: (error: Error) => void;
}

/**
 * A change that is shown at once, in the cache. If the request fails, what was shown before returns, and is loaded again in case it changed
 * meanwhile. For lists that others change too, with several changes pending, there is `usePendingChanges`.
 */
export function useOptimisticMutation<Answer, Change>({ mutationFn, affects, show, adopt, onError }: OptimisticMutation<Answer, Change>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    // Without a connection a change fails, rather than waiting unseen.
    networkMode: "always",
    onMutate: async (change: Change) => {
      const interrupted = affects.flatMap((queryKey) => queries.getQueryCache().findAll({ queryKey, fetchStatus: "fetching" }));
      // A response that is under way doesn't have the change.
      await Promise.all(affects.map((queryKey) => queries.cancelQueries({ queryKey })));
      const before = affects.flatMap((queryKey) => queries.getQueriesData({ queryKey }));
      show(queries, change);
      return { before, interrupted };
    },
    onSuccess: (answer, change, { interrupted }) => {
      adopt?.(queries, answer, change);
      for (const { queryKey } of interrupted) void queries.invalidateQueries({ queryKey, exact: true });
    },
    onError: (error, _change, shown) => {
      for (const [queryKey, data] of shown?.before ?? []) queries.setQueryData(queryKey, data);
      for (const queryKey of affects) void queries.invalidateQueries({ queryKey });
      onError?.(error);
    },
  });
}
