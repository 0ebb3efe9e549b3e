import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/** Somebody followed a referral link (marketplace-billing-admin 9.2). Nothing in it says who. */
export const referralLandings = pgTable(
  "referral_landings",
  {
    id: id(),
    referred_by: text().notNull(),
    /** Keyed: without the server's key it leads back to no address. */
    ip_hash: text().notNull(),
    user_agent: text(),
    created_at: createdAt(),
  },
  (t) => [index("referral_landings_referred_by_idx").on(t.referred_by)],
);

/** Somebody came by a code: once per person, for ever. */
export const referralConversions = pgTable(
  "referral_conversions",
  {
    user_id: uuid()
      .primaryKey()
      .references(() => users.id, { onDelete: "cascade" }),
    referred_by: text().notNull(),
    reward_credits: integer().notNull().default(0),
    created_at: createdAt(),
  },
  (t) => [index("referral_conversions_referred_by_idx").on(t.referred_by)],
);
