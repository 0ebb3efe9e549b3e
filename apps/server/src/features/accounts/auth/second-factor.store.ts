import { and, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { recoveryCodes, securityEvents, totpSecrets, type SecurityEventRow } from "../../../db/schema/accounts.ts";

export interface TotpSecret {
  encrypted_secret: Buffer;
  confirmed_at: string | null;
  last_used_at: string | null;
}

export type SecondFactorStore = ReturnType<typeof createSecondFactorStore>;
export function createSecondFactorStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    findTotp: async (userId: string, q: Queries = db): Promise<TotpSecret | undefined> =>
      (await q.select().from(totpSecrets).where(eq(totpSecrets.user_id, userId)))[0],
    /** Replaces an unconfirmed secret. False when there is a confirmed one. */
    putTotp: async (userId: string, encrypted_secret: Buffer): Promise<boolean> =>
      (
        await db
          .insert(totpSecrets)
          .values({ user_id: userId, encrypted_secret })
          .onConflictDoUpdate({
            target: totpSecrets.user_id,
            set: { encrypted_secret, last_step: 0, created_at: sql`now()` as never },
            setWhere: isNull(totpSecrets.confirmed_at),
          })
          .returning({ id: totpSecrets.user_id })
      ).length > 0,
    /** False when another call was first, or the secret was replaced. */
    confirmTotp: async (tx: Queries, userId: string, encrypted: Buffer, step: number): Promise<boolean> =>
      (
        await tx
          .update(totpSecrets)
          .set({ confirmed_at: sql`now()` as never, last_step: step })
          .where(and(eq(totpSecrets.user_id, userId), isNull(totpSecrets.confirmed_at), eq(totpSecrets.encrypted_secret, encrypted)))
          .returning({ id: totpSecrets.user_id })
      ).length > 0,
    /** Invalidates all codes up to `step`; exactly one of several concurrent callers succeeds, and none with a used code. */
    useTotp: async (userId: string, step: number, q: Queries = db): Promise<boolean> =>
      (
        await q
          .update(totpSecrets)
          .set({ last_step: step, last_used_at: sql`now()` as never })
          .where(and(eq(totpSecrets.user_id, userId), isNotNull(totpSecrets.confirmed_at), lt(totpSecrets.last_step, step)))
          .returning({ id: totpSecrets.user_id })
      ).length > 0,
    removeTotp: async (tx: Queries, userId: string): Promise<boolean> =>
      (
        await tx
          .delete(totpSecrets)
          .where(and(eq(totpSecrets.user_id, userId), isNotNull(totpSecrets.confirmed_at)))
          .returning({ id: totpSecrets.user_id })
      ).length > 0,

    replaceCodes: async (tx: Queries, userId: string, hashes: readonly string[]): Promise<void> => {
      await tx.delete(recoveryCodes).where(eq(recoveryCodes.user_id, userId));
      if (hashes.length > 0) await tx.insert(recoveryCodes).values(hashes.map((code_hash) => ({ user_id: userId, code_hash })));
    },
    useCode: async (tx: Queries, userId: string, code_hash: string): Promise<boolean> =>
      (
        await tx
          .delete(recoveryCodes)
          .where(and(eq(recoveryCodes.user_id, userId), eq(recoveryCodes.code_hash, code_hash)))
          .returning({ id: recoveryCodes.id })
      ).length > 0,
    countCodes: (userId: string, q: Queries = db): Promise<number> => q.$count(recoveryCodes, eq(recoveryCodes.user_id, userId)),

    insertEvent: async (tx: Queries, row: typeof securityEvents.$inferInsert): Promise<void> => {
      await tx.insert(securityEvents).values(row);
    },
    listEvents: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: SecurityEventRow[]; total: number }> => {
      const mine = eq(securityEvents.user_id, userId);
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(securityEvents)
          .where(mine)
          .orderBy(desc(securityEvents.created_at), securityEvents.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(securityEvents, mine),
      ]);
      return { rows, total };
    },
    pruneEvents: async (): Promise<void> => {
      await db.execute(sql`delete from security_events where created_at < now() - interval '1 year'`);
    },
  };
}
