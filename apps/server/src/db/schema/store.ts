import type { TranscriptEvent } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import {
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
  type AnyPgColumn,
} from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { themes, users } from "./accounts.ts";
import { agents, type PurchaseType } from "./agent/agents.ts";
import { projects } from "./projects.ts";

/** Unsaved changes to an agent as the web UI keeps them. Null agent: one that is not created yet. */
export const agentDrafts = pgTable(
  "agent_drafts",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    agent_id: uuid().references(() => agents.id, { onDelete: "cascade" }),
    draft: jsonb().$type<Record<string, unknown>>().notNull(),
    updated_at: updatedAt(),
  },
  (t) => [
    unique("agent_drafts_user_id_agent_id_key").on(t.user_id, t.agent_id).nullsNotDistinct(),
    index("agent_drafts_agent_id_idx").on(t.agent_id),
  ],
);

export type PayoutState = "pending" | "processing" | "paid" | "failed";

/** A payout to a creator. */
export const creatorPayouts = pgTable(
  "creator_payouts",
  {
    id: id(),
    /** Null for deleted users; the amounts are kept. */
    creator_id: uuid().references(() => users.id, { onDelete: "set null" }),
    amount_cents: integer().notNull(),
    transactions_count: integer().notNull(),
    status: text().$type<PayoutState>().notNull().default("pending"),
    /** Idempotency key of the request. */
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

/** A sale, or a period of paid usage, of a creator's item. The creator's share is CREATOR_SHARE_PERCENT, rounded down. */
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
    /** Stripe transfer. */
    stripe_payout_id: text(),
    /** Refunded: not paid out, or reversed if it was. */
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

/** Bases. Search uses generated columns, as for `agents`. */
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
    /** Slug of the bundled template. */
    template_slug: text(),
    /** Path below the folder of archives; null for templates, repositories and deleted bases. */
    archive_path: text(),
    archive_size_bytes: bigint({ mode: "number" }),
    source_project_id: uuid().references(() => projects.id, { onDelete: "set null" }),
    category: text().notNull(),
    icon: text().notNull().default("📦"),
    preview_image: text(),
    /** Addresses of its pictures in `marketplace_pictures`; null: none, or those of the bundled template. */
    pictures: jsonb().$type<{ light: string; dark: string }>(),
    tags: jsonb().$type<string[]>().notNull().default([]),
    pricing_type: text().$type<"free" | "one_time" | "monthly">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    stripe_price_id: text(),
    stripe_product_id: text(),
    downloads: integer().notNull().default(0),
    /** Mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    features: jsonb().$type<string[]>().notNull().default([]),
    tech_stack: jsonb().$type<string[]>().notNull().default([]),
    is_featured: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    /** Null: official. */
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
/** Publicly listed: active and public. */
export function isBaseListed(t: { is_active: AnyPgColumn; visibility: AnyPgColumn }) {
  return sql`${t.is_active} and ${t.visibility} = 'public'`;
}
export type BaseRow = typeof bases.$inferSelect;

/** A user's library entry of a base. */
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
/** Themes of others in users' libraries. */
export const libraryThemes = pgTable(
  "library_themes",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    theme_id: text()
      .notNull()
      .references(() => themes.id, { onDelete: "cascade" }),
    /** Kept, so that adding it again does not count as another download. */
    removed_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.theme_id] }), index("library_themes_theme_id_idx").on(t.theme_id)],
);
/** Enabled and not expired. */
export const isBaseEntryActive = sql<boolean>`(${userPurchasedBases.is_active} and (${userPurchasedBases.expires_at} is null or ${userPurchasedBases.expires_at} > now()))`;

/**
 * Versions of the marketplace for cached facet counts. Triggers raise `version` at the end of each transaction that changes items or their
 * searchable or filterable fields, so counts are valid while the version is unchanged.
 */
export const marketplaceVersions = pgTable("marketplace_versions", {
  /** The table: `agents`, `bases` or `marketplace_items`. */
  item: text().primaryKey(),
  version: bigint({ mode: "number" }).notNull().default(0),
  /** The last transaction that raised it, so that each raises it once. */
  changed_in: text(),
});

/**
 * What the store lists, of all kinds, to search and filter them in one table. Triggers on `agents`, `bases` and `themes` keep it; no code writes it. Search
 * uses three more columns, as for `agents`.
 */
