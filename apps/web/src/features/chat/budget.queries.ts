import { queryOptions } from "@tanstack/react-query";
import type { Services } from "../../project/services.ts";

type Api = Services["api"];

/** What the draft would take, asked when somebody looks. `turns` is how often the conversation has grown since. */
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
