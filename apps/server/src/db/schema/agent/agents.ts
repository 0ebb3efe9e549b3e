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
  unique,
  uuid,
  type AnyPgColumn,
} from "drizzle-orm/pg-core";
import { users } from "../accounts.ts";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";

/**
 * Agents. The generated columns `search_text`, `search_words` and `search_name` are used only by
 * `features/store/marketplace` and `features/operations/search`.
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
    /** The Stripe price for the current amount. */
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
    /** Mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    usage_count: integer().notNull().default(0),
    is_featured: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    is_published: boolean().notNull().default(true),
    /** When an administrator changed the content of an official agent; upgrades no longer overwrite it. */
    content_edited_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("agents_created_at_id_idx").on(t.created_at, t.id),
    index("agents_parent_agent_id_idx").on(t.parent_agent_id),
    index("agents_created_by_user_id_idx").on(t.created_by_user_id),
    index("agents_forked_by_user_id_idx").on(t.forked_by_user_id),
    // One index per sort order, over publicly listed agents.
    index("agents_featured_idx").on(t.item_type, t.is_featured.desc(), t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_popular_idx").on(t.item_type, t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_newest_idx").on(t.item_type, t.created_at.desc(), t.id).where(isAgentListed(t)),
    index("agents_name_idx").on(t.item_type, t.name, t.id).where(isAgentListed(t)),
    index("agents_rating_idx").on(t.item_type, t.rating.desc(), t.downloads.desc(), t.id).where(isAgentListed(t)),
    index("agents_price_idx").on(t.item_type, t.price_cents, t.id).where(isAgentListed(t)),
    index("agents_dearest_idx").on(t.item_type, t.price_cents.desc(), t.id).where(isAgentListed(t)),
    index("agents_facets_idx").on(t.item_type, t.category, t.pricing_type, t.forked_by_user_id).where(isAgentListed(t)),
  ],
);
/** Publicly listed: active, and official or published. */
export function isAgentListed(t: { is_active: AnyPgColumn; forked_by_user_id: AnyPgColumn; is_published: AnyPgColumn }) {
  return sql`${t.is_active} and (${t.forked_by_user_id} is null or ${t.is_published})`;
}
export type AgentRow = typeof agents.$inferSelect;

/** What a run takes from a version of an agent. */
export type AgentVersionContent = Pick<AgentRow, "system_prompt" | "mode" | "agent_type" | "tools" | "tool_configs" | "model" | "config">;
/** Published versions of an agent. Its row is what its creator works on; others run the version that they took. Official agents have none. */
export const agentVersions = pgTable(
  "agent_versions",
  {
    id: id(),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    number: integer().notNull(),
    notes: text().notNull().default(""),
    content: jsonb().$type<AgentVersionContent>().notNull(),
    created_at: createdAt(),
  },
  (t) => [unique("agent_versions_agent_id_number_key").on(t.agent_id, t.number)],
);
export type AgentVersionRow = typeof agentVersions.$inferSelect;

export type PurchaseType = "free" | "one_time" | "monthly" | "api";
/** A user's library entry. It stays when the agent is removed from the library, so that a purchase can be added again. */
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
    /** The version it was taken or last updated with; null: the latest. */
    version_id: uuid().references(() => agentVersions.id, { onDelete: "set null" }),
    is_active: boolean().notNull().default(true),
    purchase_type: text().$type<PurchaseType>().notNull().default("free"),
    stripe_payment_intent: text(),
    stripe_subscription_id: text(),
    /** Inactive from this time on; in the past for refunded purchases. */
    expires_at: timestamptz(),
    removed_at: timestamptz(),
    /** Purchase date. */
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.agent_id] }),
    index("user_purchased_agents_agent_id_idx").on(t.agent_id, t.created_at.desc()),
  ],
);
/** Enabled and not expired. */
export const isEntryActive = sql<boolean>`(${userPurchasedAgents.is_active} and (${userPurchasedAgents.expires_at} is null or ${userPurchasedAgents.expires_at} > now()))`;
/** Joins the version that an entry runs: the one it was taken with, else the latest. */
export const isRunVersion = sql`${agentVersions.id} = coalesce(${userPurchasedAgents.version_id},
  (select latest.id from agent_versions latest where latest.agent_id = ${agents.id} order by latest.number desc limit 1))`;
