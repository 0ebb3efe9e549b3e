import {
  described,
  WriteComment,
  extend,
  IdParams,
  Literals,
  listOf,
  Maybe,
  Nullable,
  pageQuery,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
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
export const FeedbackPost = described(
  "A post of the feedback board, which everyone who is signed in can see.",
  Type.Object({
    id: Uuid,
    ...author,
    type: FeedbackType,
    title: Type.String(),
    description: Type.String({ description: "Markdown" }),
    status: FeedbackStatus,
    upvote_count: Type.Integer(),
    has_upvoted: Type.Boolean(),
    comment_count: Type.Integer(),
    answer: described("What the administrators answer, in Markdown", Nullable(Type.String())),
    answered_at: Nullable(Timestamp),
    duplicate_of: described(
      "The post about the same, where its votes count",
      Nullable(Type.Object({ id: Uuid, title: Type.String(), status: FeedbackStatus })),
    ),
    is_hidden: Type.Boolean({ description: "Hidden by an administrator: only administrators and its author see it" }),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
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
  comments: Type.Array(FeedbackComment, { description: "The first 100, oldest first; more at `GET /api/feedback/{id}/comments`" }),
});
export type FeedbackDetail = Static<typeof FeedbackDetail>;

/** Never blank; surrounding spaces are removed. */
const nonBlank = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "\\S" });
const CommentParams = Type.Object({ id: Uuid, comment_id: Uuid });

export const FeedbackVote = Type.Object({ upvoted: Type.Boolean(), upvote_count: Type.Integer() });

export const feedbackRoutes = {
  list: route({
    method: "GET",
    path: "/api/feedback",
    tag,
    summary: "List feedback",
    description: "Feedback posts, by votes unless `sort` is given. Duplicates are not listed.",
    auth: "user",
    query: Type.Object({
      ...pageQuery,
      type: Type.Optional(FeedbackType),
      status: Type.Optional(FeedbackStatus),
      sort: Type.Optional(Literals("upvotes", "date", "comments")),
      q: Type.Optional(Type.String({ maxLength: 200, description: "Posts with every word in the title or description" })),
      similar_to: Type.Optional(
        Type.String({ maxLength: 500, description: "Posts about the same subject, closest first; `sort` is ignored" }),
      ),
    }),
    response: listOf(FeedbackPost),
  }),
  create: route({
    method: "POST",
    path: "/api/feedback",
    tag,
    summary: "Create feedback",
    description: "Reports a bug or suggests something.",
    auth: "user",
    status: 201,
    body: Type.Object({ type: FeedbackType, title: nonBlank(500), description: nonBlank(20_000) }),
    response: FeedbackPost,
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/feedback/{id}",
    tag,
    summary: "Get feedback",
    description: "One post with its first 100 comments.",
    auth: "user",
    params: IdParams,
    response: FeedbackDetail,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/feedback/{id}",
    tag,
    summary: "Update feedback",
    description:
      "Changes the status of a post, answers it, hides it, or merges it into the post it duplicates: votes of both then count there, one per person. Writes to the audit log.",
    auth: "superuser",
    params: IdParams,
    body: Type.Object({
      status: Type.Optional(FeedbackStatus),
      is_hidden: Type.Optional(Type.Boolean()),
      answer: Maybe(Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S", description: "Markdown. Null removes it" })),
      duplicate_of: Maybe(described("The id of the post it duplicates. Null ends that", Uuid)),
      reason: Maybe(Type.String({ maxLength: 1000, description: "Written to the audit log" })),
    }),
    response: FeedbackPost,
    errors: ["not_found", "conflict", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/feedback/{id}",
    tag,
    summary: "Delete feedback",
    description: "Deletes a post with its votes and comments. Only its author and administrators can.",
    auth: "user",
    status: 204,
    params: IdParams,
    errors: ["not_found", "forbidden"],
  }),
  upvote: route({
    method: "POST",
    path: "/api/feedback/{id}/upvote",
    tag,
    summary: "Upvote feedback",
    description: "Upvotes a post. Repeating it changes nothing.",
    auth: "user",
    params: IdParams,
    response: FeedbackVote,
    errors: ["not_found", "rate_limited"],
  }),
  removeUpvote: route({
    method: "DELETE",
    path: "/api/feedback/{id}/upvote",
    tag,
    summary: "Remove upvote",
    description: "Removes your upvote. Without one nothing changes.",
    auth: "user",
    params: IdParams,
    response: FeedbackVote,
    errors: ["not_found", "rate_limited"],
  }),
  comments: route({
    method: "GET",
    path: "/api/feedback/{id}/comments",
    tag,
    summary: "List feedback comments",
    description: "Comments of a post, oldest first.",
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
    summary: "Comment on feedback",
    description: "Adds a Markdown comment to a post.",
    auth: "user",
    status: 201,
    params: IdParams,
    body: WriteComment,
    response: FeedbackComment,
    errors: ["not_found", "rate_limited"],
  }),
  removeComment: route({
    method: "DELETE",
    path: "/api/feedback/{id}/comments/{comment_id}",
    tag,
    summary: "Delete feedback comment",
    description: "Deletes a comment. Only its author and administrators can.",
    auth: "user",
    status: 204,
    params: CommentParams,
    errors: ["not_found", "forbidden"],
  }),
};
