import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { GitProviderName } from "@tesslate/contract";
import { api } from "../../api.ts";

/** Prefix of all keys below. A new account may change all of them. */
export const gitAccountsKey = ["git-accounts"] as const;
const reposAtOnce = 50;
const shownBranches = 200;

export const gitProvidersQuery = queryOptions({
  queryKey: [...gitAccountsKey, "providers"] as const,
  queryFn: async ({ signal }) => (await api.gitProviders.list({ query: { limit: 100 } }, { signal })).items,
});

/** The host of an account. `base_url` is set if it is not the provider's default. */
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
