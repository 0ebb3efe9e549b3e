import type { GitProviderName } from "@tesslate/contract";
import { AppError, badRequest } from "../../../platform/errors.ts";
import { createOauthClient, type OauthClient } from "./oauth-client.ts";
import type { GitProviderAdapter, ProviderConfig } from "./provider.ts";
import { bitbucket } from "./providers/bitbucket.ts";
import { gitea } from "./providers/gitea.ts";
import { github } from "./providers/github.ts";
import { gitlab } from "./providers/gitlab.ts";

/** Any other host: a token for git over HTTPS, without an API. */
const git: GitProviderAdapter = {
  name: "git",
  displayName: "Git over HTTPS",
  icon: "git-logo",
  description: "Any other git host, with a token",
  scopes: "",
  // Hosts that only check the token accept any name.
  gitUser: ({ username }) => username ?? "git",
};

/** In display order. */
const adapters = { github, gitlab, bitbucket, gitea, git } satisfies Record<GitProviderName, GitProviderAdapter>;

export type Hosts = ReturnType<typeof createHosts>;
/** The kinds of git hosts and their configured addresses. */
export function createHosts({
  configs,
  fetch,
  checkUrl,
  allowsPlain,
}: {
  configs: Partial<Record<GitProviderName, ProviderConfig>>;
  fetch: typeof globalThis.fetch;
  /** Throws `outbound_refused`. */
  checkUrl: (url: string) => Promise<void>;
  /** Whether http is allowed for this host. */
  allowsPlain: (url: URL) => boolean;
}) {
  const clients = new Map<GitProviderName, OauthClient>();
  for (const adapter of Object.values<GitProviderAdapter>(adapters)) {
    const providerConfig = configs[adapter.name];
    if (adapter.oauth && providerConfig?.clientId && providerConfig.clientSecret)
      clients.set(adapter.name, createOauthClient(adapter.oauth, providerConfig, fetch));
  }
  const configOf = (name: GitProviderName): ProviderConfig | undefined => configs[name];
  const isConfiguredHost = ({ provider, base_url }: { provider: GitProviderName; base_url: string }) =>
    configOf(provider)?.baseUrl === base_url;
  return {
    all: Object.values<GitProviderAdapter>(adapters),
    adapterOf: (name: GitProviderName): GitProviderAdapter => adapters[name],
    configOf,
    /** Undefined when OAuth is not configured. */
    oauthOf: (name: GitProviderName): OauthClient | undefined => clients.get(name),
    /** Throws `unknown_provider`. */
    nameOf: (text: string): GitProviderName => {
      if (!Object.hasOwn(adapters, text))
        throw badRequest("Unknown git provider. Use github, gitlab, bitbucket, gitea or git.", "unknown_provider");
      return text as GitProviderName;
    },
    ofHost: (host: string): GitProviderName | undefined =>
      (Object.keys(configs) as GitProviderName[]).find((name) => URL.parse(configOf(name)?.baseUrl ?? "")?.host === host),
    apiUrlOf: (name: GitProviderName, baseUrl: string): string | undefined =>
      configOf(name)?.baseUrl === baseUrl ? configOf(name)?.apiUrl : (adapters[name] as GitProviderAdapter).browsing?.apiUrlOf?.(baseUrl),
    /** The default host first. */
    inOrder: <T extends { provider: GitProviderName; base_url: string }>(rows: readonly T[]): T[] =>
      [...rows].sort((a, b) => Number(isConfiguredHost(b)) - Number(isConfiguredHost(a))),
    canBeSelfHosted: ({ name, browsing }: GitProviderAdapter): boolean => name === "git" || browsing?.apiUrlOf !== undefined,
    /** Normalizes a host's URL. Throws `bad_request`, `outbound_refused`. */
    baseUrlOf: async (name: GitProviderName, given: string | null | undefined): Promise<string> => {
      const configured = configOf(name)?.baseUrl;
      const text = given?.trim() || configured;
      if (text === undefined) throw badRequest("base_url is required for this provider.");
      const url = URL.parse(text);
      const base = url && `${url.origin}${url.pathname}`.replace(/\/+$/, "");
      if (base === configured && base !== null) return base;
      const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && allowsPlain(url));
      const isPlainUrl = isSafe && !url.username && !url.password && !url.search && !url.hash;
      if (!isPlainUrl || !base) throw badRequest("Give the https:// URL of the host, without credentials or a query.");
      const adapter: GitProviderAdapter = adapters[name];
      if (name !== "git" && !adapter.browsing?.apiUrlOf)
        throw badRequest(`${adapter.displayName} has no self-hosted version, so base_url is not supported.`);
      await checkUrl(base);
      return base;
    },
    /** Throws `oauth_not_configured`. */
    requireOauth: (name: GitProviderName, baseUrl: string | null | undefined): { client: OauthClient; providerConfig: ProviderConfig } => {
      const client = clients.get(name);
      const providerConfig = configOf(name);
      const isThere = !baseUrl || baseUrl.trim().replace(/\/+$/, "") === providerConfig?.baseUrl;
      if (!client || !providerConfig || !isThere)
        throw new AppError(
          "oauth_not_configured",
          `OAuth for ${adapters[name].displayName} is not configured on this server. Connect with a token instead.`,
        );
      return { client, providerConfig };
    },
  };
}
