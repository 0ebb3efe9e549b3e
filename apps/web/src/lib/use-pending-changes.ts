import { useMutation, useMutationState, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";
import { useHandler } from "./use-handler.ts";

export interface PendingChange<Data, Answer> {
  /** The change, on top of what the server last said. It is applied again whenever that changes. Without it nothing is shown before the answer. */
  apply?: (data: Data) => Data;
  call: () => Promise<Answer>;
  /** The change as the server returned it. Without it, the query is loaded again, and `apply` is shown until then. */
  commit?: (data: Data, answer: Answer) => Data;
}

interface Variables<Data> {
  /** The hook may serve another query by the time of the answer. */
  queryKey: QueryKey;
  apply: ((data: Data) => Data) | undefined;
  /** Resolves with the change as the server returned it. */
  send: () => Promise<((data: Data) => Data) | undefined>;
}

export interface PendingChanges<Data> {
  /** What the server said, with the changes that it has not answered yet. */
  shown: Data | undefined;
  /** Resolves and rejects with `call`, after the answer is shown. A rejected change disappears, and the query is loaded again. */
  change: <Answer>(change: PendingChange<Data, Answer>) => Promise<Answer>;
}

/**
 * Changes of a query's data that are shown before the server answers, for lists that others change as well: the cache holds only what the server
 * said, and pending changes are applied on top of it, whatever arrives meanwhile. They are sent one after another, so that each refers to what
 * was shown. Where changes replace one value, `useOptimisticMutation` is enough.
 */
export function usePendingChanges<Data>(queryKey: QueryKey, data: Data | undefined): PendingChanges<Data> {
  const queries = useQueryClient();
  const mutationKey = ["pending-changes", ...queryKey];
  const { mutateAsync } = useMutation({
    mutationKey,
    scope: { id: JSON.stringify(queryKey) },
    // Without a connection a change fails, rather than waiting unseen.
    networkMode: "always",
    mutationFn: ({ send }: Variables<Data>) => send(),
    onSuccess: async (commit, { queryKey: changed }) => {
      if (commit) queries.setQueryData<Data>(changed, (known) => (known === undefined ? known : commit(known)));
      else await queries.invalidateQueries({ queryKey: changed });
    },
    // Stale data is a frequent cause.
    onError: (_error, { queryKey: changed }) => void queries.invalidateQueries({ queryKey: changed }),
  });
  const pending = useMutationState({
    filters: { mutationKey, status: "pending" },
    select: (mutation) => (mutation.state.variables as Variables<Data> | undefined)?.apply,
  });
  const shown = useMemo(
    () => (data === undefined ? data : pending.reduce<Data>((current, apply) => apply?.(current) ?? current, data)),
    [data, pending],
  );
  const change = useHandler(async <Answer>({ apply, call, commit }: PendingChange<Data, Answer>): Promise<Answer> => {
    const answers: Answer[] = [];
    await mutateAsync({
      queryKey,
      apply,
      send: async () => {
        const answer = await call();
        answers.push(answer);
        return commit && ((known) => commit(known, answer));
      },
    });
    return answers[0] as Answer;
  });
  return { shown, change };
}
