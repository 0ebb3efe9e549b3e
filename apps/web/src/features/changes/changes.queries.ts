import { queryOptions } from "@tanstack/react-query";
import type { Contract, RunEvent } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

type Api = Client<Contract>;

export const changeSetKey = (taskId: string) => ["change-set", taskId] as const;
/**
 * A change set that has ended stays what it is, but for what is rejected; one that goes on is asked for anew by whoever shows it. Its files are final
 * a moment before its run is over: whoever asked in between must ask again.
 */
export const changeSetQuery = (api: Api, taskId: string) =>
  queryOptions({
    queryKey: changeSetKey(taskId),
    queryFn: ({ signal }) => api.changes.diff({ params: { task_id: taskId } }, { signal }),
    staleTime: (query) => (query.state.data?.compared_with === "after" && !query.state.data.is_running ? 60_000 : 0),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 5 * 60_000,
  });

/** All that a run which has ended told. */
export const runEventsQuery = (api: Api, taskId: string) =>
  queryOptions({
    queryKey: ["run-events", taskId] as const,
    queryFn: async ({ signal }) => {
      const events: RunEvent[] = [];
      for await (const event of api.chat.runEvents({ params: { task_id: taskId } }, { signal })) events.push(event);
      return events;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
