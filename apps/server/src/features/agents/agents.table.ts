import { boolean, doublePrecision, index, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, updatedAt } from "../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** marketplace-billing-admin 1.1: the fields the agent loop needs; the store's own columns come with the store. */
export const agents = pgTable("agents", {
  id: id(),
  slug: text().notNull().unique(),
  name: text().notNull(),
  description: text().notNull(),
  category: text().notNull().default("custom"),
  item_type: text().notNull().default("agent"),
  system_prompt: text(),
  agent_type: text().notNull().default("TesslateAgent"),
  tools: jsonb().$type<string[]>(),
  tool_configs: jsonb().$type<Record<string, { description?: string; examples?: string[]; system_prompt?: string }>>(),
  model: text(),
  config: jsonb().$type<Record<string, unknown>>(),
  icon: text().notNull().default("🤖"),
  pricing_type: text().$type<"free" | "monthly" | "one_time" | "api">().notNull().default("free"),
  price_cents: integer().notNull().default(0),
  source_type: text().$type<"open" | "closed">().notNull().default("closed"),
  is_forkable: boolean().notNull().default(false),
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
  created_at: createdAt(),
  updated_at: updatedAt(),
});
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
