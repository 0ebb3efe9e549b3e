import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { type PurchaseType, agents } from "./agent.ts";
import { projects } from "./projects.ts";

export type PayoutState = "pending" | "processing" | "paid" | "failed";

/** One request of a creator for what they earned (marketplace-billing-admin 9.4). */
export const creatorPayouts = pgTable(
  "creator_payouts",
  {
    id: id(),
    /** Of somebody who is gone the books keep the sums. */
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    amount_cents: integer().notNull(),
    transactions_count: integer().notNull(),
    status: text().$type<PayoutState>().notNull().default("pending"),
    /** One per request: what is asked for twice is one payout. */
    idempotency_key: text(),
    paid_at: timestamptz(),
    stripe_transfer_id: text(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("creator_payouts_creator_id_key_key").on(t.creator_id, t.idempotency_key),
    index("creator_payouts_creator_id_created_at_idx").on(t.creator_id, t.created_at.desc()),
  ],
);
export type PayoutRow = typeof creatorPayouts.$inferSelect;

/** A sale, or a stretch of paid use, of something a creator made (marketplace-billing-admin 1.9). The creator's part is 90 %, rounded down. */
export const marketplaceTransactions = pgTable(
  "marketplace_transactions",
  {
    id: id(),
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    /** Of an agent or a base. */
    agent_id: uuid(),
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    transaction_type: text().$type<"one_time" | "subscription" | "usage">().notNull(),
    amount_total_cents: integer().notNull(),
    amount_creator_cents: integer().notNull(),
    amount_platform_cents: integer().notNull(),
    stripe_payment_intent: text().unique(),
    stripe_subscription_id: text(),
    stripe_invoice_id: text().unique(),
    payout_status: text().$type<PayoutState>().notNull().default("pending"),
    payout_id: uuid().references(() => creatorPayouts.id),
    payout_date: timestamptz(),
    /** The transfer at the payment service. */
    stripe_payout_id: text(),
    /** The buyer got the money back: not to be paid, and reversed where it was. */
    refunded_at: timestamptz(),
    reversed_at: timestamptz(),
    tokens_input: integer(),
    tokens_output: integer(),
    created_at: createdAt(),
  },
  (t) => [
    index("marketplace_transactions_creator_id_created_at_idx").on(t.creator_id, t.created_at),
    index("marketplace_transactions_payout_id_idx").on(t.payout_id),
    index("marketplace_transactions_user_id_idx").on(t.user_id),
  ],
);

/** marketplace-billing-admin 1.7. As of `agents`, the database derives what is searched beside these. */
export const bases = pgTable(
  "bases",
  {
    id: id(),
    name: text().notNull(),
    slug: text().notNull().unique(),
    description: text().notNull(),
    long_description: text(),
    git_repo_url: text(),
    default_branch: text().notNull().default("main"),
    source_type: text().$type<"git" | "archive">().notNull().default("git"),
    /** The bundled template that it is. */
    template_slug: text(),
    /** Below the folder of archives; null for templates, repositories and what was deleted. */
    archive_path: text(),
    archive_size_bytes: bigint({ mode: "number" }),
    source_project_id: uuid().references(() => projects.id, { onDelete: "set null" }),
    category: text().notNull(),
    icon: text().notNull().default("📦"),
    preview_image: text(),
    tags: jsonb().$type<string[]>().notNull().default([]),
    pricing_type: text().$type<"free" | "one_time" | "monthly">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    stripe_price_id: text(),
    stripe_product_id: text(),
    downloads: integer().notNull().default(0),
    /** The mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    features: jsonb().$type<string[]>().notNull().default([]),
    tech_stack: jsonb().$type<string[]>().notNull().default([]),
    is_featured: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    /** Null: the house's own. */
    created_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    visibility: text().$type<"private" | "public">().notNull().default("private"),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("bases_created_by_user_id_idx").on(t.created_by_user_id),
    index("bases_featured_idx").on(t.is_featured.desc(), t.downloads.desc(), t.id).where(isBaseListed(t)),
    index("bases_popular_idx").on(t.downloads.desc(), t.id).where(isBaseListed(t)),
    index("bases_newest_idx").on(t.created_at.desc(), t.id).where(isBaseListed(t)),
    index("bases_name_idx").on(t.name, t.id).where(isBaseListed(t)),
    index("bases_rating_idx").on(t.rating.desc(), t.downloads.desc(), t.id).where(isBaseListed(t)),
    index("bases_price_idx").on(t.price_cents, t.id).where(isBaseListed(t)),
    index("bases_dearest_idx").on(t.price_cents.desc(), t.id).where(isBaseListed(t)),
    index("bases_facets_idx").on(t.category, t.pricing_type, t.created_by_user_id).where(isBaseListed(t)),
  ],
);
/** Seen by everybody (marketplace-billing-admin 3); what the house offers is public. */
export function isBaseListed(t: { is_active: AnyPgColumn; visibility: AnyPgColumn }) {
  return sql`${t.is_active} and ${t.visibility} = 'public'`;
}
export type BaseRow = typeof bases.$inferSelect;

/** A user's library entry of a base (1.5). */
export const userPurchasedBases = pgTable(
  "user_purchased_bases",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    base_id: uuid()
      .notNull()
      .references(() => bases.id, { onDelete: "cascade" }),
    is_active: boolean().notNull().default(true),
    purchase_type: text().$type<PurchaseType>().notNull().default("free"),
    stripe_payment_intent: text(),
    stripe_subscription_id: text(),
    expires_at: timestamptz(),
    removed_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.base_id] }), index("user_purchased_bases_base_id_idx").on(t.base_id, t.created_at.desc())],
);
/** Switched on, and not run out. */
export const isBaseEntryActive = sql<boolean>`(${userPurchasedBases.is_active} and (${userPurchasedBases.expires_at} is null or ${userPurchasedBases.expires_at} > now()))`;

/**
 * What counts of the marketplace go by. The database raises `version` at the end of each transaction that changes which items there are or what can be
 * searched and filtered by (see the migration): what was counted at a version holds for as long as it stands.
 */
export const marketplaceVersions = pgTable("marketplace_versions", {
  /** `agents` or `bases`. */
  item: text().primaryKey(),
  version: bigint({ mode: "number" }).notNull().default(0),
  /** The transaction that raised it last: one raises it once. */
  changed_in: text(),
});

/** Agents that somebody put to a project (marketplace-billing-admin 13). */
export const projectAgents = pgTable(
  "project_agents",
  {
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.project_id, t.agent_id] }), index("project_agents_agent_id_idx").on(t.agent_id)],
);

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
