import { boolean, doublePrecision, index, integer, jsonb, numeric, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** marketplace-billing-admin 1.1: the fields the agent loop needs; the store's own columns come with the store. */
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
    pricing_type: text().$type<"free" | "monthly" | "one_time" | "api">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    /** US dollars per million tokens. */
    api_pricing_input: numeric({ precision: 12, scale: 6 }),
    api_pricing_output: numeric({ precision: 12, scale: 6 }),
    /** Of the payment service, for the price as it is now. */
    stripe_price_id: text(),
    source_type: text().$type<"open" | "closed">().notNull().default("closed"),
    is_forkable: boolean().notNull().default(false),
    requires_user_keys: boolean().notNull().default(false),
    features: jsonb().$type<string[]>().notNull().default([]),
    required_models: jsonb().$type<string[]>().notNull().default([]),
    tags: jsonb().$type<string[]>().notNull().default([]),
    parent_agent_id: uuid(),
    created_by_user_id: uuid(),
    forked_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    downloads: integer().notNull().default(0),
    rating: doublePrecision().notNull().default(5),
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
  (t) => [index("agents_created_at_id_idx").on(t.created_at, t.id)],
);
export type AgentRow = typeof agents.$inferSelect;

/** A user's library entry. */
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
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.agent_id] }), index("user_purchased_agents_agent_id_idx").on(t.agent_id)],
);
