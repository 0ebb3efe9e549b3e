import { useMutation, useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";

export interface OptimisticMutation<Answer, Change> {
  mutationFn: (change: Change) => Promise<Answer>;
  /** The queries that show the change, by the beginning of their keys. */
  affects: readonly QueryKey[];
  /** Writes the change to the cache before it is sent. */
  show: (queries: QueryClient, change: Change) => void;
  /** Replaces it by what the server returned. */
  adopt: (queries: QueryClient, answer: Answer, change: Change) => void;
  onError?: (error: Error) => void;
}

/** A change that is shown at once. If the request fails, what was shown before returns, and is loaded again in case it changed meanwhile. */
export function useOptimisticMutation<Answer, Change>({ mutationFn, affects, show, adopt, onError }: OptimisticMutation<Answer, Change>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onMutate: async (change: Change) => {
      // A response that is under way doesn't have the change.
      await Promise.all(affects.map((queryKey) => queries.cancelQueries({ queryKey })));
      const before = affects.flatMap((queryKey) => queries.getQueriesData({ queryKey }));
      show(queries, change);
      return before;
    },
    onSuccess: (answer, change) => adopt(queries, answer, change),
    onError: (error, _change, before) => {
      for (const [queryKey, data] of before ?? []) queries.setQueryData(queryKey, data);
      for (const queryKey of affects) void queries.invalidateQueries({ queryKey });
      onError?.(error);
    },
  });
}
