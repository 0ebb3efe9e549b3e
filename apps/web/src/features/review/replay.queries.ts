import { queryOptions } from "@tanstack/react-query";
import type { Contract, RunEvent } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

/** All events of a run that has ended. */
export const runEventsQuery = (api: Client<Contract>, taskId: string) =>
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
