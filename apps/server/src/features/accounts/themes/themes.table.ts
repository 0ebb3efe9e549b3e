import type { ThemeJson } from "@tesslate/contract";
import { boolean, doublePrecision, index, integer, jsonb, pgTable, text, uuid, type AnyPgColumn } from "drizzle-orm/pg-core";
import { createdAt, updatedAt } from "../../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** marketplace-billing-admin 7.3. Without a maker: one that comes with the product. */
export const themes = pgTable(
  "themes",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    mode: text().$type<"dark" | "light">().notNull(),
    author: text(),
    version: text().notNull().default("1.0.0"),
    description: text(),
    long_description: text(),
    theme_json: jsonb().$type<ThemeJson>().notNull(),
    /** Of everything that is shown of it; changes with it. */
    revision: text().notNull(),
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    sort_order: integer().notNull().default(50),
    icon: text().notNull().default("palette"),
    preview_image: text(),
    pricing_type: text().$type<"free" | "one_time">().notNull().default("free"),
    price_cents: integer().notNull().default(0),
    downloads: integer().notNull().default(0),
    /** The mean of its reviews; null without any. */
    rating: doublePrecision(),
    reviews_count: integer().notNull().default(0),
    is_featured: boolean().notNull().default(false),
    is_published: boolean().notNull().default(false),
    created_by_user_id: uuid().references(() => users.id, { onDelete: "cascade" }),
    tags: jsonb().$type<string[]>().notNull().default([]),
    category: text().$type<"general" | "minimal" | "vibrant" | "professional">().notNull().default("general"),
    source_type: text().$type<"open" | "closed">().notNull().default("open"),
    parent_theme_id: text().references((): AnyPgColumn => themes.id, { onDelete: "set null" }),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("themes_created_by_user_id_idx").on(t.created_by_user_id, t.updated_at.desc())],
);
export type ThemeRow = typeof themes.$inferSelect;
