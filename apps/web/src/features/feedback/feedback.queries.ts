import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { FeedbackDetail, FeedbackPost, List } from "@tesslate/contract";
import { api } from "../../api.ts";
import { useOptimisticMutation } from "../../lib/use-optimistic-mutation.ts";
import type { BoardSearch } from "./feedback-search.ts";

export const boardLimit = 20;
/** As many as the post itself includes. */
const commentsLimit = 100;
const root = ["feedback"];

export const feedbackQuery = (search: BoardSearch) =>
  queryOptions({
    queryKey: [...root, "list", search],
    queryFn: ({ signal }) => api.feedback.list({ query: { limit: boardLimit, ...search } }, { signal }),
    placeholderData: keepPreviousData,
  });
export const postQuery = (id: string) =>
  queryOptions({ queryKey: [...root, "one", id], queryFn: ({ signal }) => api.feedback.get({ params: { id } }, { signal }) });
/** The comments, oldest first; the post includes the first page. */
export const commentsQuery = ({ id, comments, comment_count }: FeedbackDetail) =>
  infiniteQueryOptions({
    queryKey: [...root, "comments", id],
    queryFn: ({ pageParam, signal }) =>
      api.feedback.comments({ params: { id }, query: { page: pageParam, limit: commentsLimit } }, { signal }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.total_pages ? last.page + 1 : undefined),
    initialData: {
      pages: [{ items: comments, total: comment_count, page: 1, total_pages: Math.ceil(comment_count / commentsLimit) }],
      pageParams: [1],
    },
  });
/** Similar posts; disabled for short texts. */
export const similarQuery = (text: string) =>
  queryOptions({
    queryKey: [...root, "similar", text],
    queryFn: async ({ signal }) => (await api.feedback.list({ query: { similar_to: text, limit: 3 } }, { signal })).items,
    enabled: text.length >= 6,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

/** Posts that a post may duplicate: those with these words, or similar ones. */
export const candidatesQuery = ({ id, title }: Pick<FeedbackPost, "id" | "title">, words: string) =>
  queryOptions({
    queryKey: [...root, "candidates", id, words],
    queryFn: async ({ signal }) =>
      (await api.feedback.list({ query: { limit: 8, ...(words ? { q: words } : { similar_to: title }) } }, { signal })).items,
    placeholderData: keepPreviousData,
  });

/** Changes a post wherever it is shown. */
function patch(queryClient: QueryClient, id: string, change: (post: FeedbackPost) => Partial<FeedbackPost>): void {
  queryClient.setQueriesData<List<FeedbackPost>>({ queryKey: [...root, "list"] }, (list) =>
    list ? { ...list, items: list.items.map((post) => (post.id === id ? { ...post, ...change(post) } : post)) } : list,
  );
  queryClient.setQueryData<FeedbackDetail>([...root, "one", id], (post) => (post ? { ...post, ...change(post) } : post));
}

/** What administrators change of a post. */
type PostChange = Omit<NonNullable<Parameters<typeof api.feedback.update>[0]["body"]>, "reason">;

const voted =
  (upvoted: boolean) =>
  ({ has_upvoted, upvote_count }: FeedbackPost): Partial<FeedbackPost> => ({
    has_upvoted: upvoted,
    upvote_count: upvote_count + Number(upvoted) - Number(has_upvoted),
  });

export function useFeedbackActions() {
  const queryClient = useQueryClient();
  const refresh = () => queryClient.invalidateQueries({ queryKey: root });
  return {
    vote: useOptimisticMutation({
      mutationFn: ({ id, upvoted }: { id: string; upvoted: boolean }) =>
        upvoted ? api.feedback.upvote({ params: { id } }) : api.feedback.removeUpvote({ params: { id } }),
      affects: [
        [...root, "list"],
        [...root, "one"],
      ],
      show: (queries, { id, upvoted }) => patch(queries, id, voted(upvoted)),
      adopt: (queries, { upvoted, upvote_count }, { id }) => patch(queries, id, () => ({ has_upvoted: upvoted, upvote_count })),
    }),
    create: useMutation({
      mutationFn: (body: Pick<FeedbackPost, "type" | "title" | "description">) => api.feedback.create({ body }),
      onSuccess: refresh,
    }),
    comment: useMutation({
      mutationFn: ({ id, content }: { id: string; content: string }) => api.feedback.comment({ params: { id }, body: { content } }),
      onSuccess: refresh,
    }),
    removeComment: useMutation({
      mutationFn: ({ id, comment_id }: { id: string; comment_id: string }) => api.feedback.removeComment({ params: { id, comment_id } }),
      onSuccess: refresh,
    }),
    update: useMutation({
      mutationFn: ({ id, ...body }: { id: string } & PostChange) => api.feedback.update({ params: { id }, body }),
      onSuccess: refresh,
    }),
    remove: useMutation({ mutationFn: (id: string) => api.feedback.remove({ params: { id } }), onSuccess: refresh }),
  };
}
