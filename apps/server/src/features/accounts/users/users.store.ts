import { and, eq, or, sql, type SQL } from "drizzle-orm";
import type { Preferences } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { userAvatars, users, type UserRow } from "../../../db/schema/accounts.ts";

export type NewUser = typeof users.$inferInsert;
export type UserChanges = Omit<Partial<NewUser>, "preferences"> & { preferences?: SQL };

/** False for suspended, disabled, deleted and system accounts. */
export const canSignIn = (user: Pick<UserRow, "is_active" | "is_suspended" | "is_deleted" | "is_system">) =>
  user.is_active && !user.is_suspended && !user.is_deleted && !user.is_system;

/** The user and password hash that were verified. */
export type VerifiedUser = Pick<UserRow, "id" | "hashed_password">;
/**
 * Whether the user may still sign in and still has the verified password; locks the row until the transaction ends. A new password or a suspension
 * thereby also ends sign-ins and account changes in progress.
 */
export const isStillVerified = async (tx: Queries, proven: VerifiedUser): Promise<boolean> => {
  const [row] = await tx.select().from(users).where(eq(users.id, proven.id)).for("no key update");
  return matchesVerified(row, proven);
};
export const matchesVerified = (row: UserRow | undefined, { hashed_password }: VerifiedUser): boolean =>
  row !== undefined && canSignIn(row) && row.hashed_password === hashed_password;

const setupLock = 7473748;

