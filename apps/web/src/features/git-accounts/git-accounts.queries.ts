import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { GitProvider, GitProviderName } from "@tesslate/contract";
import { api } from "../../api.ts";

/** Everything below hangs on this: a new account changes all of it. */
export const gitAccountsKey = ["git-accounts"] as const;
const reposAtOnce = 50;
const shownBranches = 200;

export const gitProvidersQuery = queryOptions({
  queryKey: [...gitAccountsKey, "providers"] as const,
  queryFn: async ({ signal }) => (await api.gitProviders.list({ query: { limit: 100 } }, { signal })).items,
});

/** Where an account is: `base_url` where it is not the provider's usual host. */
export interface AccountPlace {
  provider: GitProviderName;
  base_url?: string | undefined;
}
const hostOf = ({ base_url }: AccountPlace) => (base_url === undefined ? {} : { base_url });

export const reposQuery = (place: AccountPlace, search: string) =>
  infiniteQueryOptions({
    queryKey: [...gitAccountsKey, "repos", place.provider, place.base_url ?? "", search] as const,
    queryFn: ({ pageParam, signal }) =>
      api.gitProviders.repos(
        {
          params: { provider: place.provider },
          query: { limit: reposAtOnce, page: pageParam, ...hostOf(place), ...(search !== "" && { search }) },
        },
        { signal },
      ),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const repoBranchesQuery = (place: AccountPlace, repo: { owner: string; name: string }) =>
  queryOptions({
    queryKey: [...gitAccountsKey, "branches", place.provider, place.base_url ?? "", repo.owner, repo.name] as const,
    queryFn: async ({ signal }) =>
      (
        await api.gitProviders.branches(
          { params: { provider: place.provider, owner: repo.owner, repo: repo.name }, query: { limit: shownBranches, ...hostOf(place) } },
          { signal },
        )
      ).items,
    retry: false,
  });

const isWithin = (url: URL, base: string): boolean => {
  const host = URL.parse(base);
  return host !== null && url.host === host.host && url.pathname.startsWith(host.pathname.replace(/\/*$/, "/"));
};

/** Which provider an address belongs to: by an account at that host, else by the provider's usual one, else any host of git. */
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
