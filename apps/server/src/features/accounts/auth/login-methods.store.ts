import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { conflict } from "../../../platform/errors.ts";
import { users, apiKeys, loginAttempts, oauthAccounts, passkeys, recoveryCodes, totpSecrets } from "../../../db/schema/accounts.ts";
import type { RemainingLoginMethods } from "./emails.ts";

/** The sign-in methods of an account: password, passkeys, linked accounts. */
export type LoginMethods = ReturnType<typeof createLoginMethods>;
export function createLoginMethods({ db, isUsable }: { db: Database; isUsable: (provider: string) => boolean }) {
  const count = async (userId: string, q: Queries = db): Promise<{ passkeys: number; linked_accounts: number }> => {
    const [own, linked] = await Promise.all([
      q.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.user_id, userId)),
      q.select({ provider: oauthAccounts.provider }).from(oauthAccounts).where(eq(oauthAccounts.user_id, userId)),
    ]);
    return { passkeys: own.length, linked_accounts: linked.filter(({ provider }) => isUsable(provider)).length };
  };
  return {
    count,
    /** Names of the methods and keys that stay active after a password reset. */
    remainingAfterReset: async (userId: string, q: Queries = db): Promise<RemainingLoginMethods> => {
      const own = await q.select({ name: passkeys.name }).from(passkeys).where(eq(passkeys.user_id, userId)).orderBy(passkeys.id);
      const linked = await q
        .select({ name: oauthAccounts.provider })
        .from(oauthAccounts)
        .where(eq(oauthAccounts.user_id, userId))
        .orderBy(oauthAccounts.id);
      const keys = await q
        .select({ name: apiKeys.name })
        .from(apiKeys)
        .where(and(eq(apiKeys.user_id, userId), sql`(${apiKeys.expires_at} is null or ${apiKeys.expires_at} > now())`))
        .orderBy(apiKeys.id);
      return {
        passkeys: own.map(({ name }) => name),
        accounts: linked.filter(({ name }) => isUsable(name)).map(({ name }) => name),
        keys: keys.map(({ name }) => name),
      };
    },
    /** Removes all sign-in methods and second factors except the password. */
    clear: async (tx: Queries, userId: string): Promise<void> => {
      for (const table of [passkeys, oauthAccounts, totpSecrets, recoveryCodes, loginAttempts])
        await tx.delete(table).where(eq(table.user_id, userId));
    },
    /** Locks the user's row until the transaction ends. */
    lock: async (tx: Queries, userId: string): Promise<void> => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
    },
    /** Throws `last_way_in` when no sign-in method is left. Call it after the removal, under the lock. */
    requireOne: async (tx: Queries, userId: string): Promise<void> => {
      const [row] = await tx.select({ hash: users.hashed_password }).from(users).where(eq(users.id, userId));
      const { passkeys: keys, linked_accounts } = await count(userId, tx);
      if (!row?.hash && keys + linked_accounts === 0)
        throw conflict("last_way_in", "This is your only way to sign in. Set a password or add another sign-in method first.");
    },
  };
}
