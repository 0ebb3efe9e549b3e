import type { GitProviderRepo } from "@tesslate/contract";
import { Type, type Static, type TSchema } from "typebox";
import type { Browsing, GitProviderAdapter, OauthFacts, ProviderApi, RepoName } from "../provider.ts";
import { addressOf, cloneAddressOf, maxPages, perPage, shortOf, splitName, timeOf } from "../response.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Project = Type.Object({
  id: Type.Integer(),
  path: Type.String(),
  path_with_namespace: Type.String(),
  description: Text,
  visibility: Type.Optional(Type.String()),
  web_url: Text,
  http_url_to_repo: Text,
  default_branch: Text,
  last_activity_at: Text,
  star_count: Type.Optional(Type.Integer()),
  forks_count: Type.Optional(Type.Integer()),
});
const Branches = Type.Array(
  Type.Object({
    name: Type.String(),
    commit: Type.Object({ id: Type.String() }),
    default: Type.Optional(Type.Boolean()),
    protected: Type.Optional(Type.Boolean()),
  }),
);
const MergeRequest = Type.Object({ id: Type.Integer(), iid: Type.Integer(), title: Type.String(), web_url: Text });
const User = Type.Object({ id: Type.Integer(), username: Type.String(), email: Text });

const oauth: OauthFacts = {
  authorizePath: "/oauth/authorize",
  tokenPath: "/oauth/token",
  clientAuth: "post",
  hasPkce: true,
  revocation: ({ baseUrl, clientId, clientSecret }, token) => ({
    url: `${baseUrl}/oauth/revoke`,
    init: { method: "POST", body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret?.reveal() ?? "", token }) },
  }),
};

const browsing: Browsing = {
  apiUrlOf: (baseUrl) => `${baseUrl}/api/v4`,
  user: async (api) => {
    const { body } = await api.get("/user", User);
    return { id: String(body.id), username: body.username, email: body.email ?? null };
  },
  async *repos(api) {
    const first = `/projects?membership=true&order_by=updated_at&sort=desc&per_page=${perPage}`;
    for await (const page of pages(api, first, Type.Array(Project))) yield page.map((project) => repoOf(api, project));
  },
  async *branches(api, repo) {
    for await (const page of pages(api, `${projectPath(repo)}/repository/branches?per_page=${perPage}`, Branches))
      yield page.map((branch) => ({
        name: branch.name,
        is_default: branch.default ?? false,
        commit_sha: branch.commit.id,
        protected: branch.protected ?? false,
      }));
  },
  createRepo: async (api, { name, description, isPrivate, isInitialised }) => {
    const body = {
      name,
      path: name,
      ...(description !== null && { description }),
      visibility: isPrivate ? "private" : "public",
      initialize_with_readme: isInitialised,
    };
    return repoOf(api, await api.post("/projects", body, Project));
  },
  createPull: async (api, repo, { title, body, head, base }) => {
    const made = await api.post(
      `${projectPath(repo)}/merge_requests`,
      { title, description: body, source_branch: head, target_branch: base },
      MergeRequest,
    );
    const web_url = addressOf(made.web_url, `${api.baseUrl}/${repo.owner}/${repo.name}/-/merge_requests/${made.iid}`);
    return { id: String(made.id), number: made.iid, title: made.title, web_url, head, base };
  },
};

export const gitlab: GitProviderAdapter = {
  name: "gitlab",
  displayName: "GitLab",
  icon: "gitlab-logo",
  description: "Import, push and open merge requests on GitLab, including self-hosted",
  // Only `api` allows creating projects and merge requests; write_repository is enough for pushing.
  scopes: "read_user read_repository write_repository api",
  gitUser: () => "oauth2",
  oauth,
  browsing,
};

/** A project is addressed by its URL-encoded path. */
const projectPath = ({ owner, name }: RepoName) => `/projects/${encodeURIComponent(`${owner}/${name}`)}`;

/** Follows `x-next-page` to the end. */
async function* pages<S extends TSchema>(api: ProviderApi, first: string, schema: S): AsyncGenerator<Static<S>> {
  let page = "1";
  for (let i = 0; /^\d+$/.test(page) && i < maxPages; i++) {
    const { body, headers } = await api.get(`${first}&page=${page}`, schema);
    yield body;
    page = headers.get("x-next-page") ?? "";
  }
}

const repoOf = ({ baseUrl }: ProviderApi, project: Static<typeof Project>): GitProviderRepo => ({
  id: String(project.id),
  name: project.path,
  full_name: project.path_with_namespace,
  description: shortOf(project.description),
  clone_url: cloneAddressOf(project.http_url_to_repo, `${baseUrl}/${project.path_with_namespace}.git`),
  web_url: addressOf(project.web_url, `${baseUrl}/${project.path_with_namespace}`),
  default_branch: project.default_branch ?? null,
  private: project.visibility === "private",
  updated_at: timeOf(project.last_activity_at),
  owner: splitName(project.path_with_namespace).owner,
  provider: "gitlab",
  language: null,
  stars_count: project.star_count ?? 0,
  forks_count: project.forks_count ?? 0,
});
