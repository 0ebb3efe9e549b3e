import { sql } from "drizzle-orm";
import { boolean, index, integer, pgTable, primaryKey, text, uuid, type AnyPgColumn } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";

/** Feedback posts. The counts are those of votes and comments, updated under the lock of this row. */
export const feedbackPosts = pgTable(
  "feedback_posts",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    type: text().$type<"bug" | "suggestion">().notNull(),
    title: text().notNull(),
    description: text().notNull(),
    status: text().$type<"open" | "in_progress" | "resolved" | "closed">().notNull().default("open"),
    upvote_count: integer().notNull().default(0),
    comment_count: integer().notNull().default(0),
    is_hidden: boolean().notNull().default(false),
    answer: text(),
    answered_at: timestamptz(),
    /** Votes of a duplicate count at the post that it duplicates, which is none itself. */
    duplicate_of: uuid().references((): AnyPgColumn => feedbackPosts.id, { onDelete: "set null" }),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("feedback_posts_upvote_count_idx").on(t.upvote_count.desc(), t.created_at.desc()),
    index("feedback_posts_created_at_idx").on(t.created_at.desc()),
    index("feedback_posts_user_id_idx").on(t.user_id),
    index("feedback_posts_duplicate_of_idx").on(t.duplicate_of),
    index("feedback_posts_words_idx").using("gin", sql`to_tsvector('english', ${t.title} || ' ' || ${t.description})`),
  ],
);
export type FeedbackRow = typeof feedbackPosts.$inferSelect;

export const feedbackUpvotes = pgTable(
  "feedback_upvotes",
  {
    feedback_id: uuid()
      .notNull()
      .references(() => feedbackPosts.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.feedback_id, t.user_id] }), index("feedback_upvotes_user_id_idx").on(t.user_id)],
);

export const feedbackComments = pgTable(
  "feedback_comments",
  {
    id: id(),
    feedback_id: uuid()
      .notNull()
      .references(() => feedbackPosts.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    content: text().notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("feedback_comments_feedback_id_created_at_idx").on(t.feedback_id, t.created_at),
    index("feedback_comments_user_id_idx").on(t.user_id),
  ],
);
export type FeedbackCommentRow = typeof feedbackComments.$inferSelect;
