import type { GitProviderRepo } from "@tesslate/contract";
import { Type, type Static } from "typebox";
import type { Browsing, GitProviderDriver, OauthFacts, ProviderApi } from "../provider.ts";
import { addressOf, cloneAddressOf, linkedPages, pathOf, shortOf, splitName, timeOf } from "../response.ts";

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
  stars_count: Type.Optional(Type.Integer()),
  forks_count: Type.Optional(Type.Integer()),
});
const Branches = Type.Array(
  Type.Object({ name: Type.String(), commit: Type.Object({ id: Type.String() }), protected: Type.Optional(Type.Boolean()) }),
);
const Pull = Type.Object({ id: Type.Integer(), number: Type.Integer(), title: Type.String(), html_url: Text });
const User = Type.Object({ id: Type.Integer(), login: Type.String(), email: Text });

/** More is not given, unless its administrator says otherwise. */
const pageSize = 50;

const oauth: OauthFacts = {
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
};

const browsing: Browsing = {
  apiUrlOf: (baseUrl) => `${baseUrl}/api/v1`,
  // Tokens that people made go by this word in every version.
  authorization: ({ kind, token }) => `${kind === "token" ? "token" : "Bearer"} ${token}`,
  user: async (api) => {
    const { body } = await api.get("/user", User);
    return { id: String(body.id), username: body.login, email: body.email || null };
  },
  async *repos(api) {
    for await (const page of linkedPages(api, `/user/repos?limit=${pageSize}`, Type.Array(Repo)))
      yield page.map((repo) => repoOf(api, repo));
  },
  async *branches(api, { owner, name }) {
    const path = `/repos/${pathOf(owner, name)}`;
    const { body: repo } = await api.get(path, Repo);
    for await (const page of linkedPages(api, `${path}/branches?limit=${pageSize}`, Branches))
      yield page.map((branch) => ({
        name: branch.name,
        is_default: branch.name === repo.default_branch,
        commit_sha: branch.commit.id,
        protected: branch.protected ?? false,
      }));
  },
  createRepo: async (api, { name, description, isPrivate, isInitialised }) => {
    const body = {
      name,
      ...(description !== null && { description }),
      private: isPrivate,
      auto_init: isInitialised,
      default_branch: "main",
    };
    return repoOf(api, await api.post("/user/repos", body, Repo));
  },
  createPull: async (api, { owner, name }, { title, body, head, base }) => {
    const made = await api.post(`/repos/${pathOf(owner, name)}/pulls`, { title, body, head, base }, Pull);
    const web_url = addressOf(made.html_url, `${api.baseUrl}/${pathOf(owner, name)}/pulls/${made.number}`);
    return { id: String(made.id), number: made.number, title: made.title, web_url, head, base };
  },
};

export const gitea: GitProviderDriver = {
  name: "gitea",
  displayName: "Gitea",
  icon: "gitea-logo",
  description: "Import, push and open pull requests on a Gitea or Forgejo",
  scopes: "write:user write:repository",
  gitUser: () => "oauth2",
  oauth,
  browsing,
};

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
  provider: "gitea",
  language: repo.language || null,
  stars_count: repo.stars_count ?? 0,
  forks_count: repo.forks_count ?? 0,
});
