import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
  type AnyPgColumn,
} from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import type { PurchaseType } from "../../agent/agents/agents.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

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
    index("bases_featured_idx").on(t.is_featured.desc(), t.downloads.desc(), t.id).where(isShown(t)),
    index("bases_popular_idx").on(t.downloads.desc(), t.id).where(isShown(t)),
    index("bases_newest_idx").on(t.created_at.desc(), t.id).where(isShown(t)),
    index("bases_name_idx").on(t.name, t.id).where(isShown(t)),
    index("bases_rating_idx").on(t.rating.desc(), t.downloads.desc(), t.id).where(isShown(t)),
    index("bases_price_idx").on(t.price_cents, t.id).where(isShown(t)),
    index("bases_dearest_idx").on(t.price_cents.desc(), t.id).where(isShown(t)),
    index("bases_facets_idx").on(t.category, t.pricing_type, t.created_by_user_id).where(isShown(t)),
  ],
);
/** Seen by everybody (marketplace-billing-admin 3); what the house offers is public. */
export function isShown(t: { is_active: AnyPgColumn; visibility: AnyPgColumn }) {
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
