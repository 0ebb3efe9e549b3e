import { extend, IdParams, Literals, listOf, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "feedback";

export const FeedbackType = Literals("bug", "suggestion");
export const feedbackStatuses = ["open", "in_progress", "resolved", "closed"] as const;
export const FeedbackStatus = Literals(...feedbackStatuses);
export type FeedbackStatus = Static<typeof FeedbackStatus>;

const author = {
  user_id: Uuid,
  user_name: Type.String(),
  username: Nullable(Type.String()),
  avatar_url: Nullable(Type.String()),
};
/** marketplace-billing-admin 8. The board is global: everybody who is signed in sees it. */
export const FeedbackPost = Type.Object({
  id: Uuid,
  ...author,
  type: FeedbackType,
  title: Type.String(),
  description: Type.String({ description: "Markdown" }),
  status: FeedbackStatus,
  upvote_count: Type.Integer(),
  has_upvoted: Type.Boolean(),
  comment_count: Type.Integer(),
  is_hidden: Type.Boolean({ description: "By an administrator: only they and its author see it" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type FeedbackPost = Static<typeof FeedbackPost>;
export const FeedbackComment = Type.Object({
  id: Uuid,
  ...author,
  feedback_id: Uuid,
  content: Type.String({ description: "Markdown" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type FeedbackComment = Static<typeof FeedbackComment>;
export const FeedbackDetail = extend(FeedbackPost, {
  is_owner: Type.Boolean(),
  comments: Type.Array(FeedbackComment, { description: "The first 100, oldest first; the rest by `GET …/comments`" }),
});
export type FeedbackDetail = Static<typeof FeedbackDetail>;

/** Never blank; spaces around it are cut off. */
const words = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "\\S" });
const CommentParams = Type.Object({ id: Uuid, comment_id: Uuid });

/** marketplace-billing-admin 8 and 13. */
const Vote = Type.Object({ upvoted: Type.Boolean(), upvote_count: Type.Integer() });

export const feedbackRoutes = {
  list: route({
    method: "GET",
    path: "/api/feedback",
    tag,
    summary: "The board, by votes unless asked for otherwise",
    auth: "user",
    query: Type.Object({
      ...pageQuery,
      type: Type.Optional(FeedbackType),
      status: Type.Optional(FeedbackStatus),
      sort: Type.Optional(Literals("upvotes", "date", "comments")),
      q: Type.Optional(Type.String({ maxLength: 200, description: "Every word is in the title or the description" })),
      similar_to: Type.Optional(Type.String({ maxLength: 500, description: "About the same, the closest first, whatever `sort` says" })),
    }),
    response: listOf(FeedbackPost),
  }),
  create: route({
    method: "POST",
    path: "/api/feedback",
    tag,
    summary: "Report a bug or suggest something",
    auth: "user",
    status: 201,
    body: Type.Object({ type: FeedbackType, title: words(500), description: words(20_000) }),
    response: FeedbackPost,
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/feedback/{id}",
    tag,
    summary: "One post with its comments",
    auth: "user",
    params: IdParams,
    response: FeedbackDetail,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/feedback/{id}",
    tag,
    summary: "What an administrator says of a post: where it stands, and whether it is shown",
    auth: "superuser",
    params: IdParams,
    body: Type.Object({
      status: Type.Optional(FeedbackStatus),
      is_hidden: Type.Optional(Type.Boolean()),
      reason: Maybe(Type.String({ maxLength: 1000, description: "Goes into the audit log" })),
    }),
    response: FeedbackPost,
    errors: ["not_found", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/feedback/{id}",
    tag,
    summary: "Delete a post with its votes and comments: its author or an administrator",
    auth: "user",
    status: 204,
    params: IdParams,
    errors: ["not_found", "forbidden"],
  }),
  upvote: route({
    method: "POST",
    path: "/api/feedback/{id}/upvote",
    tag,
    summary: "Upvote a post; voting again changes nothing",
    auth: "user",
    params: IdParams,
    response: Vote,
    errors: ["not_found", "rate_limited"],
  }),
  removeUpvote: route({
    method: "DELETE",
    path: "/api/feedback/{id}/upvote",
    tag,
    summary: "Remove your upvote; without one nothing changes",
    auth: "user",
    params: IdParams,
    response: Vote,
    errors: ["not_found", "rate_limited"],
  }),
  comments: route({
    method: "GET",
    path: "/api/feedback/{id}/comments",
    tag,
    summary: "The comments of a post, the oldest first",
    auth: "user",
    params: IdParams,
    query: Type.Object(pageQuery),
    response: listOf(FeedbackComment),
    errors: ["not_found"],
  }),
  comment: route({
    method: "POST",
    path: "/api/feedback/{id}/comments",
    tag,
    summary: "Comment on a post",
    auth: "user",
    status: 201,
    params: IdParams,
    body: Type.Object({ content: words(10_000) }),
    response: FeedbackComment,
    errors: ["not_found", "rate_limited"],
  }),
  removeComment: route({
    method: "DELETE",
    path: "/api/feedback/{id}/comments/{comment_id}",
    tag,
    summary: "Delete a comment: its author or an administrator",
    auth: "user",
    status: 204,
    params: CommentParams,
    errors: ["not_found", "forbidden"],
  }),
};