export const marketplaceItems = pgTable(
  "marketplace_items",
  {
    /** UUID of an agent or a base, slug of a theme. */
    id: text().primaryKey(),
    item_type: text().$type<"agent" | "base" | "theme">().notNull(),
    name: text().notNull(),
    category: text().notNull(),
    pricing_type: text().notNull(),
    price_cents: integer().notNull(),
    downloads: integer().notNull(),
    rating: doublePrecision(),
    is_featured: boolean().notNull(),
    /** Null: official. */
    creator_id: uuid(),
    /** Technologies of a base in lower case, and at the same positions as they are written. */
    stack: text().array().notNull(),
    stack_names: text().array().notNull(),
    created_at: timestamptz().notNull(),
  },
  (t) => [
    index("marketplace_items_featured_idx").on(t.is_featured.desc(), t.downloads.desc(), t.id),
    index("marketplace_items_popular_idx").on(t.downloads.desc(), t.id),
    index("marketplace_items_newest_idx").on(t.created_at.desc(), t.id),
    index("marketplace_items_name_idx").on(t.name, t.id),
    index("marketplace_items_rating_idx").on(t.rating.desc(), t.downloads.desc(), t.id),
    index("marketplace_items_price_idx").on(t.price_cents, t.id),
    index("marketplace_items_dearest_idx").on(t.price_cents.desc(), t.id),
    index("marketplace_items_stack_idx").using("gin", t.stack),
    index("marketplace_items_type_idx").on(t.item_type, t.category),
  ],
);

/** Categories of items; the one source for forms, filters and checks. Items refer to the slug, and keep it when the category is hidden. */
export const marketplaceCategories = pgTable("marketplace_categories", {
  slug: text().primaryKey(),
  name: text().notNull(),
  item_types: text().$type<"agent" | "base" | "theme">().array().notNull(),
  position: integer().notNull(),
  is_hidden: boolean().notNull().default(false),
  created_at: createdAt(),
});

/** Rows of the store's front page. */
export const marketplaceCollections = pgTable("marketplace_collections", {
  id: id(),
  title: text().notNull(),
  description: text().notNull().default(""),
  position: integer().notNull(),
  is_published: boolean().notNull().default(true),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export const marketplaceCollectionItems = pgTable(
  "marketplace_collection_items",
  {
    collection_id: uuid()
      .notNull()
      .references(() => marketplaceCollections.id, { onDelete: "cascade" }),
    /** As in `marketplace_items`; no reference, because an item that is listed again is in the collection again. */
    item_id: text().notNull(),
    position: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.collection_id, t.item_id] })],
);

/** Agents assigned to a project. */
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

/** Reviews of an agent or a base, one per user. The item's rating and count are computed from them under its lock. */
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

/** The run that the page of an agent shows: a copy of what its creator chose, or an example that comes with the server. */
export const recordedRuns = pgTable("recorded_runs", {
  agent_id: uuid()
    .primaryKey()
    .references(() => agents.id, { onDelete: "cascade" }),
  message: text().notNull(),
  model: text().notNull(),
  ran_at: timestamptz().notNull(),
  duration_ms: integer(),
  events: jsonb().$type<TranscriptEvent[]>().notNull(),
  /** Of the example that comes with the server, to replace it by that of a later version; null: chosen by the creator. */
  example_digest: text(),
  created_at: createdAt(),
});
export type RecordedRunRow = typeof recordedRuns.$inferSelect;

export type PictureKind = "icon" | "screenshot" | "light" | "dark";
/**
 * Pictures of agents and templates: re-encoded WebP as base64, because `bytea` columns are reserved for encrypted values. An agent has one `icon` and several
 * screenshots; a template `light` and `dark`, which are the same for an uploaded one.
 */
export const marketplacePictures = pgTable(
  "marketplace_pictures",
  {
    id: id(),
    agent_id: uuid().references(() => agents.id, { onDelete: "cascade" }),
    base_id: uuid().references(() => bases.id, { onDelete: "cascade" }),
    kind: text().$type<PictureKind>().notNull(),
    /** Hash of the bytes. */
    version: text().notNull(),
    webp_base64: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [
    index("marketplace_pictures_agent_id_idx").on(t.agent_id, t.kind, t.created_at),
    index("marketplace_pictures_base_id_idx").on(t.base_id, t.kind),
    check("marketplace_pictures_item_check", sql`num_nonnulls(${t.agent_id}, ${t.base_id}) = 1`),
  ],
);
