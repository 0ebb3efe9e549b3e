import { index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz } from "../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** A sign-in that can be revoked (accounts-projects 0.4). `refresh_hash` is the current refresh token's; the previous one is honoured for 30 s. */
export const sessions = pgTable(
  "sessions",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    refresh_hash: text().notNull().unique(),
    previous_refresh_hash: text(),
    rotated_at: timestamptz(),
    user_agent: text(),
    ip: text(),
    created_at: createdAt(),
    last_used_at: createdAt(),
    expires_at: timestamptz().notNull(),
    revoked_at: timestamptz(),
    revoked_reason: text(),
  },
  (t) => [index("sessions_user_id_idx").on(t.user_id), index("sessions_previous_refresh_hash_idx").on(t.previous_refresh_hash)],
);
export type SessionRow = typeof sessions.$inferSelect;

/** One-use secrets with a purpose (socket tickets, preview entry), stored hashed, consumed by DELETE … RETURNING. */
export const oneTimeTokens = pgTable("one_time_tokens", {
  token_hash: text().primaryKey(),
  purpose: text().notNull(),
  user_id: uuid()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  payload: jsonb().$type<Record<string, unknown>>().notNull(),
  created_at: createdAt(),
  expires_at: timestamptz().notNull(),
});
