import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

/** The events of a task that has ended; none if they are no longer stored. */
export const runEventsQuery = (api: Client<Contract>, { chatId, taskId }: { chatId: string; taskId: string }) =>
  queryOptions({
    queryKey: ["run-events", taskId] as const,
    queryFn: async ({ signal }) => {
      const { entries } = await api.chat.transcript({ params: { chat_id: chatId }, query: { task_id: taskId } }, { signal });
      return entries.flatMap((entry) => (entry.type === "run" ? entry.events.filter(({ task_id }) => task_id === taskId) : []));
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
