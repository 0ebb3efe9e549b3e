import { ownPath, type ErrorCode, type GitProviderName } from "@tesslate/contract";
import { gitConnectMark, type ConnectingUser, type OauthConnect, type OauthConnection } from "../../accounts/auth/index.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { GitAccounts } from "./accounts.ts";
import type { GitProvidersStore } from "./git-providers.store.ts";
import type { GitAccountRow } from "../../../db/schema/source.ts";
import type { Hosts } from "./hosts.ts";

interface StartedConnection extends OauthConnection {
  redirect_to?: string;
}
const triesPerMinute = 30;

export type GitConnections = ReturnType<typeof createGitConnections>;
/** Connects accounts at git hosts. */
export function createGitConnections({
  store,
  accounts,
  hosts,
  oauth,
  limits,
  log,
}: {
  store: GitProvidersStore;
  accounts: GitAccounts;
  hosts: Hosts;
  oauth: OauthConnect;
  limits: RateLimiter;
  log: Logger;
}) {
  const flowOf = (provider: GitProviderName) => `git ${provider}`;
  const ownerOf = (user_id: string, provider: GitProviderName, base_url: string) => ({
    user_id,
    provider,
    base_url,
    host: new URL(base_url).host,
  });

  return {
    /**
     * Stores a token after checking it with the provider. Throws `provider_token_expired`, `bad_request`, `outbound_refused`,
     * `bad_gateway`.
     */
    withToken: async (
      user: ConnectingUser,
      provider: GitProviderName,
      {
        token,
        base_url: given,
        username: name,
      }: { token: string; base_url: string | null | undefined; username: string | null | undefined },
    ): Promise<GitAccountRow> => {
      await limits.count({ key: `git-connect:${user.id}`, max: triesPerMinute, windowSeconds: 60 });
      const base_url = await hosts.baseUrlOf(provider, given);
      const username = name?.trim() || null;
      // Basic authentication separates name and token with a colon.
      if (username?.includes(":")) throw badRequest("A user name cannot contain a colon.");
      const { browsing } = hosts.adapterOf(provider);
      const found = browsing && (await browsing.user(accounts.apiWith({ provider, base_url }, { kind: "token", token, username })));
      const owner = ownerOf(user.id, provider, base_url);
      return store.put({
        ...owner,
        ...accounts.encrypt(owner, { access: token, refresh: undefined, expires_at: null }),
        kind: "token",
        scope: null,
        username,
        provider_username: found?.username ?? username,
        provider_email: found?.email ?? null,
        provider_user_id: found?.id ?? null,
      });
    },
    /**
     * Returns the provider's authorization URL. `browser`: the cookie of an earlier flow, so that several tabs can be open at once. Throws
     * `oauth_not_configured`.
     */
    start: async (
      user: ConnectingUser,
      provider: GitProviderName,
      { scope, redirect_to, base_url }: { scope?: string | null; redirect_to?: string | null; base_url?: string | null },
      browser?: string,
    ): Promise<{ url: string; browser: string }> => {
      const { client } = hosts.requireOauth(provider, base_url);
      const path = ownPath(redirect_to);
      const started = await oauth.start(flowOf(provider), user, {
        browser,
        statePrefix: gitConnectMark,
        extra: () => (path === undefined ? {} : { redirect_to: path }),
      });
      const { state, verifier } = started;
      const url = await client.authorizationUrl({ state, verifier, scope: scope?.trim() || hosts.adapterOf(provider).scopes });
      return { url, browser: started.browser };
    },
    /**
     * Handles the callback. Throws `invalid_state_token`, `state_token_expired`; later failures are returned as a code for the result
     * page.
     */
    finish: async (
      provider: GitProviderName,
      callback: URLSearchParams,
      { browser, userId }: { browser: string | undefined; userId: string | undefined },
    ): Promise<{ error: ErrorCode | "oauth_failed" | undefined; redirect_to: string | undefined }> => {
      const { client, providerConfig } = hosts.requireOauth(provider, null);
      const state = callback.get("state") ?? "";
      const started = await oauth.take<StartedConnection>(flowOf(provider), state, browser);
      const { user_id, verifier, redirect_to } = started;
      if (!(await oauth.isSameUser(started, userId)))
        throw badRequest("Another user started this, or their session has ended. Start again.", "invalid_state_token");
      if (callback.get("error") || !callback.get("code")) return { error: "oauth_denied", redirect_to };
      try {
        const tokens = await client.redeem({ callback, state, verifier });
        const { browsing } = hosts.adapterOf(provider);
        const use = { kind: "oauth", token: tokens.access, username: null } as const;
        const found = await browsing?.user(accounts.apiWith({ provider, base_url: providerConfig.baseUrl }, use));
        const owner = ownerOf(user_id, provider, providerConfig.baseUrl);
        await store.put({
          ...owner,
          ...accounts.encrypt(owner, tokens),
          kind: "oauth",
          scope: tokens.scope,
          username: null,
          provider_username: found?.username ?? null,
          provider_email: found?.email ?? null,
          provider_user_id: found?.id ?? null,
        });
        return { error: undefined, redirect_to };
      } catch (error) {
        // The provider's message may contain codes and tokens: keep it out of the log.
        log.warn(
          { provider, reason: error instanceof Error ? `${error.name}: ${error.message}` : "unknown" },
          "connecting a git account failed",
        );
        return { error: "oauth_failed", redirect_to };
      }
    },
  };
}
