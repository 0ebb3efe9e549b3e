import { index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/** What a person's `Idempotency-Key` stands for: the request that brought it first, and what was answered to it. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    key_hash: text().notNull(),
    request_hash: text().notNull(),
    /** Whose process answers it. */
    process_id: integer().notNull(),
    /** Answers may hold secrets that are shown once. Null until there is one. */
    sealed_answer: bytea(),
    created_at: createdAt(),
  },
  (t) => [unique("idempotency_keys_user_key").on(t.user_id, t.key_hash), index("idempotency_keys_created_at_idx").on(t.created_at)],
);
