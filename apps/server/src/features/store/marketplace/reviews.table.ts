import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id } from "../../../platform/columns.ts";
import { agents } from "../../agent/agents/agents.table.ts";
import { users } from "../../accounts/users/users.table.ts";
import { bases } from "./bases.table.ts";

/** marketplace-billing-admin 1.6: of an agent or of a base, one per person. An item's rating and count are those of these rows, taken under its lock. */
export const marketplaceReviews = pgTable(
  "marketplace_reviews",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    agent_id: uuid().references(() => agents.id, { onDelete: "cascade" }),
    base_id: uuid().references(() => bases.id, { onDelete: "cascade" }),
    rating: integer().notNull(),
    comment: text(),
    created_at: createdAt(),
  },
  (t) => [
    unique("marketplace_reviews_user_id_agent_id_key").on(t.user_id, t.agent_id),
    unique("marketplace_reviews_user_id_base_id_key").on(t.user_id, t.base_id),
    index("marketplace_reviews_agent_id_idx").on(t.agent_id, t.created_at.desc(), t.id),
    index("marketplace_reviews_base_id_idx").on(t.base_id, t.created_at.desc(), t.id),
    check("marketplace_reviews_item_check", sql`num_nonnulls(${t.agent_id}, ${t.base_id}) = 1`),
    check("marketplace_reviews_rating_check", sql`${t.rating} between 1 and 5`),
  ],
);
