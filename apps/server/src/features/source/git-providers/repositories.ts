import type { GitAccount, GitProvider, GitProviderBranch, GitProviderName, GitProviderRepo, GitPull, List } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { GitAccounts } from "./accounts.ts";
import type { GitProvidersStore } from "./git-providers.store.ts";
import type { GitAccountRow } from "../../../db/schema/source.ts";
import type { Hosts } from "./hosts.ts";
import type { Browsing, NewPull, NewRepo, ProviderApi, RepoName } from "./provider.ts";

/** Limit per list of a provider. */
const maxListed = 5000;
/** How long a list is cached for paging and searching. */
const keptMs = 60_000;
const maxKept = 16;

export type RepositoryBrowser = ReturnType<typeof createRepositoryBrowser>;
/** Lists and creates repositories, branches and pull requests at git hosts. */
export function createRepositoryBrowser({ store, accounts, hosts }: { store: GitProvidersStore; accounts: GitAccounts; hosts: Hosts }) {
  /** Repositories per account state, in order of access. */
  const kept = new Map<string, { at: number; repos: Promise<GitProviderRepo[]> }>();

  const open = async (userId: string, provider: GitProviderName, baseUrl: string | undefined) => {
    const row = await accounts.get(userId, provider, baseUrl);
    const api = await accounts.api(row);
    return { row, api, browsing: hosts.adapterOf(provider).browsing as Browsing };
  };
  /** A rejected account's cache is invalid. */
  const keyOf = ({ id, updated_at, refused_at }: GitAccountRow) => `${id} ${updated_at} ${refused_at ?? ""}`;
  const reposOf = (row: GitAccountRow, list: () => AsyncIterable<GitProviderRepo[]>, isFresh: boolean): Promise<GitProviderRepo[]> => {
    const key = keyOf(row);
    const known = kept.get(key);
    if (known && !isFresh && Date.now() - known.at < keptMs) return known.repos;
    const repos = gather(list()).then((all) => all.sort((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? "")));
    kept.delete(key);
    kept.set(key, { at: Date.now(), repos });
    // Do not cache failures.
    repos.catch(() => kept.get(key)?.repos === repos && kept.delete(key));
    for (const old of [...kept.keys()].slice(0, Math.max(kept.size - maxKept, 0))) kept.delete(old);
    return repos;
  };

  return {
    providers: async (userId: string, query: PageQuery): Promise<List<GitProvider>> => {
      const rows = await store.list(userId);
      const all = hosts.all.map((adapter): GitProvider => {
        const mine = hosts.inOrder(rows.filter((row) => row.provider === adapter.name));
        return {
          name: adapter.name,
          display_name: adapter.displayName,
          icon: adapter.icon,
          description: adapter.description,
          oauth_scopes: adapter.scopes,
          configured: hosts.oauthOf(adapter.name) !== undefined,
          base_url: hosts.configOf(adapter.name)?.baseUrl ?? null,
          can: { self_hosted: hosts.canBeSelfHosted(adapter), browse: adapter.browsing !== undefined },
          connected: mine.length > 0,
          provider_username: mine[0]?.provider_username ?? null,
          provider_email: mine[0]?.provider_email ?? null,
          scope: mine[0]?.scope ?? null,
          accounts: mine.map(presentAccount),
        };
      });
      const page = pageOf(query);
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    repos: async (
      userId: string,
      provider: GitProviderName,
      { base_url, search, ...query }: PageQuery & { base_url?: string; search?: string },
    ): Promise<List<GitProviderRepo>> => {
      const page = pageOf(query);
      const { row, api, browsing } = await open(userId, provider, base_url);
      const words = (search ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      const all = await reposOf(row, () => browsing.repos(api), words.length === 0 && page.offset === 0);
      const found = all.filter((repo) => {
        const text = `${repo.full_name} ${repo.description ?? ""}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      return page.envelope(found.slice(page.offset, page.offset + page.limit), found.length);
    },
    branches: async (
      userId: string,
      provider: GitProviderName,
      repo: RepoName,
      { base_url, ...query }: PageQuery & { base_url?: string },
    ): Promise<List<GitProviderBranch>> => {
      const page = pageOf(query);
      const { api, browsing } = await open(userId, provider, base_url);
      const all = (await gather(browsing.branches(api, repo))).sort((a, b) => Number(b.is_default) - Number(a.is_default));
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    createRepo: (userId: string, provider: GitProviderName, baseUrl: string | undefined, repo: NewRepo): Promise<GitProviderRepo> =>
      changing(userId, provider, baseUrl, (api, browsing) => browsing.createRepo(api, repo)),
    createPull: (userId: string, provider: GitProviderName, baseUrl: string | undefined, repo: RepoName, pull: NewPull): Promise<GitPull> =>
      changing(userId, provider, baseUrl, (api, browsing) => browsing.createPull(api, repo, pull)),
  };

  async function changing<T>(
    userId: string,
    provider: GitProviderName,
    baseUrl: string | undefined,
    work: (api: ProviderApi, browsing: Browsing) => Promise<T>,
  ): Promise<T> {
    const { row, api, browsing } = await open(userId, provider, baseUrl);
    const made = await work(api, browsing);
    kept.delete(keyOf(row));
    return made;
  }
}

async function gather<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) {
    all.push(...page);
    if (all.length >= maxListed) break;
  }
  return all.slice(0, maxListed);
}

const presentAccount = ({
  id,
  base_url,
  kind,
  provider_username,
  provider_email,
  scope,
  expires_at,
  refused_at,
  created_at,
}: GitAccountRow): GitAccount => ({
  id,
  base_url,
  kind,
  provider_username,
  provider_email,
  scope,
  expires_at,
  needs_reconnect: refused_at !== null,
  created_at,
});
