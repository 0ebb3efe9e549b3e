import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { GitProviderName } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { gitProviderCredentials as table, type GitAccountRow } from "../../../db/schema/source.ts";

export interface EncryptedTokens {
  encrypted_access: Buffer;
  encrypted_refresh: Buffer | null;
  expires_at: string | null;
}
export type NewGitAccount = EncryptedTokens &
  Pick<
    GitAccountRow,
    | "user_id"
    | "provider"
    | "base_url"
    | "host"
    | "kind"
    | "scope"
    | "username"
    | "provider_username"
    | "provider_email"
    | "provider_user_id"
  >;

export type GitProvidersStore = ReturnType<typeof createGitProvidersStore>;
export function createGitProvidersStore(db: Database) {
  return {
    /** Oldest first. */
    list: (userId: string): Promise<GitAccountRow[]> =>
      db.select().from(table).where(eq(table.user_id, userId)).orderBy(asc(table.created_at), asc(table.id)),
    ofProvider: (userId: string, provider: GitProviderName): Promise<GitAccountRow[]> =>
      db
        .select()
        .from(table)
        .where(and(eq(table.user_id, userId), eq(table.provider, provider)))
        .orderBy(asc(table.created_at), asc(table.id)),
    /** An account of the provider's own kind before a plain token. */
    findByHost: async (userId: string, host: string): Promise<GitAccountRow | undefined> =>
      (
        await db
          .select()
          .from(table)
          .where(and(eq(table.user_id, userId), eq(table.host, host)))
          .orderBy(sql`${table.provider} = 'git'`, asc(table.created_at))
          .limit(1)
      )[0],
    /** Replaces the account at the same host and keeps unspecified fields. */
    put: async (values: NewGitAccount): Promise<GitAccountRow> => {
      const kept = (column: "scope" | "provider_username" | "provider_email" | "provider_user_id") =>
        sql`coalesce(excluded.${sql.identifier(column)}, ${table[column]})`;
      const { encrypted_access, encrypted_refresh, expires_at, base_url, kind, username } = values;
      const [row] = await db
        .insert(table)
        .values(values)
        .onConflictDoUpdate({
          target: [table.user_id, table.provider, table.host],
          set: {
            encrypted_access,
            encrypted_refresh,
            expires_at,
            base_url,
            kind,
            username,
            scope: kept("scope"),
            provider_username: kept("provider_username"),
            provider_email: kept("provider_email"),
            provider_user_id: kept("provider_user_id"),
            refused_at: null,
            updated_at: sql`now()`,
          },
        })
        .returning();
      return row as GitAccountRow;
    },
    /** Locks the account against concurrent renewals. */
    locked: <T>(id: string, work: (tx: Queries, row: GitAccountRow | undefined) => Promise<T>): Promise<T> =>
      db.transaction(async (tx) => work(tx, (await tx.select().from(table).where(eq(table.id, id)).for("update"))[0])),
    setTokens: async (q: Queries, id: string, tokens: EncryptedTokens): Promise<GitAccountRow> => {
      const [row] = await q
        .update(table)
        .set({ ...tokens, refused_at: null, updated_at: sql`now()` })
        .where(eq(table.id, id))
        .returning();
      return row as GitAccountRow;
    },
    setRefused: async (q: Queries, id: string, isRefused: boolean): Promise<void> => {
      await q
        .update(table)
        .set({ refused_at: isRefused ? sql`now()` : null })
        .where(eq(table.id, id));
    },
    /** Outside of the renewal's lock. */
    noteRefused: async (id: string, isRefused: boolean): Promise<void> => {
      await db
        .update(table)
        .set({ refused_at: isRefused ? sql`now()` : null })
        .where(eq(table.id, id));
    },
    remove: async (ids: readonly string[]): Promise<void> => {
      await db.delete(table).where(inArray(table.id, [...ids]));
    },
  };
}
