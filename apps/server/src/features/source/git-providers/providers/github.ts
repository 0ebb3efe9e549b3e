import type { GitProviderRepo } from "@tesslate/contract";
import { Type, type Static } from "typebox";
import type { Browsing, GitProviderDriver, OauthFacts, ProviderApi } from "../provider.ts";
import { addressOf, cloneAddressOf, linkedPages, pathOf, perPage, shortOf, timeOf } from "../response.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Repo = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  full_name: Type.String(),
  owner: Type.Object({ login: Type.String() }),
  private: Type.Boolean(),
  html_url: Text,
  clone_url: Text,
  description: Text,
  default_branch: Text,
  updated_at: Text,
  language: Text,
  stargazers_count: Type.Optional(Type.Integer()),
  forks_count: Type.Optional(Type.Integer()),
});
const Branches = Type.Array(
  Type.Object({ name: Type.String(), commit: Type.Object({ sha: Type.String() }), protected: Type.Optional(Type.Boolean()) }),
);
const Pull = Type.Object({ id: Type.Integer(), number: Type.Integer(), title: Type.String(), html_url: Text });
const User = Type.Object({ id: Type.Integer(), login: Type.String(), email: Text });
const Emails = Type.Array(Type.Object({ email: Type.String(), primary: Type.Boolean() }));

const oauth: OauthFacts = {
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
  extra: { allow_signup: "true" },
  revocation: ({ apiUrl, clientId, clientSecret }, token) => ({
    url: `${apiUrl}/applications/${encodeURIComponent(clientId)}/token`,
    init: {
      method: "DELETE",
      headers: {
        ...headers,
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret?.reveal() ?? ""}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ access_token: token }),
    },
  }),
};
const headers = { accept: "application/vnd.github.v3+json", "x-github-api-version": "2022-11-28" };

const browsing: Browsing = {
  apiUrlOf: (baseUrl) => `${baseUrl}/api/v3`,
  headers,
  user: async (api) => {
    const { body } = await api.get("/user", User);
    // A token may be without the right to see addresses.
    const emails = (await api.find("/user/emails", Emails)) ?? [];
    const primary = emails.find((email) => email.primary) ?? emails[0];
    return { id: String(body.id), username: body.login, email: primary?.email ?? body.email ?? null };
  },
  async *repos(api) {
    const first = `/user/repos?visibility=all&sort=updated&per_page=${perPage}`;
    for await (const page of linkedPages(api, first, Type.Array(Repo))) yield page.map((repo) => repoOf(api, repo));
  },
  async *branches(api, { owner, name }) {
    const path = `/repos/${pathOf(owner, name)}`;
    const { body: repo } = await api.get(path, Repo);
    for await (const page of linkedPages(api, `${path}/branches?per_page=${perPage}`, Branches))
      yield page.map((branch) => ({
        name: branch.name,
        is_default: branch.name === repo.default_branch,
        commit_sha: branch.commit.sha,
        protected: branch.protected ?? false,
      }));
  },
  createRepo: async (api, { name, description, isPrivate, isInitialised }) => {
    const body = { name, ...(description !== null && { description }), private: isPrivate, auto_init: isInitialised };
    return repoOf(api, await api.post("/user/repos", body, Repo));
  },
  createPull: async (api, { owner, name }, { title, body, head, base }) => {
    const made = await api.post(`/repos/${pathOf(owner, name)}/pulls`, { title, body, head, base }, Pull);
    const web_url = addressOf(made.html_url, `${api.baseUrl}/${pathOf(owner, name)}/pull/${made.number}`);
    return { id: String(made.id), number: made.number, title: made.title, web_url, head, base };
  },
};

export const github: GitProviderDriver = {
  name: "github",
  displayName: "GitHub",
  icon: "github-logo",
  description: "Import, push and open pull requests on GitHub or a GitHub Enterprise Server",
  scopes: "repo user:email",
  gitUser: () => "x-access-token",
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
  default_branch: repo.default_branch ?? null,
  private: repo.private,
  updated_at: timeOf(repo.updated_at),
  owner: repo.owner.login,
  provider: "github",
  language: repo.language ?? null,
  stars_count: repo.stargazers_count ?? 0,
  forks_count: repo.forks_count ?? 0,
});
