import type { EndpointApi } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, numeric, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { users } from "../accounts.ts";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";

/** Users' own model keys. One active key per user and provider. */
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
    encrypted_key: bytea("sealed_key").notNull(),
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

/** Users' own model endpoints. Headers may contain credentials, so they are encrypted. */
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
    api_type: text().$type<EndpointApi>().notNull().default("openai"),
    encrypted_headers: bytea("sealed_headers"),
    header_names: jsonb().$type<string[]>().notNull().default([]),
    available_models: jsonb().$type<string[]>().notNull().default([]),
    is_active: boolean().notNull().default(true),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [unique("user_providers_user_id_slug_key").on(t.user_id, t.slug)],
);
export type UserProviderRow = typeof userProviders.$inferSelect;

/** A user's model preferences; without a row the server's settings apply. */
export const modelPreferences = pgTable("model_preferences", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Fallback models in order; null: the server's list. */
  fallback_models: jsonb().$type<string[]>(),
  /** Default cost limit per run, in cents. */
  max_cost_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  /** Daily cost limit for calls with own keys, in cents at list prices. */
  own_key_day_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  updated_at: updatedAt(),
});
export type ModelPreferencesRow = typeof modelPreferences.$inferSelect;

/** Model ids added by a user to the providers' lists. */
export const userCustomModels = pgTable(
  "user_custom_models",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `provider/model`. */
    model_id: text().notNull(),
    name: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("user_custom_models_user_id_model_id_key").on(t.user_id, t.model_id)],
);
export type UserCustomModelRow = typeof userCustomModels.$inferSelect;

/** Detected capabilities per endpoint and model; contains no keys. */
export const modelCapabilities = pgTable(
  "model_capabilities",
  {
    id: id(),
    /** Hash of provider and base URL. */
    connection: text().notNull(),
    model: text().notNull(),
    native_tools: boolean().notNull(),
    parallel_tools: boolean().notNull(),
    text_tools: boolean().notNull(),
    needs_repair: boolean().notNull(),
    reports_usage: boolean().notNull(),
    /** Null: unknown. */
    vision: boolean(),
    /** 0 to 100. */
    score: integer().notNull(),
    /** Null: not reported by the provider. */
    context_window: integer(),
    first_token_ms: integer(),
    tokens_per_second: integer(),
    probed_at: timestamptz().notNull(),
    expires_at: timestamptz().notNull(),
  },
  (t) => [uniqueIndex("model_capabilities_connection_model_key").on(t.connection, t.model)],
);
export type ModelCapabilitiesRow = typeof modelCapabilities.$inferSelect;
