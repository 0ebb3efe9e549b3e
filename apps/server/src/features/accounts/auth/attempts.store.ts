import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { isStillVerified, type VerifiedUser } from "../users/index.ts";
import { loginAttempts } from "../../../db/schema/accounts.ts";

/** A sign-in that waits for its second step. */
export interface Attempt {
  id: string;
  user_id: string;
  code_hash: string | null;
  /** The code has neither expired nor been entered wrongly too often. */
  isCodeValid: boolean;
  wrong_total: number;
  sends: number;
  sentAgoMs: number;
  endsInMs: number;
}

const inMs = (ms: number) => sql`now() + make_interval(secs => ${ms / 1000})` as never;

export type AttemptsStore = ReturnType<typeof createAttemptsStore>;
export function createAttemptsStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** `undefined` when the password was changed or the account was disabled since the password was verified. */
    insert: async (tx: Queries, proven: VerifiedUser, values: { token_hash: string; lifetimeMs: number }): Promise<string | undefined> => {
      if (!(await isStillVerified(tx, proven))) return undefined;
      const { lifetimeMs, token_hash } = values;
      const [inserted] = await tx
        .insert(loginAttempts)
        .values({ token_hash, user_id: proven.id, expires_at: inMs(lifetimeMs) })
        .returning({ id: loginAttempts.id });
      if (!inserted) throw new Error("sign-in attempt not stored");
      return inserted.id;
    },
    userOf: async (tokenHash: string): Promise<string | undefined> =>
      (await db.select({ user_id: loginAttempts.user_id }).from(loginAttempts).where(eq(loginAttempts.token_hash, tokenHash)))[0]?.user_id,
    /** Replaces the code. */
    setCode: async (tx: Queries, id: string, hash: string, lifetimeMs: number): Promise<void> => {
      await tx
        .update(loginAttempts)
        .set({
          code_hash: hash,
          code_expires_at: inMs(lifetimeMs),
          code_wrong: 0,
          sends: sql`${loginAttempts.sends} + 1`,
          sent_at: sql`now()`,
        })
        .where(eq(loginAttempts.id, id));
    },
    /** Locks the attempt until the transaction ends, so that parallel guesses are serialized. */
    lock: async (tx: Queries, tokenHash: string): Promise<Attempt | undefined> =>
      (
        await tx
          .select({
            id: loginAttempts.id,
            user_id: loginAttempts.user_id,
            code_hash: loginAttempts.code_hash,
            isCodeValid: sql<boolean>`coalesce(${loginAttempts.code_expires_at} > now(), false)`,
            wrong_total: loginAttempts.wrong_total,
            sends: loginAttempts.sends,
            sentAgoMs: sql<number>`(extract(epoch from now() - ${loginAttempts.sent_at}) * 1000)::float8`,
            endsInMs: sql<number>`(extract(epoch from ${loginAttempts.expires_at} - now()) * 1000)::float8`,
          })
          .from(loginAttempts)
          .where(sql`${loginAttempts.token_hash} = ${tokenHash} and ${loginAttempts.expires_at} > now()`)
          .for("update")
      )[0],
    /** The `maxTries`th wrong code invalidates the code. */
    countWrong: async (tx: Queries, id: string, maxTries: number): Promise<void> => {
      await tx
        .update(loginAttempts)
        .set({
          code_wrong: sql`${loginAttempts.code_wrong} + 1`,
          wrong_total: sql`${loginAttempts.wrong_total} + 1`,
          code_hash: sql`case when ${loginAttempts.code_wrong} + 1 >= ${maxTries} then null else ${loginAttempts.code_hash} end`,
        })
        .where(eq(loginAttempts.id, id));
    },
    remove: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(loginAttempts).where(eq(loginAttempts.id, id));
    },
  };
}
