import { and, asc, desc, eq, inArray, isNull, or, sql, type SQL } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { users } from "../../../db/schema/accounts.ts";
import {
  feedbackComments,
  feedbackPosts,
  feedbackUpvotes,
  type FeedbackCommentRow,
  type FeedbackRow,
} from "../../../db/schema/operations.ts";

/** Administrators see hidden posts; users see their own. */
export interface FeedbackViewer {
  id: string;
  is_superuser: boolean;
}
export interface FeedbackFilter {
  type?: FeedbackRow["type"] | undefined;
  status?: FeedbackRow["status"] | undefined;
  sort?: "upvotes" | "date" | "comments" | undefined;
  q?: string | undefined;
  similar_to?: string | undefined;
}
interface Author {
  name: string | null;
  username: string | null;
  avatar_url: string | null;
  is_deleted: boolean;
}
export interface PostRow {
  post: FeedbackRow;
  author: Author;
  has_upvoted: boolean;
  duplicate_of: { id: string; title: string; status: FeedbackRow["status"] } | null;
}
export interface CommentRow {
  comment: FeedbackCommentRow;
  author: Author;
}
interface Page {
  limit: number;
  offset: number;
}

const author = {
  name: users.name,
  username: users.username,
  // Inline data URIs can be half a megabyte: too large for lists.
  avatar_url: sql<string | null>`case when length(${users.avatar_url}) <= 8192 then ${users.avatar_url} end`,
  is_deleted: users.is_deleted,
};
const words = sql`to_tsvector('english', ${feedbackPosts.title} || ' ' || ${feedbackPosts.description})`;
/** Matches any of the stemmed words. */
const likeAny = (text: string) => sql`replace(plainto_tsquery('english', ${text})::text, '&', '|')::tsquery`;

/** The votes for a post: its own and those of its duplicates. */
const countsFor = (id: SQL | typeof feedbackPosts.id) =>
  sql`(${feedbackUpvotes.feedback_id} = ${id} or ${feedbackUpvotes.feedback_id} in (select d.id from ${feedbackPosts} d where d.duplicate_of = ${id}))`;

export type FeedbackStore = ReturnType<typeof createFeedbackStore>;
export function createFeedbackStore(db: Database) {
  const isVisible = (viewer: FeedbackViewer): SQL | undefined =>
    viewer.is_superuser ? undefined : or(eq(feedbackPosts.is_hidden, false), eq(feedbackPosts.user_id, viewer.id));
  const posts = (q: Queries, viewer: FeedbackViewer) =>
    q
      .select({
        post: feedbackPosts,
        author,
        has_upvoted: sql<boolean>`exists (select 1 from ${feedbackUpvotes} where ${countsFor(feedbackPosts.id)} and ${feedbackUpvotes.user_id} = ${viewer.id})`,
        duplicate_of: sql<
          PostRow["duplicate_of"]
        >`(select json_build_object('id', o.id, 'title', o.title, 'status', o.status) from ${feedbackPosts} o where o.id = ${feedbackPosts.duplicate_of})`,
      })
      .from(feedbackPosts)
      .innerJoin(users, eq(users.id, feedbackPosts.user_id));
  const where = (viewer: FeedbackViewer, { type, status, q, similar_to }: FeedbackFilter) =>
    and(
      isVisible(viewer),
      isNull(feedbackPosts.duplicate_of),
      type && eq(feedbackPosts.type, type),
      status && eq(feedbackPosts.status, status),
      ...(q ?? "")
        .toLowerCase()
        .split(/\s+/)
        .filter(Boolean)
        .slice(0, 12)
        .map((word) => sql`position(${word} in lower(${feedbackPosts.title} || ' ' || ${feedbackPosts.description})) > 0`),
      similar_to === undefined ? undefined : sql`${words} @@ ${likeAny(similar_to)}`,
    );
  const orderOf = ({ sort, similar_to }: FeedbackFilter): SQL[] => {
    const rest = [desc(feedbackPosts.created_at), asc(feedbackPosts.id)];
    if (similar_to !== undefined) return [sql`ts_rank(${words}, ${likeAny(similar_to)}) desc`, ...rest];
    if (sort === "date") return rest;
    return [desc(sort === "comments" ? feedbackPosts.comment_count : feedbackPosts.upvote_count), ...rest];
  };

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    list: async (viewer: FeedbackViewer, filter: FeedbackFilter, page: Page): Promise<{ rows: PostRow[]; total: number }> => {
      const condition = where(viewer, filter);
      const [rows, total] = await Promise.all([
        posts(db, viewer)
          .where(condition)
          .orderBy(...orderOf(filter))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(feedbackPosts, condition),
      ]);
      return { rows, total };
    },
    find: async (viewer: FeedbackViewer, id: string, q: Queries = db): Promise<PostRow | undefined> =>
      (await posts(q, viewer).where(and(eq(feedbackPosts.id, id), isVisible(viewer))))[0],
    /** Locks the post, and the one where its votes count, until the transaction ends. Ordered by id, so that two cannot deadlock. */
    lock: async (tx: Queries, viewer: FeedbackViewer, id: string): Promise<FeedbackRow | undefined> => {
      await lockPosts(tx, [id]);
      return (
        await tx
          .select()
          .from(feedbackPosts)
          .where(and(eq(feedbackPosts.id, id), isVisible(viewer)))
      )[0];
    },
    /** Locks both posts and all duplicates of them. */
    lockForMerge: (tx: Queries, ids: readonly string[]): Promise<void> => lockPosts(tx, ids),
    /** Counts votes of a post and its duplicates at another one. Undefined: it is no duplicate from now on. */
    setDuplicate: async (tx: Queries, id: string, of: string | null): Promise<void> => {
      // A post that has duplicates passes them on.
      if (of !== null) await tx.update(feedbackPosts).set({ duplicate_of: of }).where(eq(feedbackPosts.duplicate_of, id));
      await tx
        .update(feedbackPosts)
        .set({ duplicate_of: of, updated_at: sql`now()` })
        .where(eq(feedbackPosts.id, id));
    },
    insert: async (values: typeof feedbackPosts.$inferInsert): Promise<FeedbackRow> => {
      const [row] = await db.insert(feedbackPosts).values(values).returning();
      if (!row) throw new Error("feedback not stored");
      return row;
    },
    update: async (
      tx: Queries,
      id: string,
      values: Partial<Pick<FeedbackRow, "status" | "is_hidden" | "answer" | "answered_at">>,
    ): Promise<void> => {
      await tx
        .update(feedbackPosts)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(feedbackPosts.id, id));
    },
    remove: async (tx: Queries, id: string): Promise<void> => {
      const [row] = await tx.delete(feedbackPosts).where(eq(feedbackPosts.id, id)).returning({ of: feedbackPosts.duplicate_of });
      if (row && row.of !== null) await recount(tx, row.of);
    },

    addVote: async (tx: Queries, id: string, userId: string): Promise<void> => {
      await tx.insert(feedbackUpvotes).values({ feedback_id: id, user_id: userId }).onConflictDoNothing();
    },
    removeVote: async (tx: Queries, id: string, userId: string): Promise<void> => {
      await tx.delete(feedbackUpvotes).where(and(countsFor(sql`${id}::uuid`), eq(feedbackUpvotes.user_id, userId)));
    },
    recount: async (tx: Queries, id: string): Promise<FeedbackRow> => {
      const row = await recount(tx, id);
      if (!row) throw new Error("post not found");
      return row;
    },

    listComments: async (id: string, page: Page): Promise<{ rows: CommentRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        db
          .select({ comment: feedbackComments, author })
          .from(feedbackComments)
          .innerJoin(users, eq(users.id, feedbackComments.user_id))
          .where(eq(feedbackComments.feedback_id, id))
          .orderBy(asc(feedbackComments.created_at), asc(feedbackComments.id))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(feedbackComments, eq(feedbackComments.feedback_id, id)),
      ]);
      return { rows, total };
    },
    findComment: async (tx: Queries, id: string, commentId: string): Promise<CommentRow | undefined> =>
      (
        await tx
          .select({ comment: feedbackComments, author })
          .from(feedbackComments)
          .innerJoin(users, eq(users.id, feedbackComments.user_id))
          .where(and(eq(feedbackComments.id, commentId), eq(feedbackComments.feedback_id, id)))
      )[0],
    insertComment: async (tx: Queries, values: typeof feedbackComments.$inferInsert): Promise<string> => {
      const [row] = await tx.insert(feedbackComments).values(values).returning({ id: feedbackComments.id });
      if (!row) throw new Error("comment not stored");
      return row.id;
    },
    removeComment: async (tx: Queries, commentId: string): Promise<void> => {
      await tx.delete(feedbackComments).where(eq(feedbackComments.id, commentId));
    },
  };
}

