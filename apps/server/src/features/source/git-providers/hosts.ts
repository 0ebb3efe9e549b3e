import type { GitProviderName } from "@tesslate/contract";
import { AppError, badRequest } from "../../../platform/errors.ts";
import { createOauthClient, type OauthClient } from "./oauth-client.ts";
import type { GitProviderDriver, ProviderSite } from "./provider.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { gitea } from "./providers/gitea.ts";
import { github } from "./providers/github.ts";
import { gitlab } from "./providers/gitlab.ts";

/** Any other host: a token for git over HTTPS, without an API. */
const git: GitProviderDriver = {
  name: "git",
  displayName: "Git over HTTPS",
  icon: "git-logo",
  description: "Any other git host, with a token",
  scopes: "",
  // Hosts that only check the token accept any name.
  gitUser: ({ username }) => username ?? "git",
};

/** In display order. */
const drivers = { github, gitlab, bitbucket, gitea, git } satisfies Record<GitProviderName, GitProviderDriver>;

/** The kinds of git hosts and their configured addresses. */
export type Hosts = ReturnType<typeof createHosts>;
export function createHosts({
  sites,
  fetch,
  checkUrl,
  allowsPlain,
}: {
  sites: Partial<Record<GitProviderName, ProviderSite>>;
  fetch: typeof globalThis.fetch;
  /** Throws `outbound_refused`. */
  checkUrl: (url: string) => Promise<void>;
  /** Whether http is allowed for this host. */
  allowsPlain: (url: URL) => boolean;
}) {
  const clients = new Map<GitProviderName, OauthClient>();
  for (const driver of Object.values<GitProviderDriver>(drivers)) {
    const site = sites[driver.name];
    if (driver.oauth && site?.clientId && site.clientSecret) clients.set(driver.name, createOauthClient(driver.oauth, site, fetch));
  }
  const siteOf = (name: GitProviderName): ProviderSite | undefined => sites[name];
  const isUsual = ({ provider, base_url }: { provider: GitProviderName; base_url: string }) => siteOf(provider)?.baseUrl === base_url;
  return {
    all: Object.values<GitProviderDriver>(drivers),
    driverOf: (name: GitProviderName): GitProviderDriver => drivers[name],
    siteOf,
    /** Undefined when OAuth is not configured. */
    oauthOf: (name: GitProviderName): OauthClient | undefined => clients.get(name),
    /** Throws `unknown_provider`. */
    nameOf: (text: string): GitProviderName => {
      if (!Object.hasOwn(drivers, text))
        throw badRequest("Unknown git provider. Use github, gitlab, bitbucket, gitea or git.", "unknown_provider");
      return text as GitProviderName;
    },
    ofHost: (host: string): GitProviderName | undefined =>
      (Object.keys(sites) as GitProviderName[]).find((name) => URL.parse(siteOf(name)?.baseUrl ?? "")?.host === host),
    apiUrlOf: (name: GitProviderName, baseUrl: string): string | undefined =>
      siteOf(name)?.baseUrl === baseUrl ? siteOf(name)?.apiUrl : (drivers[name] as GitProviderDriver).browsing?.apiUrlOf?.(baseUrl),
    /** The default host first. */
    inOrder: <T extends { provider: GitProviderName; base_url: string }>(rows: readonly T[]): T[] =>
      [...rows].sort((a, b) => Number(isUsual(b)) - Number(isUsual(a))),
    canBeSelfHosted: ({ name, browsing }: GitProviderDriver): boolean => name === "git" || browsing?.apiUrlOf !== undefined,
    /** Normalizes a host's URL. Throws `bad_request`, `outbound_refused`. */
    baseUrlOf: async (name: GitProviderName, given: string | null | undefined): Promise<string> => {
      const usual = siteOf(name)?.baseUrl;
      const text = given?.trim() || usual;
      if (text === undefined) throw badRequest("base_url is required for this provider.");
      const url = URL.parse(text);
      const base = url && `${url.origin}${url.pathname}`.replace(/\/+$/, "");
      if (base === usual && base !== null) return base;
      const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && allowsPlain(url));
      const isPlainUrl = isSafe && !url.username && !url.password && !url.search && !url.hash;
      if (!isPlainUrl || !base) throw badRequest("Give the https:// URL of the host, without credentials or a query.");
      const driver: GitProviderDriver = drivers[name];
      if (name !== "git" && !driver.browsing?.apiUrlOf)
        throw badRequest(`${driver.displayName} has no self-hosted version, so base_url is not supported.`);
      await checkUrl(base);
      return base;
    },
    /** Throws `oauth_not_configured`. */
    requireOauth: (name: GitProviderName, baseUrl: string | null | undefined): { client: OauthClient; site: ProviderSite } => {
      const client = clients.get(name);
      const site = siteOf(name);
      const isThere = !baseUrl || baseUrl.trim().replace(/\/+$/, "") === site?.baseUrl;
      if (!client || !site || !isThere)
        throw new AppError(
          "oauth_not_configured",
          `OAuth for ${drivers[name].displayName} is not configured on this server. Connect with a token instead.`,
        );
      return { client, site };
    },
  };
}
