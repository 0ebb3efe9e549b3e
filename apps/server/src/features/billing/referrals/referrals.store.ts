import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { canSignIn, type UserRow } from "../../accounts/users/index.ts";
import { users } from "../../../db/schema/accounts.ts";
import { referralConversions, referralLandings } from "../../../db/schema/billing.ts";

const applyLock = 7473749;

export type ReferralsStore = ReturnType<typeof createReferralsStore>;
export function createReferralsStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (userId: string, q: Queries = db): Promise<UserRow | undefined> =>
      (await q.select().from(users).where(eq(users.id, userId)))[0],
    /** Only users who can sign in. */
    findByCode: async (code: string, q: Queries = db): Promise<UserRow | undefined> => {
      const [found] = await q.select().from(users).where(eq(users.referral_code, code));
      return found && canSignIn(found) ? found : undefined;
    },
    /** Locks these users until the transaction ends; ordered by id to avoid deadlocks. */
    lockUsers: async (tx: Queries, ids: readonly string[]): Promise<Map<string, UserRow>> => {
      const rows = await tx.select().from(users).where(inArray(users.id, ids)).orderBy(users.id).for("no key update");
      return new Map(rows.map((row) => [row.id, row]));
    },
    /** False when the code is taken or the user already has one. */
    giveCode: async (userId: string, code: string): Promise<boolean> =>
      (
        await db
          .update(users)
          .set({ referral_code: code })
          .where(
            and(
              eq(users.id, userId),
              isNull(users.referral_code),
              sql`not exists (select 1 from users taken where taken.referral_code = ${code})`,
            ),
          )
          .returning({ id: users.id })
      ).length > 0,
    stats: async (code: string): Promise<{ landings: number; conversions: number }> => {
      const [landings, conversions] = await Promise.all([
        db.$count(referralLandings, eq(referralLandings.referred_by, code)),
        db.$count(referralConversions, eq(referralConversions.referred_by, code)),
      ]);
      return { landings, conversions };
    },
    /** Newest first. */
    signUps: async (code: string, { limit, offset }: { limit: number; offset: number }) => {
      const where = eq(referralConversions.referred_by, code);
      const [items, total] = await Promise.all([
        db
          .select({ created_at: referralConversions.created_at, reward_credits: referralConversions.reward_credits })
          .from(referralConversions)
          .where(where)
          .orderBy(desc(referralConversions.created_at), referralConversions.user_id)
          .limit(limit)
          .offset(offset),
        db.$count(referralConversions, where),
      ]);
      return { items, total };
    },
    insertLanding: async (values: typeof referralLandings.$inferInsert): Promise<void> => {
      await db.insert(referralLandings).values(values);
    },
    /** Serializes all applications of codes, so that referrals cannot form a cycle. */
    lockApply: async (tx: Queries): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(${applyLock})`);
    },
    /** Whether `userId` referred the owner of `code`, directly or through others. */
    isAncestor: async (tx: Queries, userId: string, code: string): Promise<boolean> => {
      const found = await tx.execute<{ is: boolean }>(sql`
        with recursive chain (id, referred_by) as (
          select id, referred_by from users where referral_code = ${code}
          union select u.id, u.referred_by from users u join chain on u.referral_code = chain.referred_by)
        select exists (select 1 from chain where id = ${userId}) as is`);
      return found.rows[0]?.is === true;
    },
    /** False when a code was applied before. */
    setReferredBy: async (tx: Queries, userId: string, code: string): Promise<boolean> =>
      (
        await tx
          .update(users)
          .set({ referred_by: code, updated_at: sql`now()` })
          .where(and(eq(users.id, userId), isNull(users.referred_by)))
          .returning({ id: users.id })
      ).length > 0,
    /** False when this user has a conversion already. */
    insertConversion: async (tx: Queries, values: typeof referralConversions.$inferInsert): Promise<boolean> =>
      (await tx.insert(referralConversions).values(values).onConflictDoNothing().returning()).length > 0,
  };
}

/** Removes the landings and the code of a deleted referrer. The conversions stay without the code, so that no referral is rewarded twice. */
export async function forgetReferrer(tx: Queries, code: string): Promise<void> {
  await tx.delete(referralLandings).where(eq(referralLandings.referred_by, code));
  await tx.update(referralConversions).set({ referred_by: "" }).where(eq(referralConversions.referred_by, code));
  await tx.update(users).set({ referred_by: null }).where(eq(users.referred_by, code));
}