/** A person who voted for a post and its duplicate counts once. Corrects the post that it duplicates as well. */
const recount = async (tx: Queries, id: string): Promise<FeedbackRow | undefined> => {
  const [row] = await tx
    .update(feedbackPosts)
    .set({
      upvote_count: sql`(select count(distinct ${feedbackUpvotes.user_id}) from ${feedbackUpvotes} where ${countsFor(sql`${id}::uuid`)})`,
      comment_count: sql`(select count(*) from ${feedbackComments} where ${feedbackComments.feedback_id} = ${id})`,
    })
    .where(eq(feedbackPosts.id, id))
    .returning();
  if (row && row.duplicate_of !== null) await recount(tx, row.duplicate_of);
  return row;
};

const lockPosts = async (tx: Queries, ids: readonly string[]): Promise<void> => {
  await tx
    .select({ id: feedbackPosts.id })
    .from(feedbackPosts)
    .where(
      or(
        inArray(feedbackPosts.id, [...ids]),
        inArray(feedbackPosts.duplicate_of, [...ids]),
        sql`${feedbackPosts.id} in (select p.duplicate_of from ${feedbackPosts} p where ${inArray(sql`p.id`, [...ids])})`,
      ),
    )
    .orderBy(asc(feedbackPosts.id))
    .for("no key update");
};

/** Deletes a user's votes and comments and corrects the counts; their posts are deleted with their row. */
export async function deleteVotesAndComments(tx: Queries, userId: string): Promise<void> {
  const held = await tx
    .select({ id: feedbackPosts.id })
    .from(feedbackPosts)
    .where(
      sql`${feedbackPosts.id} in (select feedback_id from ${feedbackUpvotes} where user_id = ${userId} union select feedback_id from ${feedbackComments} where user_id = ${userId} union select p.duplicate_of from ${feedbackPosts} p join ${feedbackUpvotes} v on v.feedback_id = p.id where v.user_id = ${userId})`,
    )
    .orderBy(asc(feedbackPosts.id))
    .for("no key update");
  await tx.delete(feedbackUpvotes).where(eq(feedbackUpvotes.user_id, userId));
  await tx.delete(feedbackComments).where(eq(feedbackComments.user_id, userId));
  for (const { id } of held) await recount(tx, id);
}
