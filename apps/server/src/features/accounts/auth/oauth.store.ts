import { and, desc, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { oauthAccounts, oauthStates } from "../../../db/schema/accounts.ts";

export interface OauthState {
  provider: string;
  browser_hash: string;
  encrypted_state: Buffer;
  isExpired: boolean;
}

export type OauthStore = ReturnType<typeof createOauthStore>;
export function createOauthStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insertState: async (values: {
      state_hash: string;
      provider: string;
      browser_hash: string;
      encrypted_state: Buffer;
      lifetimeMs: number;
    }) => {
      const { lifetimeMs, ...row } = values;
      await db.insert(oauthStates).values({ ...row, expires_at: sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never });
    },
    findState: async (stateHash: string, provider: string): Promise<OauthState | undefined> =>
      (
        await db
          .select({
            provider: oauthStates.provider,
            browser_hash: oauthStates.browser_hash,
            encrypted_state: oauthStates.encrypted_state,
            isExpired: sql<boolean>`${oauthStates.expires_at} <= now()`,
          })
          .from(oauthStates)
          .where(and(eq(oauthStates.state_hash, stateHash), eq(oauthStates.provider, provider)))
      )[0],
    /** True for exactly one of several concurrent callers. */
    removeState: async (stateHash: string): Promise<boolean> =>
      (await db.delete(oauthStates).where(eq(oauthStates.state_hash, stateHash)).returning({ provider: oauthStates.provider })).length > 0,
    findAccount: async (tx: Queries, provider: string, accountId: string): Promise<string | undefined> =>
      (
        await tx
          .select({ user_id: oauthAccounts.user_id })
          .from(oauthAccounts)
          .where(and(eq(oauthAccounts.provider, provider), eq(oauthAccounts.account_id, accountId)))
      )[0]?.user_id,
    insertAccount: async (tx: Queries, values: { user_id: string; provider: string; account_id: string; account_email: string }) => {
      await tx.insert(oauthAccounts).values(values).onConflictDoNothing();
    },
    list: async (userId: string, page: { limit: number; offset: number }) => {
      const mine = eq(oauthAccounts.user_id, userId);
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(oauthAccounts)
          .where(mine)
          .orderBy(desc(oauthAccounts.created_at), oauthAccounts.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(oauthAccounts, mine),
      ]);
      return { rows, total };
    },
    isLinked: async (userId: string, id: string): Promise<boolean> =>
      (await db.$count(oauthAccounts, and(eq(oauthAccounts.id, id), eq(oauthAccounts.user_id, userId)))) > 0,
    remove: async (tx: Queries, userId: string, id: string): Promise<{ provider: string } | undefined> =>
      (
        await tx
          .delete(oauthAccounts)
          .where(and(eq(oauthAccounts.id, id), eq(oauthAccounts.user_id, userId)))
          .returning({ provider: oauthAccounts.provider })
      )[0],
    /** Serializes linking of one provider account until the transaction ends. */
    lockAccount: async (tx: Queries, provider: string, accountId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`oauth ${provider} ${accountId}`}, 0))`);
    },
  };
}
