import type { FeedbackPost, FeedbackStatus } from "@tesslate/contract";
import { object, type InferOutput } from "valibot";
import { oneOfParam, pageParam, textParam, wordsParam } from "../../lib/search-params.ts";

/** Filters of the list of posts, and the open one. */
export const boardSearch = object({
  q: wordsParam(),
  type: oneOfParam(["bug", "suggestion"] satisfies FeedbackPost["type"][]),
  status: oneOfParam(["open", "in_progress", "resolved", "closed"] satisfies FeedbackStatus[]),
  sort: oneOfParam(["upvotes", "date", "comments"]),
  page: pageParam,
  post: textParam,
});
export type BoardSearch = Omit<InferOutput<typeof boardSearch>, "post">;
