import type { GitProviderName } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { GitAccountRow } from "../../../db/schema/source.ts";
import type { GitAccounts } from "./accounts.ts";
import type { GitProvidersStore } from "./git-providers.store.ts";
import type { Hosts } from "./hosts.ts";

const revokeMs = 5_000;

export type RevokeGrant = ReturnType<typeof createRevokeGrant>;
/** Revokes the OAuth grant of an account at its host. Failures are only logged. */
export const createRevokeGrant =
  ({
    accounts,
    hosts,
    fetch,
    log,
  }: {
    accounts: Pick<GitAccounts, "useOf">;
    hosts: Pick<Hosts, "adapterOf" | "configOf">;
    /** Without retries: a revocation is not worth the wait. */
    fetch: typeof globalThis.fetch;
    log: Logger;
  }) =>
  async (row: GitAccountRow): Promise<void> => {
    const { oauth } = hosts.adapterOf(row.provider);
    const providerConfig = hosts.configOf(row.provider);
    // A token that the user created may be used elsewhere: revoke only OAuth grants.
    if (row.kind !== "oauth" || !oauth?.revocation || providerConfig?.baseUrl !== row.base_url) return;
    try {
      const { url, init } = oauth.revocation(providerConfig, accounts.useOf(row).token);
      const response = await fetch(url, {
        ...init,
        headers: { ...init.headers, "user-agent": "tesslate-studio" },
        signal: AbortSignal.timeout(revokeMs),
      });
      await response.body?.cancel();
      if (!response.ok) log.info({ provider: row.provider, status: response.status }, "git account not revoked");
    } catch (error) {
      log.info({ provider: row.provider, reason: error instanceof Error ? error.name : "unknown" }, "git account not revoked");
    }
  };

export type DisconnectAccounts = ReturnType<typeof createDisconnectAccounts>;
/** Disconnects a person's accounts at a git host. Throws `not_found` when there is none. */
export const createDisconnectAccounts =
  ({ store, revoke }: { store: GitProvidersStore; revoke: RevokeGrant }) =>
  async (userId: string, provider: GitProviderName, baseUrl: string | undefined): Promise<void> => {
    const rows = (await store.ofProvider(userId, provider)).filter(
      (row) => baseUrl === undefined || row.base_url === baseUrl.replace(/\/+$/, ""),
    );
    if (rows.length === 0) throw notFound("Account");
    await Promise.all(rows.map(revoke));
    await store.remove(rows.map((row) => row.id));
  };
