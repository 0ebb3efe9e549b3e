import { createAuthCookies, createOauthConnect, createOauthStates, createOauthStore } from "../features/accounts/auth/index.ts";
import {
  createDisconnectAccounts,
  createGitConnections,
  createGitAccounts,
  createRepositoryBrowser,
  createRevokeGrant,
  createGitProvidersStore,
  createHosts,
  mountGitProviders,
  type GitAccounts,
} from "../features/source/git-providers/index.ts";
import { withRetries } from "../platform/outbound-retries.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Per attempt. */
const callMs = 15_000;
const maxResponseBytes = 16 * 2 ** 20;
const maxWaitMs = 10_000;

/** Users' accounts at git hosts. */
export interface GitProvidersArea extends Area {
  gitAccounts: GitAccounts;
}

export function composeGitProviders(
  { config, log, db, box, outbound, limits }: Platform,
  { sessions }: Pick<AccountsArea, "sessions">,
): GitProvidersArea {
  const { appBaseUrl } = config.http;
  const once = outbound.limited({ timeoutMs: callMs, maxBytes: maxResponseBytes });
  const fetch = withRetries(once, { backoffMs: config.gitProviders.backoffMs, maxWaitMs });
  const redirectUri = (provider: string) => `${appBaseUrl}/api/git-providers/${provider}/callback`;
  const { gitlab, bitbucket, gitea } = config.gitProviders;
  const store = createGitProvidersStore(db);
  const hosts = createHosts({
    configs: {
      // The same app as for sign-in: it has one redirect URL, and sign-in forwards our callbacks.
      github: config.auth.oauth.github,
      gitlab: { ...gitlab, apiUrl: `${gitlab.baseUrl}/api/v4`, redirectUri: redirectUri("gitlab") },
      bitbucket: { ...bitbucket, redirectUri: redirectUri("bitbucket") },
      ...(gitea.baseUrl && { gitea: { ...gitea, apiUrl: `${gitea.baseUrl}/api/v1`, redirectUri: redirectUri("gitea") } }),
    },
    fetch,
    checkUrl: outbound.check,
    allowsPlain: outbound.allowsPlain,
  });
  const gitAccounts = createGitAccounts({ store, box, hosts, fetch, log });
  const connections = createGitConnections({
    store,
    accounts: gitAccounts,
    hosts,
    oauth: createOauthConnect({ states: createOauthStates({ store: createOauthStore(db), box }), findSession: sessions.find }),
    limits,
    log,
  });
  const disconnect = createDisconnectAccounts({ store, revoke: createRevokeGrant({ accounts: gitAccounts, hosts, fetch: once, log }) });
  const browsing = createRepositoryBrowser({ store, accounts: gitAccounts, hosts });
  return {
    gitAccounts,
    mount(mount) {
      mountGitProviders(mount, {
        hosts,
        connections: { ...connections, disconnect },
        browsing,
        cookies: createAuthCookies(config.auth),
        appBaseUrl,
      });
    },
  };
}
