import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { users } from "../../../db/schema/accounts.ts";
import {
  modelCapabilities,
  modelPreferences,
  userCustomModels,
  type ModelCapabilitiesRow,
  type UserCustomModelRow,
} from "../../../db/schema/agent/models.ts";

export interface StoredPreferences {
  fallback_models: string[] | null;
  max_cost_cents: number | null;
  own_key_day_cents: number | null;
}

export type ModelsStore = ReturnType<typeof createModelsStore>;
export function createModelsStore(db: Database) {
  return {
    /** Models that the user hides from the picker. */
    listDisabled: async (userId: string): Promise<string[]> =>
      (await db.select({ ids: users.disabled_models }).from(users).where(eq(users.id, userId)))[0]?.ids ?? [],

    findPreferences: async (userId: string): Promise<StoredPreferences> =>
      (
        await db
          .select({
            fallback_models: modelPreferences.fallback_models,
            max_cost_cents: modelPreferences.max_cost_cents,
            own_key_day_cents: modelPreferences.own_key_day_cents,
          })
          .from(modelPreferences)
          .where(eq(modelPreferences.user_id, userId))
      )[0] ?? { fallback_models: null, max_cost_cents: null, own_key_day_cents: null },
    savePreferences: async (userId: string, preferences: StoredPreferences): Promise<void> => {
      await db
        .insert(modelPreferences)
        .values({ user_id: userId, ...preferences })
        .onConflictDoUpdate({ target: modelPreferences.user_id, set: { ...preferences, updated_at: sql`now()` } });
    },

    listCustom: (userId: string): Promise<UserCustomModelRow[]> =>
      db.select().from(userCustomModels).where(eq(userCustomModels.user_id, userId)).orderBy(userCustomModels.created_at),
    findCustom: async (userId: string, modelId: string): Promise<UserCustomModelRow | undefined> =>
      (
        await db
          .select()
          .from(userCustomModels)
          .where(and(eq(userCustomModels.user_id, userId), eq(userCustomModels.model_id, modelId)))
      )[0],
    /** Undefined when the user already has the model. */
    insertCustom: async (row: { user_id: string; model_id: string; name: string }): Promise<UserCustomModelRow | undefined> =>
      (await db.insert(userCustomModels).values(row).onConflictDoNothing().returning())[0],
    removeCustom: async (userId: string, id: string): Promise<boolean> =>
      (
        await db
          .delete(userCustomModels)
          .where(and(eq(userCustomModels.user_id, userId), eq(userCustomModels.id, id)))
          .returning({ id: userCustomModels.id })
      ).length > 0,

    /** Also when they have expired. */
    findCapabilities: async (connection: string, model: string): Promise<ModelCapabilitiesRow | undefined> =>
      (
        await db
          .select()
          .from(modelCapabilities)
          .where(and(eq(modelCapabilities.connection, connection), eq(modelCapabilities.model, model)))
      )[0],
    listCapabilities: async (connections: readonly string[]): Promise<ModelCapabilitiesRow[]> =>
      connections.length === 0
        ? []
        : db
            .select()
            .from(modelCapabilities)
            .where(sql`${modelCapabilities.connection} in ${[...connections]} and ${modelCapabilities.expires_at} > now()`),
    saveCapabilities: async (row: typeof modelCapabilities.$inferInsert): Promise<ModelCapabilitiesRow> => {
      const [saved] = await db
        .insert(modelCapabilities)
        .values(row)
        .onConflictDoUpdate({ target: [modelCapabilities.connection, modelCapabilities.model], set: row })
        .returning();
      if (!saved) throw new Error("capabilities not stored");
      return saved;
    },
  };
}
