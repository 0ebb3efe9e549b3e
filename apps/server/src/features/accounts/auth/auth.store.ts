import { and, desc, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database, Queries } from "../../../platform/database.ts";
import { isStillVerified, touchUser, type VerifiedUser } from "../users/index.ts";
import { users, type UserRow, loginAttempts, oneTimeTokens, sessions, type SessionRow } from "../../../db/schema/accounts.ts";

/** Notifies every process which cached sessions, users and keys are stale. */
export const sessionsChannel = "sessions";
export interface SessionsNotification {
  user_id?: string;
  session_ids?: string[];
  key_ids?: string[];
}
export interface SessionWithUser {
  session: SessionRow;
  user: UserRow;
  /** The impersonating administrator. */
  impersonator: UserRow | null;
}
const isOpen = and(isNull(sessions.revoked_at), sql`${sessions.expires_at} > now()`);
const impersonators = alias(users, "impersonators");

/** Delivered when the transaction commits. */
export const notifySessions = async (q: Queries, notification: SessionsNotification): Promise<void> => {
  await q.execute(sql`select pg_notify(${sessionsChannel}, ${JSON.stringify(notification)})`);
};

export type AuthStore = ReturnType<typeof createAuthStore>;
export function createAuthStore(db: Database) {
  const revoke = async (q: Queries, where: ReturnType<typeof and>, reason: string): Promise<string[]> => {
    const rows = await q
      .update(sessions)
      .set({ revoked_at: sql`now()`, revoked_reason: reason })
      .where(and(isNull(sessions.revoked_at), where))
      .returning({ id: sessions.id });
    const ids = rows.map((r) => r.id);
    // Impersonations end with the administrator session that started them.
    if (ids.length > 0) {
      const impersonations = await q
        .update(sessions)
        .set({ revoked_at: sql`now()`, revoked_reason: reason })
        .where(and(isNull(sessions.revoked_at), inArray(sessions.impersonator_session_id, ids)))
        .returning({ id: sessions.id });
      ids.push(...impersonations.map((r) => r.id));
    }
    if (ids.length > 0) await notifySessions(q, { session_ids: ids });
    return ids;
  };
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** False when the password was changed or the account was disabled since the password was verified. */
    insert: (proven: VerifiedUser, values: Omit<typeof sessions.$inferInsert, "user_id">): Promise<boolean> =>
      db.transaction(async (tx) => {
        if (!(await isStillVerified(tx, proven))) return false;
        await tx.insert(sessions).values({ ...values, user_id: proven.id });
        await touchUser(tx, proven.id);
        return true;
      }),
    /** An impersonation session; does not update the user's last activity. */
    insertImpersonation: async (
      tx: Queries,
      values: Omit<typeof sessions.$inferInsert, "expires_at">,
      lifetimeMs: number,
    ): Promise<SessionRow> => {
      const [row] = await tx
        .insert(sessions)
        .values({ ...values, expires_at: sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never })
        .returning();
      if (!row) throw new Error("session not stored");
      return row;
    },
    /** Ends impersonations of this user and by this user. */
    revokeImpersonations: (userId: string, reason: string, q: Queries): Promise<string[]> =>
      revoke(
        q,
        and(
          sql`${sessions.impersonator_id} is not null`,
          sql`(${sessions.impersonator_id} = ${userId} or ${sessions.user_id} = ${userId})`,
        ),
        reason,
      ),
    /** Whether this session of the user is open; keeps it open until the transaction ends. Lock the user first, like code that ends sessions. */
    isOpenNow: async (tx: Queries, id: string, userId: string): Promise<boolean> =>
      (
        await tx
          .select({ id: sessions.id })
          .from(sessions)
          .where(and(eq(sessions.id, id), eq(sessions.user_id, userId), isOpen))
          .for("share")
      ).length > 0,
    /** An open session with its users; the caller checks whether they may sign in. */
    findOpen: async (id: string): Promise<SessionWithUser | undefined> =>
      (
        await db
          .select({ session: sessions, user: users, impersonator: impersonators })
          .from(sessions)
          .innerJoin(users, eq(users.id, sessions.user_id))
          .leftJoin(impersonators, eq(impersonators.id, sessions.impersonator_id))
          .where(and(eq(sessions.id, id), isOpen))
      )[0],
    /** Updates the last activity of the session and its user. */
    touch: async (id: string): Promise<void> => {
      await db.execute(
        // Lock the user first, like code that ends sessions, to avoid deadlocks.
        sql`with u as (update users set last_active_at = now() where id = (select user_id from sessions where id = ${id} and revoked_at is null and impersonator_id is null) returning id) update sessions set last_used_at = now() from u where sessions.id = ${id} and sessions.user_id = u.id`,
      );
    },
    /** Replaces the refresh token if `from` is still the current one. Exactly one of several concurrent callers succeeds. */
    rotate: async (id: string, from: string, to: string, lifetimeMs: number): Promise<boolean> =>
      (
        await db
          .update(sessions)
          .set({
            refresh_hash: to,
            previous_refresh_hash: from,
            rotated_at: sql`now()`,
            last_used_at: sql`now()`,
            expires_at: sql`now() + make_interval(secs => ${lifetimeMs / 1000})`,
          })
          .where(and(eq(sessions.id, id), eq(sessions.refresh_hash, from), isOpen))
          .returning({ id: sessions.id })
      ).length > 0,
    /** Whether the last rotation was at most `graceMs` ago. */
    isFresh: async (id: string, graceMs: number): Promise<boolean> =>
      (
        await db
          .select({ id: sessions.id })
          .from(sessions)
          .where(and(eq(sessions.id, id), sql`${sessions.rotated_at} > now() - make_interval(secs => ${graceMs / 1000})`))
      ).length > 0,
    /** Returns the ids of the ended sessions. */
    revoke: (id: string, reason: string, q: Queries = db): Promise<string[]> => revoke(q, eq(sessions.id, id), reason),
    /** Also ends sign-ins that wait for a second step. */
    revokeOfUser: async (userId: string, keepId: string | undefined, reason: string, q: Queries = db): Promise<string[]> => {
      await q.delete(loginAttempts).where(eq(loginAttempts.user_id, userId));
      return revoke(q, and(eq(sessions.user_id, userId), keepId === undefined ? undefined : ne(sessions.id, keepId)), reason);
    },
    notify: (notification: SessionsNotification, q: Queries = db): Promise<void> => notifySessions(q, notification),

    insertToken: async (values: {
      token_hash: string;
      purpose: string;
      user_id: string;
      payload: Record<string, unknown>;
      lifetimeMs: number;
    }): Promise<void> => {
      const { lifetimeMs, ...row } = values;
      await db.insert(oneTimeTokens).values({ ...row, expires_at: sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never });
    },
    /** Consumes a one-time token; exactly one of several concurrent callers gets it. */
    takeToken: async (tokenHash: string, purpose: string): Promise<{ user_id: string; payload: Record<string, unknown> } | undefined> => {
      const [row] = await db
        .delete(oneTimeTokens)
        .where(and(eq(oneTimeTokens.token_hash, tokenHash), eq(oneTimeTokens.purpose, purpose)))
        .returning({
          user_id: oneTimeTokens.user_id,
          payload: oneTimeTokens.payload,
          isValid: sql<boolean>`${oneTimeTokens.expires_at} > now()`,
        });
      return row?.isValid ? row : undefined;
    },
    list: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: SessionRow[]; total: number }> => {
      const mine = and(eq(sessions.user_id, userId), isNull(sessions.impersonator_id), isOpen);
      const [rows, total] = await Promise.all([
        db.select().from(sessions).where(mine).orderBy(desc(sessions.last_used_at), sessions.id).limit(page.limit).offset(page.offset),
        db.$count(sessions, mine),
      ]);
      return { rows, total };
    },
    /** Returns the ids of the ended sessions; none when the session is not this user's or already ended. */
    revokeOwn: (userId: string, id: string, reason: string): Promise<string[]> =>
      revoke(db, and(eq(sessions.id, id), eq(sessions.user_id, userId), isOpen), reason),
    /** Deletes expired rows. Ended sessions are kept for 30 days. */
    prune: async (): Promise<void> => {
      await db.execute(sql`delete from one_time_tokens where expires_at < now()`);
      await db.execute(sql`delete from login_attempts where expires_at < now()`);
      await db.execute(sql`delete from oauth_states where expires_at < now()`);
      await db.execute(sql`delete from sessions where expires_at < now() - interval '30 days' or revoked_at < now() - interval '30 days'`);
    },
  };
}
