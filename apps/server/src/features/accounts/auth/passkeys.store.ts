import { and, desc, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { passkeyChallenges, passkeys, type PasskeyRow } from "../../../db/schema/accounts.ts";

export type PasskeysStore = ReturnType<typeof createPasskeysStore>;
export function createPasskeysStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insertChallenge: async (values: {
      challenge_hash: string;
      purpose: "create" | "sign_in";
      bound_to: string;
      lifetimeMs: number;
    }): Promise<void> => {
      const { lifetimeMs, ...row } = values;
      await db.insert(passkeyChallenges).values({ ...row, expires_at: sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never });
    },
    /** Consumes a challenge; exactly one of several concurrent callers gets it, and only from the right browser or session. */
    takeChallenge: async (challengeHash: string, purpose: "create" | "sign_in", boundTo: string): Promise<boolean> =>
      (
        await db
          .delete(passkeyChallenges)
          .where(
            and(
              eq(passkeyChallenges.challenge_hash, challengeHash),
              eq(passkeyChallenges.purpose, purpose),
              eq(passkeyChallenges.bound_to, boundTo),
            ),
          )
          .returning({ isValid: sql<boolean>`${passkeyChallenges.expires_at} > now()` })
      )[0]?.isValid === true,
    /** `undefined` when the passkey is already registered. */
    insert: async (tx: Queries, values: typeof passkeys.$inferInsert): Promise<PasskeyRow | undefined> =>
      (await tx.insert(passkeys).values(values).onConflictDoNothing().returning())[0],
    listAll: (userId: string): Promise<PasskeyRow[]> => db.select().from(passkeys).where(eq(passkeys.user_id, userId)),
    list: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: PasskeyRow[]; total: number }> => {
      const mine = eq(passkeys.user_id, userId);
      const [rows, total] = await Promise.all([
        db.select().from(passkeys).where(mine).orderBy(desc(passkeys.created_at), passkeys.id).limit(page.limit).offset(page.offset),
        db.$count(passkeys, mine),
      ]);
      return { rows, total };
    },
    findByCredential: async (credentialId: string): Promise<PasskeyRow | undefined> =>
      (await db.select().from(passkeys).where(eq(passkeys.credential_id, credentialId)))[0],
    /** Stores a use. False when the counter did not increase, because the key may have been cloned. */
    use: async (tx: Queries, id: string, counter: number, isSynced: boolean): Promise<boolean> =>
      (
        await tx
          .update(passkeys)
          .set({ counter, is_synced: isSynced, last_used_at: sql`now()` as never })
          .where(and(eq(passkeys.id, id), sql`(${passkeys.counter} < ${counter} or (${passkeys.counter} = 0 and ${counter} = 0))`))
          .returning({ id: passkeys.id })
      ).length > 0,
    rename: async (userId: string, id: string, name: string): Promise<PasskeyRow | undefined> =>
      (
        await db
          .update(passkeys)
          .set({ name })
          .where(and(eq(passkeys.id, id), eq(passkeys.user_id, userId)))
          .returning()
      )[0],
    remove: async (tx: Queries, userId: string, id: string): Promise<PasskeyRow | undefined> =>
      (
        await tx
          .delete(passkeys)
          .where(and(eq(passkeys.id, id), eq(passkeys.user_id, userId)))
          .returning()
      )[0],
    pruneChallenges: async (): Promise<void> => {
      await db.execute(sql`delete from passkey_challenges where expires_at < now()`);
    },
  };
}
