import { sql } from "drizzle-orm";
import { boolean, index, jsonb, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/** People's own provider keys (agent-git-deploy 2, 4.17). One active key per user and provider. */
export const userApiKeys = pgTable(
  "user_api_keys",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Slug of a provider, or of one of the user's own endpoints. */
    provider: text().notNull(),
    key_name: text().notNull(),
    sealed_key: bytea().notNull(),
    last4: text().notNull(),
    base_url: text(),
    is_active: boolean().notNull().default(true),
    expires_at: timestamptz(),
    last_used_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    uniqueIndex("user_api_keys_active_key")
      .on(t.user_id, t.provider)
      .where(sql`${t.is_active}`),
    index("user_api_keys_user_id_idx").on(t.user_id),
  ],
);
export type UserApiKeyRow = typeof userApiKeys.$inferSelect;

/** People's own endpoints. Their headers may hold credentials, so they are sealed like keys. */
export const userProviders = pgTable(
  "user_providers",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    slug: text().notNull(),
    base_url: text().notNull(),
    api_type: text().$type<"openai" | "anthropic">().notNull().default("openai"),
    sealed_headers: bytea(),
    header_names: jsonb().$type<string[]>().notNull().default([]),
    available_models: jsonb().$type<string[]>().notNull().default([]),
    is_active: boolean().notNull().default(true),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [unique("user_providers_user_id_slug_key").on(t.user_id, t.slug)],
);
export type UserProviderRow = typeof userProviders.$inferSelect;
