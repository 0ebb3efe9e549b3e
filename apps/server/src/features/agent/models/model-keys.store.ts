import { setModelDisabled } from "../../accounts/users/index.ts";
import { and, asc, desc, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { users } from "../../../db/schema/accounts.ts";
import { userApiKeys, userProviders, type UserApiKeyRow, type UserProviderRow } from "../../../db/schema/agent/models.ts";

interface Page {
  limit: number;
  offset: number;
}
export type ModelKeysStore = ReturnType<typeof createModelKeysStore>;
export function createModelKeysStore(db: Database) {
  const isActive = and(eq(userApiKeys.is_active, true), sql`(${userApiKeys.expires_at} is null or ${userApiKeys.expires_at} > now())`);
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    tierOf: async (userId: string): Promise<string> =>
      (await db.select({ tier: users.subscription_tier }).from(users).where(eq(users.id, userId)))[0]?.tier ?? "free",

    listKeys: async (userId: string, page: Page): Promise<{ rows: UserApiKeyRow[]; total: number }> => {
      const mine = eq(userApiKeys.user_id, userId);
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(userApiKeys)
          .where(mine)
          .orderBy(desc(userApiKeys.created_at), userApiKeys.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(userApiKeys, mine),
      ]);
      return { rows, total };
    },
    /** Keys that may be used now. */
    activeKeys: (userId: string): Promise<UserApiKeyRow[]> =>
      db
        .select()
        .from(userApiKeys)
        .where(and(eq(userApiKeys.user_id, userId), isActive)),
    activeKey: async (userId: string, provider: string): Promise<UserApiKeyRow | undefined> =>
      (
        await db
          .select()
          .from(userApiKeys)
          .where(and(eq(userApiKeys.user_id, userId), eq(userApiKeys.provider, provider), isActive))
      )[0],
    findKey: async (userId: string, id: string): Promise<UserApiKeyRow | undefined> =>
      (
        await db
          .select()
          .from(userApiKeys)
          .where(and(eq(userApiKeys.id, id), eq(userApiKeys.user_id, userId)))
      )[0],
    insertKey: async (values: typeof userApiKeys.$inferInsert, q: Queries = db): Promise<UserApiKeyRow> =>
      (await q.insert(userApiKeys).values(values).returning())[0] as UserApiKeyRow,
    updateKey: async (id: string, values: Partial<typeof userApiKeys.$inferInsert>): Promise<UserApiKeyRow | undefined> =>
      (
        await db
          .update(userApiKeys)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(userApiKeys.id, id))
          .returning()
      )[0],
    removeKey: async (userId: string, id: string): Promise<boolean> =>
      (
        await db
          .delete(userApiKeys)
          .where(and(eq(userApiKeys.id, id), eq(userApiKeys.user_id, userId)))
          .returning({ id: userApiKeys.id })
      ).length > 0,
    removeKeysOf: async (tx: Queries, userId: string, provider: string): Promise<void> => {
      await tx.delete(userApiKeys).where(and(eq(userApiKeys.user_id, userId), eq(userApiKeys.provider, provider)));
    },
    /** At most once a minute. */
    touchKey: async (id: string): Promise<void> => {
      await db
        .update(userApiKeys)
        .set({ last_used_at: sql`now()` })
        .where(
          and(
            eq(userApiKeys.id, id),
            sql`(${userApiKeys.last_used_at} is null or ${userApiKeys.last_used_at} < now() - interval '1 minute')`,
          ),
        );
    },

    listProviders: async (userId: string): Promise<UserProviderRow[]> =>
      db.select().from(userProviders).where(eq(userProviders.user_id, userId)).orderBy(asc(userProviders.name), userProviders.id),
    findProvider: async (userId: string, by: { id: string } | { slug: string }): Promise<UserProviderRow | undefined> =>
      (
        await db
          .select()
          .from(userProviders)
          .where(and(eq(userProviders.user_id, userId), "id" in by ? eq(userProviders.id, by.id) : eq(userProviders.slug, by.slug)))
      )[0],
    insertProvider: async (tx: Queries, values: typeof userProviders.$inferInsert): Promise<UserProviderRow> =>
      (await tx.insert(userProviders).values(values).returning())[0] as UserProviderRow,
    updateProvider: async (
      tx: Queries,
      id: string,
      values: Partial<typeof userProviders.$inferInsert>,
    ): Promise<UserProviderRow | undefined> =>
      (
        await tx
          .update(userProviders)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(userProviders.id, id))
          .returning()
      )[0],
    removeProvider: async (tx: Queries, userId: string, id: string): Promise<UserProviderRow | undefined> =>
      (
        await tx
          .delete(userProviders)
          .where(and(eq(userProviders.id, id), eq(userProviders.user_id, userId)))
          .returning()
      )[0],

    disabledModels: async (userId: string): Promise<string[]> =>
      (await db.select({ ids: users.disabled_models }).from(users).where(eq(users.id, userId)))[0]?.ids ?? [],
    /** One statement, so that concurrent changes are not lost. */
    setDisabled: (userId: string, modelId: string, isDisabled: boolean): Promise<string[]> =>
      setModelDisabled(db, userId, modelId, isDisabled),
  };
}
