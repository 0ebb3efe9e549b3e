import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { isLiving, type UserRow } from "../../accounts/users/index.ts";
import { users } from "../../../db/schema/accounts.ts";
import { referralConversions, referralLandings } from "../../../db/schema/billing.ts";

const applyLock = 7473749;

export type ReferralsStore = ReturnType<typeof createReferralsStore>;
export function createReferralsStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (userId: string, q: Queries = db): Promise<UserRow | undefined> =>
      (await q.select().from(users).where(eq(users.id, userId)))[0],
    /** Of a living user. */
    findByCode: async (code: string, q: Queries = db): Promise<UserRow | undefined> => {
      const [found] = await q.select().from(users).where(eq(users.referral_code, code));
      return found && isLiving(found) ? found : undefined;
    },
    /** These people's rows, held until the transaction ends; in the order of their ids, as everybody does who holds two. */
    lockPeople: async (tx: Queries, ids: readonly string[]): Promise<Map<string, UserRow>> => {
      const rows = await tx.select().from(users).where(inArray(users.id, ids)).orderBy(users.id).for("no key update");
      return new Map(rows.map((row) => [row.id, row]));
    },
    /** False: somebody else has it, or the user has one meanwhile. */
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
    insertLanding: async (values: typeof referralLandings.$inferInsert): Promise<void> => {
      await db.insert(referralLandings).values(values);
    },
    /** Until the transaction ends nobody else says by whom they came: who came by whom must not become a ring, however long. */
    lockApply: async (tx: Queries): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(${applyLock})`);
    },
    /** Whether `userId` is among those by whom the holder of `code` came, directly or through others. */
    isAncestor: async (tx: Queries, userId: string, code: string): Promise<boolean> => {
      const found = await tx.execute<{ is: boolean }>(sql`
        with recursive chain (id, referred_by) as (
          select id, referred_by from users where referral_code = ${code}
          union select u.id, u.referred_by from users u join chain on u.referral_code = chain.referred_by)
        select exists (select 1 from chain where id = ${userId}) as is`);
      return found.rows[0]?.is === true;
    },
    /** False when it was said before. */
    setReferredBy: async (tx: Queries, userId: string, code: string): Promise<boolean> =>
      (
        await tx
          .update(users)
          .set({ referred_by: code, updated_at: sql`now()` })
          .where(and(eq(users.id, userId), isNull(users.referred_by)))
          .returning({ id: users.id })
      ).length > 0,
    /** False when there is one of this person already. */
    insertConversion: async (tx: Queries, values: typeof referralConversions.$inferInsert): Promise<boolean> =>
      (await tx.insert(referralConversions).values(values).onConflictDoNothing().returning()).length > 0,
  };
}

/** Nobody came by them any more: what led to them and what names their code goes. That each person came once stays, so that nobody is rewarded twice. */
export async function forgetReferrer(tx: Queries, code: string): Promise<void> {
  await tx.delete(referralLandings).where(eq(referralLandings.referred_by, code));
  await tx.update(referralConversions).set({ referred_by: "" }).where(eq(referralConversions.referred_by, code));
  await tx.update(users).set({ referred_by: null }).where(eq(users.referred_by, code));
}
