import type { FeedbackComment, FeedbackDetail, FeedbackPost, FeedbackStatus, List } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { conflict, forbidden, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { CommentRow, FeedbackFilter, FeedbackStore, PostRow, FeedbackViewer } from "./feedback.store.ts";
import type { FeedbackRow } from "../../../db/schema/operations.ts";

const commentsInDetail = 100;

export type Feedback = ReturnType<typeof createFeedback>;

/** The feedback board: bugs, suggestions, votes and comments. */
export function createFeedback({ store, audit, limits }: { store: FeedbackStore; audit: Pick<Audit, "change">; limits: RateLimiter }) {
  const write = (userId: string) => limits.count({ key: `feedback:${userId}`, max: 30, windowSeconds: 60 });
  const lock = async (tx: Queries, viewer: FeedbackViewer, id: string): Promise<FeedbackRow> => {
    const row = await store.lock(tx, viewer, id);
    if (!row) throw notFound("Feedback");
    return row;
  };
  const find = async (viewer: FeedbackViewer, id: string): Promise<PostRow> => {
    const row = await store.find(viewer, id);
    if (!row) throw notFound("Feedback");
    return row;
  };
  /** Both posts are locked. Votes stay with their post and are counted at `into`, so that this can be undone. */
  const merge = async (tx: Queries, viewer: FeedbackViewer, post: FeedbackRow, into: string | null): Promise<void> => {
    if (into !== null) {
      if (into === post.id) throw conflict("conflict", "A post can't be a duplicate of itself.");
      const target = await lock(tx, viewer, into);
      if (target.duplicate_of !== null) throw conflict("conflict", "That post is a duplicate itself. Merge into the post it duplicates.");
    }
    await store.setDuplicate(tx, post.id, into);
    await store.recount(tx, post.id);
    for (const id of [into, post.duplicate_of]) if (id !== null) await store.recount(tx, id);
  };
  const listComments = async (id: string, query: PageQuery): Promise<List<FeedbackComment>> => {
    const page = pageOf(query);
    const { rows, total } = await store.listComments(id, page);
    return page.envelope(rows.map(commentOf), total);
  };
  const targetOf = (row: FeedbackRow) => ({ type: "feedback", id: row.id, name: row.title.slice(0, 200) }) as const;

  return {
    list: async (viewer: FeedbackViewer, query: PageQuery & FeedbackFilter): Promise<List<FeedbackPost>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(viewer, query, page);
      return page.envelope(rows.map(postOf), total);
    },
    create: async (
      viewer: FeedbackViewer,
      { type, title, description }: Pick<FeedbackRow, "type" | "title" | "description">,
    ): Promise<FeedbackPost> => {
      await write(viewer.id);
      const row = await store.insert({ user_id: viewer.id, type, title: title.trim(), description: description.trim() });
      return postOf(await find(viewer, row.id));
    },
    get: async (viewer: FeedbackViewer, id: string): Promise<FeedbackDetail> => {
      const row = await find(viewer, id);
      const { items } = await listComments(id, { limit: commentsInDetail });
      return { ...postOf(row), is_owner: row.post.user_id === viewer.id, comments: items };
    },
    comments: async (viewer: FeedbackViewer, id: string, query: PageQuery): Promise<List<FeedbackComment>> => {
      await find(viewer, id);
      return listComments(id, query);
    },
    /** For administrators: changes status, answer and visibility, and merges duplicates. */
    update: async (
      viewer: FeedbackViewer,
      actor: Actor,
      id: string,
      {
        status,
        is_hidden,
        answer,
        duplicate_of,
        reason,
      }: { status?: FeedbackStatus; is_hidden?: boolean; answer?: string | null; duplicate_of?: string | null; reason?: string | null },
    ): Promise<FeedbackPost> => {
      await audit.change(actor, async ({ tx, record, recordNothing }) => {
        if (duplicate_of !== undefined) await store.lockForMerge(tx, duplicate_of === null ? [id] : [id, duplicate_of]);
        const before = await lock(tx, viewer, id);
        const isMoved = status !== undefined && status !== before.status;
        const isTurned = is_hidden !== undefined && is_hidden !== before.is_hidden;
        const text = answer?.trim() ?? null;
        const isAnswered = answer !== undefined && text !== before.answer;
        const isMerged = duplicate_of !== undefined && duplicate_of !== before.duplicate_of;
        if (!isMoved && !isTurned && !isAnswered && !isMerged) return recordNothing();
        await store.update(tx, id, {
          ...(isMoved && { status }),
          ...(isTurned && { is_hidden }),
          ...(isAnswered && { answer: text, answered_at: text === null ? null : new Date().toISOString() }),
        });
        if (isMerged) await merge(tx, viewer, before, duplicate_of);
        const entry = { target: targetOf(before), ...(reason !== undefined && { reason }) };
        if (isMoved) await record({ ...entry, action: "feedback.status_changed", details: { from: before.status, to: status } });
        if (isTurned) await record({ ...entry, action: is_hidden ? "feedback.hidden" : "feedback.shown" });
        if (isAnswered) await record({ ...entry, action: text === null ? "feedback.answer_removed" : "feedback.answered" });
        if (isMerged)
          await record({
            ...entry,
            action: duplicate_of === null ? "feedback.unmerged" : "feedback.merged",
            details: { into: duplicate_of ?? before.duplicate_of },
          });
      });
      return postOf(await find(viewer, id));
    },
    /** By its author, or by an administrator with an audit log row. Throws `forbidden` for other users. */
    remove: async (viewer: FeedbackViewer, actor: Actor, id: string): Promise<void> => {
      const { post } = await find(viewer, id);
      if (post.user_id === viewer.id)
        return store.transaction(async (tx) => {
          await lock(tx, viewer, id);
          await store.remove(tx, id);
        });
      if (!viewer.is_superuser) throw forbidden("forbidden", "Only its author or an administrator can delete this.");
      await audit.change(actor, async ({ tx, record }) => {
        const row = await lock(tx, viewer, id);
        await store.remove(tx, id);
        await record({
          action: "feedback.removed",
          target: targetOf(row),
          details: { author_id: row.user_id, upvote_count: row.upvote_count, comment_count: row.comment_count },
        });
      });
    },
    /** Adds or removes the caller's vote. Idempotent; counts are exact under concurrency. */
    vote: async (viewer: FeedbackViewer, id: string, upvoted: boolean): Promise<{ upvoted: boolean; upvote_count: number }> => {
      await limits.count({ key: `feedback-vote:${viewer.id}`, max: 60, windowSeconds: 60 });
      return store.transaction(async (tx) => {
        await lock(tx, viewer, id);
        await (upvoted ? store.addVote : store.removeVote)(tx, id, viewer.id);
        return { upvoted, upvote_count: (await store.recount(tx, id)).upvote_count };
      });
    },
    comment: async (viewer: FeedbackViewer, id: string, content: string): Promise<FeedbackComment> => {
      await write(viewer.id);
      return store.transaction(async (tx) => {
        await lock(tx, viewer, id);
        const commentId = await store.insertComment(tx, { feedback_id: id, user_id: viewer.id, content: content.trim() });
        await store.recount(tx, id);
        const row = await store.findComment(tx, id, commentId);
        if (!row) throw new Error("comment not stored");
        return commentOf(row);
      });
    },
    removeComment: async (viewer: FeedbackViewer, actor: Actor, id: string, commentId: string): Promise<void> => {
      const remove = async (tx: Queries) => {
        const post = await lock(tx, viewer, id);
        const found = await store.findComment(tx, id, commentId);
        if (!found) throw notFound("Comment");
        const isOwn = found.comment.user_id === viewer.id;
        if (!isOwn && !viewer.is_superuser) throw forbidden("forbidden", "Only its author or an administrator can delete this.");
        await store.removeComment(tx, commentId);
        await store.recount(tx, id);
        return { post, comment: found.comment, isOwn };
      };
      if (!viewer.is_superuser) return void (await store.transaction(remove));
      await audit.change(actor, async ({ tx, record, recordNothing }) => {
        const { post, comment, isOwn } = await remove(tx);
        if (isOwn) return recordNothing();
        await record({
          action: "feedback.comment_removed",
          target: targetOf(post),
          details: { comment_id: comment.id, author_id: comment.user_id },
        });
      });
    },
  };
}

/** The author's display name; deleted users are anonymous. */
const authorOf = ({ name, username, avatar_url, is_deleted }: PostRow["author"]) =>
  is_deleted
    ? { user_name: "Deleted user", username: null, avatar_url: null }
    : { user_name: [name?.trim(), username].find(Boolean) ?? "Unknown", username, avatar_url };
const postOf = ({ post, author, has_upvoted, duplicate_of }: PostRow): FeedbackPost => ({
  ...post,
  ...authorOf(author),
  has_upvoted,
  duplicate_of,
});
const commentOf = ({ comment, author }: CommentRow): FeedbackComment => ({ ...comment, ...authorOf(author) });
