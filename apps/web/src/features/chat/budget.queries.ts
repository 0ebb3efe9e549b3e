import { queryOptions } from "@tanstack/react-query";
import type { Services } from "../../project/services.ts";

type Api = Services["api"];

/** Estimate for the draft, requested when the meter is open. `turns` is the length of the chat, so that a new turn updates it. */
export const estimateQuery = (
  api: Api,
  given: { projectId: string; chatId: string | undefined; model: string | undefined; draft: string; turns: number },
) =>
  queryOptions({
    queryKey: ["chat", "estimate", given],
    queryFn: ({ signal }) =>
      api.chat.estimate(
        {
          body: {
            project_id: given.projectId,
            message: given.draft,
            ...(given.chatId && { chat_id: given.chatId }),
            ...(given.model && { model: given.model }),
          },
        },
        { signal },
      ),
    staleTime: 30_000,
  });
