import { boolean, integer, jsonb, numeric, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/** What a person wants of models in general; no row: the server's settings. */
export const modelPreferences = pgTable("model_preferences", {
  user_id: uuid()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** Ordered ids that answer when a model is overloaded; null: the server's list. */
  fallback_models: jsonb().$type<string[]>(),
  /** Cap of a run that names none, in cents. */
  max_cost_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  /** Cap of a day's calls with own keys, in cents at list prices. */
  own_key_day_cents: numeric({ precision: 12, scale: 4, mode: "number" }),
  updated_at: updatedAt(),
});
export type ModelPreferencesRow = typeof modelPreferences.$inferSelect;

/** Model ids that a person named beside the providers' own lists (agent-git-deploy 4.17). */
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

/** What a model could do when it was tried, per address and model; nothing of any key. */
export const modelCapabilities = pgTable(
  "model_capabilities",
  {
    id: id(),
    /** Of the provider and its address. */
    connection: text().notNull(),
    model: text().notNull(),
    native_tools: boolean().notNull(),
    parallel_tools: boolean().notNull(),
    text_tools: boolean().notNull(),
    needs_repair: boolean().notNull(),
    reports_usage: boolean().notNull(),
    /** Null: nobody says. */
    vision: boolean(),
    /** 0 to 100. */
    score: integer().notNull(),
    /** Null: the provider does not say. */
    context_window: integer(),
    first_token_ms: integer(),
    tokens_per_second: integer(),
    probed_at: timestamptz().notNull(),
    expires_at: timestamptz().notNull(),
  },
  (t) => [uniqueIndex("model_capabilities_connection_model_key").on(t.connection, t.model)],
);
export type ModelCapabilitiesRow = typeof modelCapabilities.$inferSelect;