export type UsersStore = ReturnType<typeof createUsersStore>;
export function createUsersStore(db: Database) {
  const first = async (q: Queries, where: ReturnType<typeof sql>) => (await q.select().from(users).where(where).limit(1))[0];
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: (id: string, q: Queries = db): Promise<UserRow | undefined> => first(q, sql`${users.id} = ${id}`),
    findByEmail: (email: string, q: Queries = db): Promise<UserRow | undefined> => first(q, sql`lower(${users.email}) = ${email}`),
    findByUsername: (username: string, q: Queries = db): Promise<UserRow | undefined> =>
      first(q, sql`lower(${users.username}) = ${username}`),
    /** Only users who can sign in. */
    findByReferralCode: async (code: string, q: Queries = db): Promise<UserRow | undefined> => {
      const found = await first(q, sql`${users.referral_code} = ${code}`);
      return found && canSignIn(found) ? found : undefined;
    },
    /** `undefined` when email, username, slug or referral code is taken. */
    insert: async (tx: Queries, values: NewUser): Promise<UserRow | undefined> =>
      (await tx.insert(users).values(values).onConflictDoNothing().returning())[0],
    update: async (id: string, values: UserChanges, q: Queries = db): Promise<UserRow | undefined> =>
      (
        await q
          .update(users)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(users.id, id))
          .returning()
      )[0],
    /** Merged in the database, so that concurrent changes do not overwrite each other. */
    mergedPreferences: (given: Partial<Preferences>): SQL => sql`${users.preferences} || ${asJsonb(given)}`,
    /** Replaces a hash of the same password, unless the password has changed. */
    rehash: async (id: string, from: string, to: string): Promise<void> => {
      await db
        .update(users)
        .set({ hashed_password: to })
        .where(and(eq(users.id, id), eq(users.hashed_password, from)));
    },
    replacePassword: async (tx: Queries, from: Pick<UserRow, "id" | "hashed_password" | "email">, to: string): Promise<boolean> =>
      (
        await tx
          .update(users)
          .set({ hashed_password: to, updated_at: sql`now()` })
          .where(
            and(
              eq(users.id, from.id),
              eq(users.email, from.email),
              sql`${users.hashed_password} is not distinct from ${from.hashed_password}`,
            ),
          )
          .returning({ id: users.id })
      ).length > 0,
    voidPassword: async (tx: Queries, id: string): Promise<void> => {
      await tx
        .update(users)
        .set({ hashed_password: null, updated_at: sql`now()` })
        .where(eq(users.id, id));
    },
    markVerified: async (id: string, email: string): Promise<UserRow | undefined> =>
      (
        await db
          .update(users)
          .set({ is_verified: true, updated_at: sql`now()` })
          .where(and(eq(users.id, id), eq(users.email, email)))
          .returning()
      )[0],
    /** Applies the pending email. `undefined` when it is no longer pending. Throws a unique violation when the email is taken. */
    applyPendingEmail: async (tx: Queries, id: string, email: string, requestedAt: string): Promise<UserRow | undefined> =>
      (
        await tx
          .update(users)
          .set({
            email: sql`${users.pending_email}`,
            pending_email: null,
            pending_email_at: null,
            is_verified: true,
            updated_at: sql`now()`,
          })
          .where(and(eq(users.id, id), eq(users.pending_email, email), eq(users.pending_email_at, requestedAt)))
          .returning()
      )[0],
    /** Verifies the email and removes the password and emailed codes set before. */
    claim: async (tx: Queries, id: string): Promise<UserRow | undefined> =>
      (
        await tx
          .update(users)
          .set({ is_verified: true, hashed_password: null, two_fa_enabled: false, updated_at: sql`now()` })
          .where(and(eq(users.id, id), eq(users.is_verified, false)))
          .returning()
      )[0],
    backfillAvatar: async (tx: Queries, id: string, url: string): Promise<void> => {
      await tx
        .update(users)
        .set({ avatar_url: url })
        .where(and(eq(users.id, id), sql`${users.avatar_url} is null`));
    },
    /** Closes the account and schedules its deletion. `undefined` when it is already closed. */
    scheduleDeletion: async (tx: Queries, id: string, by: string, graceDays: number): Promise<UserRow | undefined> =>
      (
        await tx
          .update(users)
          .set({
            is_deleted: true,
            deleted_at: sql`now()`,
            deleted_by_id: by,
            scheduled_hard_delete_at: sql`now() + make_interval(days => ${graceDays})`,
            updated_at: sql`now()`,
          })
          .where(and(eq(users.id, id), eq(users.is_deleted, false)))
          .returning()
      )[0],
    /** Only for deletions requested by the user, and only before the scheduled time. */
    cancelDeletion: async (tx: Queries, id: string): Promise<UserRow | undefined> =>
      (
        await tx
          .update(users)
          .set({
            is_deleted: false,
            is_active: sql`not ${users.is_suspended}`,
            deleted_at: null,
            deleted_by_id: null,
            scheduled_hard_delete_at: null,
            updated_at: sql`now()`,
          })
          .where(
            and(
              eq(users.id, id),
              eq(users.is_deleted, true),
              sql`${users.deleted_by_id} = ${users.id}`,
              sql`${users.scheduled_hard_delete_at} > now()`,
            ),
          )
          .returning()
      )[0],
    /**
     * Locks this user and all administrators, ordered by id, until the transaction ends: of two administrators who leave at once, the second sees that the
     * first is gone.
     */
    lockWithAdministrators: async (tx: Queries, id: string): Promise<{ user: UserRow | undefined; administrators: UserRow[] }> => {
      const rows = await tx
        .select()
        .from(users)
        .where(or(eq(users.id, id), eq(users.is_superuser, true)))
        .orderBy(users.id)
        .for("no key update");
      return { user: rows.find((row) => row.id === id), administrators: rows.filter((row) => row.is_superuser && canSignIn(row)) };
    },
    /** Stores the image and sets `avatar_url`. */
    putAvatar: async (tx: Queries, id: string, { version, webp_base64, url }: { version: string; webp_base64: string; url: string }) => {
      await tx
        .insert(userAvatars)
        .values({ user_id: id, version, webp_base64 })
        .onConflictDoUpdate({ target: userAvatars.user_id, set: { version, webp_base64, created_at: sql`now()` } });
      return (
        await tx
          .update(users)
          .set({ avatar_url: url, updated_at: sql`now()` })
          .where(eq(users.id, id))
          .returning()
      )[0];
    },
    deleteAvatar: async (tx: Queries, id: string): Promise<void> => {
      await tx.delete(userAvatars).where(eq(userAvatars.user_id, id));
    },
    /** The avatar of an active user. */
    findAvatar: async (id: string, version: string): Promise<string | undefined> =>
      (
        await db
          .select({ webp_base64: userAvatars.webp_base64 })
          .from(userAvatars)
          .innerJoin(users, eq(users.id, userAvatars.user_id))
          .where(
            and(
              eq(userAvatars.user_id, id),
              eq(userAvatars.version, version),
              eq(users.is_active, true),
              eq(users.is_suspended, false),
              eq(users.is_deleted, false),
            ),
          )
      )[0]?.webp_base64,
    /** Takes a share lock on the user's row until the transaction ends. */
    isActiveNow: async (tx: Queries, id: string): Promise<boolean> => {
      const [row] = await tx.select().from(users).where(eq(users.id, id)).for("share");
      return row !== undefined && canSignIn(row);
    },
    hasAdministrator: async (q: Queries = db): Promise<boolean> => {
      const result = await q.execute<{ has: boolean }>(
        sql`select exists (select 1 from users where is_superuser and is_active and not is_deleted) as has`,
      );
      return result.rows[0]?.has === true;
    },
    /** Whether anyone has signed up. Accounts that wait for their deletion count, the system's own do not. */
    hasAccounts: async (): Promise<boolean> => {
      const result = await db.execute<{ has: boolean }>(sql`select exists (select 1 from users where not is_system) as has`);
      return result.rows[0]?.has === true;
    },
    /** Serializes the decision about the first administrator. */
    lockSetup: async (tx: Queries): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(${setupLock})`);
    },
  };
}

export async function suspendUser(q: Queries, id: string, reason: string, byId: string | null): Promise<void> {
  await q
    .update(users)
    .set({
      is_suspended: true,
      is_active: false,
      suspended_at: sql`now()`,
      suspended_reason: reason,
      suspended_by_id: byId,
      updated_at: sql`now()`,
    })
    .where(eq(users.id, id));
}
export async function unsuspendUser(q: Queries, id: string): Promise<void> {
  await q
    .update(users)
    .set({
      is_suspended: false,
      is_active: sql`not ${users.is_deleted}`,
      suspended_at: null,
      suspended_reason: null,
      suspended_by_id: null,
      updated_at: sql`now()`,
    })
    .where(eq(users.id, id));
}
/** Schedules the deletion of an account by an administrator. Resolves with its time. */
export async function closeAccount(q: Queries, id: string, reason: string, byId: string, graceDays: number): Promise<string> {
  const [row] = await q
    .update(users)
    .set({
      is_deleted: true,
      deleted_at: sql`now()`,
      deleted_reason: reason,
      deleted_by_id: byId,
      scheduled_hard_delete_at: sql`now() + make_interval(days => ${graceDays})`,
      updated_at: sql`now()`,
    })
    .where(eq(users.id, id))
    .returning({ at: users.scheduled_hard_delete_at });
  return row?.at ?? "";
}
/** Cancels a scheduled deletion. False if its time has passed. */
export async function reopenAccount(q: Queries, id: string): Promise<boolean> {
  const rows = await q
    .update(users)
    .set({
      is_deleted: false,
      // A suspension may have been lifted since.
      is_active: sql`not ${users.is_suspended}`,
      deleted_at: null,
      deleted_reason: null,
      deleted_by_id: null,
      scheduled_hard_delete_at: null,
      updated_at: sql`now()`,
    })
    .where(and(eq(users.id, id), sql`${users.scheduled_hard_delete_at} > now()`))
    .returning({ id: users.id });
  return rows.length > 0;
}
export async function setUserFlags(
  q: Queries,
  id: string,
  flags: { is_verified?: boolean; is_superuser?: boolean; two_fa_enabled?: boolean },
): Promise<void> {
  await q
    .update(users)
    .set({ ...flags, updated_at: sql`now()` })
    .where(eq(users.id, id));
}
/** Deletes the account and everything that belongs to it (foreign keys). */
export async function deleteUser(q: Queries, id: string): Promise<void> {
  await q.delete(users).where(eq(users.id, id));
}
/** Stores the account a creator is paid to. The first one is kept; resolves with what is stored. */
export async function setPayoutAccount(q: Queries, id: string, accountId: string): Promise<string> {
  await q
    .update(users)
    .set({ creator_stripe_account_id: accountId })
    .where(and(eq(users.id, id), sql`${users.creator_stripe_account_id} is null`));
  return (await q.select({ id: users.creator_stripe_account_id }).from(users).where(eq(users.id, id)))[0]?.id ?? accountId;
}
/** Hides a model from a user's lists or shows it again, in one statement, so that concurrent changes are kept. Resolves with all hidden ones. */
export async function setModelDisabled(q: Queries, id: string, modelId: string, isDisabled: boolean): Promise<string[]> {
  const without = sql`coalesce(${users.disabled_models}, '[]'::jsonb) - ${modelId}::text`;
  const [row] = await q
    .update(users)
    .set({ disabled_models: isDisabled ? sql`(${without}) || to_jsonb(${modelId}::text)` : without })
    .where(eq(users.id, id))
    .returning({ ids: users.disabled_models });
  return row?.ids ?? [];
}
/** Users of a theme get the default one. Locks them in the order of their ids. */
export async function resetTheme(q: Queries, themeId: string): Promise<void> {
  const rows = await q.select({ id: users.id }).from(users).where(eq(users.theme_preset, themeId)).orderBy(users.id).for("no key update");
  if (rows.length > 0) await q.update(users).set({ theme_preset: "default-dark" }).where(eq(users.theme_preset, themeId));
}
/** The same for one user. */
export async function resetThemeOf(q: Queries, userId: string, themeId: string): Promise<void> {
  await q
    .update(users)
    .set({ theme_preset: "default-dark" })
    .where(and(eq(users.id, userId), eq(users.theme_preset, themeId)));
}
/** Records that these users are active now. */
export async function touchUser(q: Queries, id: string): Promise<void> {
  await q
    .update(users)
    .set({ last_active_at: sql`now()` })
    .where(eq(users.id, id));
}
