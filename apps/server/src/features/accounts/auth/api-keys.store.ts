import { and, desc, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { users, type UserRow, apiKeys, type ApiKeyRow } from "../../../db/schema/accounts.ts";
import { notifySessions } from "./auth.store.ts";

export type ApiKeysStore = ReturnType<typeof createApiKeysStore>;
export function createApiKeysStore(db: Database) {
  return {
    /** `undefined` when the user already has `max` keys; safe under concurrency. */
    insert: (values: typeof apiKeys.$inferInsert, max: number): Promise<ApiKeyRow | undefined> =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select 1 from users where id = ${values.user_id} for update`);
        const count = await tx.$count(apiKeys, eq(apiKeys.user_id, values.user_id));
        return count >= max ? undefined : (await tx.insert(apiKeys).values(values).returning())[0];
      }),
    list: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: ApiKeyRow[]; total: number }> => {
      const mine = eq(apiKeys.user_id, userId);
      const [rows, total] = await Promise.all([
        db.select().from(apiKeys).where(mine).orderBy(desc(apiKeys.created_at), apiKeys.id).limit(page.limit).offset(page.offset),
        db.$count(apiKeys, mine),
      ]);
      return { rows, total };
    },
    /** A key that has not expired, with its user; the caller checks whether the user may sign in. */
    findActive: async (hash: string): Promise<{ key: ApiKeyRow; user: UserRow } | undefined> =>
      (
        await db
          .select({ key: apiKeys, user: users })
          .from(apiKeys)
          .innerJoin(users, eq(users.id, apiKeys.user_id))
          .where(and(eq(apiKeys.key_hash, hash), sql`(${apiKeys.expires_at} is null or ${apiKeys.expires_at} > now())`))
      )[0],
    hasExpired: async (hash: string): Promise<boolean> =>
      (
        await db
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(and(eq(apiKeys.key_hash, hash), sql`${apiKeys.expires_at} <= now()`))
      ).length > 0,
    touch: async (id: string): Promise<void> => {
      await db
        .update(apiKeys)
        .set({ last_used_at: sql`now()` })
        .where(eq(apiKeys.id, id));
    },
    /** Returns the number of deleted keys. Other processes are notified at commit. */
    removeAll: async (tx: Queries, userId: string): Promise<number> => {
      const removed = await tx.delete(apiKeys).where(eq(apiKeys.user_id, userId)).returning({ id: apiKeys.id });
      if (removed.length > 0) await notifySessions(tx, { key_ids: removed.map(({ id }) => id) });
      return removed.length;
    },
    /** False when the user has no such key. */
    remove: (userId: string, id: string): Promise<boolean> =>
      db.transaction(async (tx) => {
        const removed = await tx
          .delete(apiKeys)
          .where(and(eq(apiKeys.id, id), eq(apiKeys.user_id, userId)))
          .returning({ id: apiKeys.id });
        if (removed.length > 0) await notifySessions(tx, { key_ids: [id] });
        return removed.length > 0;
      }),
  };
}
