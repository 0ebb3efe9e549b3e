import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { conflict } from "../../../platform/errors.ts";
import { users, apiKeys, loginAttempts, oauthAccounts, passkeys, recoveryCodes, totpSecrets } from "../../../db/schema/accounts.ts";
import type { Outlasting } from "./emails.ts";

/** The ways an account can be signed in to: password, passkeys, accounts elsewhere. */
export type WaysIn = ReturnType<typeof createWaysIn>;
export function createWaysIn({ db, isUsable }: { db: Database; isUsable: (provider: string) => boolean }) {
  const count = async (userId: string, q: Queries = db): Promise<{ passkeys: number; linked_accounts: number }> => {
    const [own, linked] = await Promise.all([
      q.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.user_id, userId)),
      q.select({ provider: oauthAccounts.provider }).from(oauthAccounts).where(eq(oauthAccounts.user_id, userId)),
    ]);
    return { passkeys: own.length, linked_accounts: linked.filter(({ provider }) => isUsable(provider)).length };
  };
  return {
    count,
    /** What goes on working under a new password, by the names its owner knows it by. */
    outlasting: async (userId: string, q: Queries = db): Promise<Outlasting> => {
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
    /** Takes away whatever was set up to come in, and every second step; the password is not ours. */
    clear: async (tx: Queries, userId: string): Promise<void> => {
      for (const table of [passkeys, oauthAccounts, totpSecrets, recoveryCodes, loginAttempts])
        await tx.delete(table).where(eq(table.user_id, userId));
    },
    /** Until the transaction ends nobody else takes a way in of this account away, or changes the account. */
    lock: async (tx: Queries, userId: string): Promise<void> => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
    },
    /** Throws `last_way_in` when nothing is left. Call it after the removal, under the lock. */
    requireOne: async (tx: Queries, userId: string): Promise<void> => {
      const [row] = await tx.select({ hash: users.hashed_password }).from(users).where(eq(users.id, userId));
      const { passkeys: keys, linked_accounts } = await count(userId, tx);
      if (!row?.hash && keys + linked_accounts === 0)
        throw conflict("last_way_in", "This is the only way to sign in to your account. Set a password or add another way first.");
    },
  };
}
