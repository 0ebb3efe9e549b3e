import type { GitProviderName } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { GitProvidersStore, EncryptedTokens } from "./git-providers.store.ts";
import type { GitAccountRow } from "../../../db/schema/source.ts";
import type { Hosts } from "./hosts.ts";
import type { OauthTokens } from "./oauth-client.ts";
import { createProviderApi, refused } from "./provider-api.ts";
import type { ProviderApi, TokenUse } from "./provider.ts";

/** Additional authenticated data of an account's tokens. */
export const gitAccountAad = (row: Pick<GitAccountRow, "user_id" | "provider" | "host">, what: "access" | "refresh"): string =>
  `git account ${row.user_id} ${row.provider} ${row.host} ${what}`;

/** Renew tokens that expire sooner than this. */
const renewBeforeMs = 300_000;

/**
 * Runs `work` with the Authorization header of the user's account at that URL's host, or without one. When the host rejects the token,
 * renews it once and runs `work` again.
 */
export type WithAuthorization = <T>(userId: string, url: string, work: (authorization: string | undefined) => Promise<T>) => Promise<T>;

export type GitAccounts = ReturnType<typeof createGitAccounts>;
/** Users' accounts at git hosts and their tokens, which are decrypted only here. */
export function createGitAccounts({
  store,
  box,
  hosts,
  fetch,
  log,
}: {
  store: GitProvidersStore;
  box: CryptoBox;
  hosts: Hosts;
  fetch: typeof globalThis.fetch;
  log: Logger;
}) {
  type Owner = Pick<GitAccountRow, "user_id" | "provider" | "host">;
  const encrypt = (owner: Owner, { access, refresh, expires_at }: Omit<OauthTokens, "scope">): EncryptedTokens => ({
    encrypted_access: box.seal(access, gitAccountAad(owner, "access")),
    encrypted_refresh: refresh === undefined ? null : box.seal(refresh, gitAccountAad(owner, "refresh")),
    expires_at,
  });
  const useOf = (row: GitAccountRow): TokenUse => ({
    kind: row.kind,
    token: box.open(row.encrypted_access, gitAccountAad(row, "access")),
    username: row.username,
  });
  const leftMs = ({ expires_at }: GitAccountRow) => (expires_at === null ? Infinity : Date.parse(expires_at) - Date.now());

  /**
   * One renewal at a time per account; also returns tokens that a concurrent renewal got. Undefined when renewal is impossible or refused.
   * Throws `bad_gateway` when the host is not reachable.
   */
  const renew = async (id: string, used?: string): Promise<GitAccountRow | undefined> =>
    store.locked(id, async (tx, row) => {
      if (!row) return undefined;
      if (used === undefined ? leftMs(row) > renewBeforeMs : useOf(row).token !== used) return row;
      const oauth = hosts.oauthOf(row.provider);
      if (row.encrypted_refresh === null || !oauth) {
        await store.setRefused(tx, id, true);
        return undefined;
      }
      const held = box.open(row.encrypted_refresh, gitAccountAad(row, "refresh"));
      const { tokens, ...failed } = await oauth.renew(held);
      if (tokens) return store.setTokens(tx, id, encrypt(row, { ...tokens, refresh: tokens.refresh ?? held }));
      if ("isDown" in failed && failed.isDown) {
        if (used === undefined && leftMs(row) > 0) return row;
        throw new AppError(
          "bad_gateway",
          `${hosts.adapterOf(row.provider).displayName} is not reachable right now. Try again in a minute.`,
        );
      }
      log.info({ user_id: row.user_id, provider: row.provider }, "git account not renewed");
      await store.setRefused(tx, id, true);
      return undefined;
    });

  /** The account with a token that is valid for minutes. Throws `provider_token_expired`. */
  const usable = async (row: GitAccountRow): Promise<GitAccountRow> => {
    if (row.encrypted_refresh === null || leftMs(row) > renewBeforeMs) return row;
    const renewed = await renew(row.id);
    if (!renewed) throw refused(hosts.adapterOf(row.provider).displayName);
    return renewed;
  };
  const apiOf = (
    row: Pick<GitAccountRow, "provider" | "base_url">,
    source: Parameters<typeof createProviderApi>[0]["source"],
  ): ProviderApi => {
    const adapter = hosts.adapterOf(row.provider);
    const apiUrl = hosts.apiUrlOf(row.provider, row.base_url);
    if (!adapter.browsing || apiUrl === undefined)
      throw badRequest(`${adapter.displayName} tokens work for git only: repositories cannot be listed.`, "not_supported");
    return createProviderApi({ adapter, browsing: adapter.browsing, baseUrl: row.base_url, apiUrl, source, fetch });
  };
  const headerOf = (row: GitAccountRow): string => {
    const use = useOf(row);
    return `Basic ${Buffer.from(`${hosts.adapterOf(row.provider).gitUser(use)}:${use.token}`).toString("base64")}`;
  };

  const withAuthorization: WithAuthorization = async (userId, url, work) => {
    const found = await store.findByHost(userId, new URL(url).host);
    if (!found) return work(undefined);
    const attempt = async (row: GitAccountRow) => {
      const done = await work(headerOf(row));
      if (row.refused_at !== null) await store.noteRefused(row.id, false);
      return done;
    };
    const row = await usable(found);
    try {
      return await attempt(row);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // Without a refresh token, this marks the account as disconnected.
      const renewed = await renew(row.id, useOf(row).token);
      if (!renewed) throw error;
      return attempt(renewed).catch(async (again: unknown) => {
        if (isRefusal(again)) await store.noteRefused(row.id, true);
        throw again;
      });
    }
  };

  return {
    encrypt,
    useOf,
    withAuthorization,
    /** The account at that host, otherwise at the default host, otherwise the first. Throws `provider_not_connected`. */
    get: async (userId: string, provider: GitProviderName, baseUrl?: string): Promise<GitAccountRow> => {
      const rows = hosts.inOrder(await store.ofProvider(userId, provider));
      const row = baseUrl === undefined ? rows[0] : rows.find((r) => r.base_url === baseUrl.replace(/\/+$/, ""));
      if (!row) throw conflict("provider_not_connected", `Connect a ${hosts.adapterOf(provider).displayName} account first.`);
      return row;
    },
    /** Throws `provider_token_expired`, `not_supported`. */
    api: async (given: GitAccountRow): Promise<ProviderApi> => {
      let row = await usable(given);
      return apiOf(row, {
        get current() {
          return useOf(row);
        },
        renew: async () => {
          const renewed = await renew(row.id, useOf(row).token);
          if (renewed) row = renewed;
          return renewed && useOf(renewed);
        },
        taken: async () => {
          if (row.refused_at === null) return;
          row = { ...row, refused_at: null };
          await store.noteRefused(row.id, false);
        },
      });
    },
    /** For a token that is not stored yet. */
    apiWith: (at: Pick<GitAccountRow, "provider" | "base_url">, use: TokenUse): ProviderApi =>
      apiOf(at, { current: use, renew: async () => undefined }),
    /** The kind of host of a URL: configured by the operator, otherwise from the user's accounts. */
    kindOf: async (userId: string, url: string): Promise<GitProviderName> => {
      const { host } = new URL(url);
      return hosts.ofHost(host) ?? (await store.findByHost(userId, host))?.provider ?? "git";
    },
  };
}

/** The host no longer accepts the token; a missing permission is different. */
const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && error.code === "provider_token_expired" && error.details?.["lacks_permission"] !== true;
