import { sql } from "drizzle-orm";
import {
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  uuid,
  type AnyPgColumn,
} from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/**
 * marketplace-billing-admin 1.1. The database derives three more columns, `search_text`, `search_words` and `search_name`, which only `features/store/marketplace`
 * asks for.
 */
export const agents = pgTable(
  "agents",
  {
    id: id(),
    slug: text().notNull().unique(),
    name: text().notNull(),
    description: text().notNull(),
    long_description: text(),
    category: text().notNull().default("custom"),
    item_type: text().notNull().default("agent"),
    system_prompt: text(),
    mode: text(),
    agent_type: text().notNull().default("TesslateAgent"),
    tools: jsonb().$type<string[]>(),
    tool_configs: jsonb().$type<Record<string, { description?: string; examples?: string[]; system_prompt?: string }>>(),
    model: text(),
    config: jsonb().$type<Record<string, unknown>>(),
    icon: text().notNull().default("🤖"),
    avatar_url: text(),
    preview_image: text(),
    pricing_type: text().$type<"free" | "monthly" | "one_time" | "api">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    /** US dollars per million tokens. */
    api_pricing_input: numeric({ precision: 12, scale: 6 }),
    api_pricing_output: numeric({ precision: 12, scale: 6 }),
    /** Of the payment service, for the price as it is now. */
    stripe_price_id: text(),
    stripe_product_id: text(),
    source_type: text().$type<"open" | "closed">().notNull().default("closed"),
    is_forkable: boolean().notNull().default(false),
    requires_user_keys: boolean().notNull().default(false),
    features: jsonb().$type<string[]>().notNull().default([]),
    required_models: jsonb().$type<string[]>().notNull().default([]),
    tags: jsonb().$type<string[]>().notNull().default([]),
    parent_agent_id: uuid().references((): AnyPgColumn => agents.id, { onDelete: "set null" }),
    created_by_user_id: uuid(),
    forked_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    downloads: integer().notNull().default(0),
    /** The mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    usage_count: integer().notNull().default(0),
    is_featured: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    is_published: boolean().notNull().default(true),
    /** When an administrator changed what an official agent says of itself; from then on it is theirs, not the next version's. */
    content_edited_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("agents_created_at_id_idx").on(t.created_at, t.id),
    index("agents_parent_agent_id_idx").on(t.parent_agent_id),
    index("agents_created_by_user_id_idx").on(t.created_by_user_id),
    index("agents_forked_by_user_id_idx").on(t.forked_by_user_id),
    // One per order of the marketplace, of what everybody may see.
    index("agents_featured_idx").on(t.item_type, t.is_featured.desc(), t.downloads.desc(), t.id).where(isShown(t)),
    index("agents_popular_idx").on(t.item_type, t.downloads.desc(), t.id).where(isShown(t)),
    index("agents_newest_idx").on(t.item_type, t.created_at.desc(), t.id).where(isShown(t)),
    index("agents_name_idx").on(t.item_type, t.name, t.id).where(isShown(t)),
    index("agents_rating_idx").on(t.item_type, t.rating.desc(), t.downloads.desc(), t.id).where(isShown(t)),
    index("agents_price_idx").on(t.item_type, t.price_cents, t.id).where(isShown(t)),
    index("agents_dearest_idx").on(t.item_type, t.price_cents.desc(), t.id).where(isShown(t)),
    index("agents_facets_idx").on(t.item_type, t.category, t.pricing_type, t.forked_by_user_id).where(isShown(t)),
  ],
);
/** Seen by everybody (marketplace-billing-admin 2, rule V): not switched off, and the house's own or published. */
export function isShown(t: { is_active: AnyPgColumn; forked_by_user_id: AnyPgColumn; is_published: AnyPgColumn }) {
  return sql`${t.is_active} and (${t.forked_by_user_id} is null or ${t.is_published})`;
}
export type AgentRow = typeof agents.$inferSelect;

export type PurchaseType = "free" | "one_time" | "monthly" | "api";
/** A user's library entry (1.5). It stays when the agent is taken out of the library, so that what was paid for can be taken back in. */
export const userPurchasedAgents = pgTable(
  "user_purchased_agents",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    selected_model: text(),
    is_active: boolean().notNull().default(true),
    purchase_type: text().$type<PurchaseType>().notNull().default("free"),
    stripe_payment_intent: text(),
    stripe_subscription_id: text(),
    /** From then on it counts as inactive; in the past for what was taken back. */
    expires_at: timestamptz(),
    removed_at: timestamptz(),
    /** The date of the purchase. */
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.agent_id] }),
    index("user_purchased_agents_agent_id_idx").on(t.agent_id, t.created_at.desc()),
  ],
);
/** Switched on, and not run out. */
export const isEntryActive = sql<boolean>`(${userPurchasedAgents.is_active} and (${userPurchasedAgents.expires_at} is null or ${userPurchasedAgents.expires_at} > now()))`;
