import type { GitProvider } from "@tesslate/contract";

const isWithin = (url: URL, base: string): boolean => {
  const host = URL.parse(base);
  return host !== null && url.host === host.host && url.pathname.startsWith(host.pathname.replace(/\/*$/, "/"));
};

/** The provider of a repository URL: by an account on that host, else by the provider's default host, else the generic Git provider. */
export function providerOfAddress(
  providers: readonly GitProvider[],
  address: string,
): { provider: GitProvider; base_url: string } | undefined {
  const url = URL.parse(address.trim());
  if (url?.protocol !== "https:") return undefined;
  for (const provider of providers)
    for (const account of provider.accounts) if (isWithin(url, account.base_url)) return { provider, base_url: account.base_url };
  for (const provider of providers)
    if (provider.base_url !== null && isWithin(url, provider.base_url)) return { provider, base_url: provider.base_url };
  const other = providers.find(({ name }) => name === "git");
  return other && { provider: other, base_url: url.origin };
}
