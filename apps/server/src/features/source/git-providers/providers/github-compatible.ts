import type { GitProviderName, GitProviderRepo } from "@tesslate/contract";
import { Type, type Static } from "typebox";
import type { Browsing, ProviderApi } from "../provider.ts";
import { addressOf, cloneAddressOf, linkedPages, encodePath, shortOf, splitName, timeOf } from "../response.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Repo = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  full_name: Type.String(),
  description: Text,
  private: Type.Boolean(),
  empty: Type.Optional(Type.Boolean()),
  html_url: Text,
  clone_url: Text,
  default_branch: Text,
  updated_at: Text,
  language: Text,
  stargazers_count: Type.Optional(Type.Integer()),
  stars_count: Type.Optional(Type.Integer()),
  forks_count: Type.Optional(Type.Integer()),
});
const Branches = Type.Array(
  Type.Object({
    name: Type.String(),
    commit: Type.Union([Type.Object({ sha: Type.String() }), Type.Object({ id: Type.String() })]),
    protected: Type.Optional(Type.Boolean()),
  }),
);
const Pull = Type.Object({ id: Type.Integer(), number: Type.Integer(), title: Type.String(), html_url: Text });
export const GithubUser = Type.Object({ id: Type.Integer(), login: Type.String(), email: Text });

/** The part of GitHub's REST API that Gitea shares. `pages`: the query that sets the page size; `pulls`: the web path of pull requests. */
export function githubCompatible({
  provider,
  pages,
  repoOrder = "",
  pulls,
  newRepo = {},
}: {
  provider: GitProviderName;
  pages: string;
  repoOrder?: string;
  pulls: string;
  /** Additional fields for creating a repository. */
  newRepo?: Record<string, unknown>;
}): Pick<Browsing, "repos" | "branches" | "createRepo" | "createPull"> {
  const repoOf = ({ baseUrl }: ProviderApi, repo: Static<typeof Repo>): GitProviderRepo => ({
    id: String(repo.id),
    name: repo.name,
    full_name: repo.full_name,
    description: shortOf(repo.description),
    clone_url: cloneAddressOf(repo.clone_url, `${baseUrl}/${repo.full_name}.git`),
    web_url: addressOf(repo.html_url, `${baseUrl}/${repo.full_name}`),
    default_branch: repo.empty ? null : (repo.default_branch ?? null),
    private: repo.private,
    updated_at: timeOf(repo.updated_at),
    owner: splitName(repo.full_name).owner,
    provider,
    language: repo.language || null,
    stars_count: repo.stargazers_count ?? repo.stars_count ?? 0,
    forks_count: repo.forks_count ?? 0,
  });
  return {
    async *repos(api) {
      for await (const page of linkedPages(api, `/user/repos?${repoOrder}${pages}`, Type.Array(Repo)))
        yield page.map((repo) => repoOf(api, repo));
    },
    async *branches(api, { owner, name }) {
      const path = `/repos/${encodePath(owner, name)}`;
      const { body: repo } = await api.get(path, Repo);
      for await (const page of linkedPages(api, `${path}/branches?${pages}`, Branches))
        yield page.map((branch) => ({
          name: branch.name,
          is_default: branch.name === repo.default_branch,
          commit_sha: "sha" in branch.commit ? branch.commit.sha : branch.commit.id,
          protected: branch.protected ?? false,
        }));
    },
    createRepo: async (api, { name, description, isPrivate, isInitialised }) => {
      const body = { name, ...(description !== null && { description }), private: isPrivate, auto_init: isInitialised, ...newRepo };
      return repoOf(api, await api.post("/user/repos", body, Repo));
    },
    createPull: async (api, { owner, name }, { title, body, head, base }) => {
      const made = await api.post(`/repos/${encodePath(owner, name)}/pulls`, { title, body, head, base }, Pull);
      const web_url = addressOf(made.html_url, `${api.baseUrl}/${encodePath(owner, name)}/${pulls}/${made.number}`);
      return { id: String(made.id), number: made.number, title: made.title, web_url, head, base };
    },
  };
}
