import type { GitProviderRepo } from "@tesslate/contract";
import { Type, type Static, type TSchema } from "typebox";
import { AppError } from "../../../../platform/errors.ts";
import type { Browsing, GitProviderAdapter, OauthFacts, ProviderApi } from "../provider.ts";
import { addressOf, cloneAddressOf, maxPages, encodePath, perPage, shortOf, splitName, timeOf } from "../response.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Link = Type.Object({ href: Type.String() });
const Repo = Type.Object({
  uuid: Type.String(),
  slug: Type.String(),
  full_name: Type.String(),
  description: Text,
  is_private: Type.Boolean(),
  updated_on: Text,
  language: Text,
  mainbranch: Type.Optional(Type.Union([Type.Object({ name: Type.String() }), Type.Null()])),
  links: Type.Object({
    html: Type.Optional(Link),
    clone: Type.Optional(Type.Array(Type.Object({ name: Type.String(), href: Type.String() }))),
  }),
});
const Workspace = Type.Object({ workspace: Type.Object({ slug: Type.String() }) });
const Branch = Type.Object({ name: Type.String(), target: Type.Object({ hash: Type.String() }) });
const Pull = Type.Object({ id: Type.Integer(), title: Type.String(), links: Type.Object({ html: Type.Optional(Link) }) });
const User = Type.Object({ uuid: Type.String(), username: Text, nickname: Text });
const Email = Type.Object({ email: Type.String(), is_primary: Type.Optional(Type.Boolean()) });

const oauth: OauthFacts = {
  authorizePath: "/site/oauth2/authorize",
  tokenPath: "/site/oauth2/access_token",
  clientAuth: "basic",
  hasPkce: false,
  hasFixedScopes: true,
};

const browsing: Browsing = {
  // An API token is the password for its owner's email address; workspace and repository tokens are bearer tokens.
  authorization: ({ kind, token, username }) =>
    kind === "token" && username !== null ? `Basic ${Buffer.from(`${username}:${token}`).toString("base64")}` : `Bearer ${token}`,
  user: async (api) => {
    const { body } = await api.get("/user", User);
    const emails = (await api.find("/user/emails", pageSchema(Email)))?.values ?? [];
    const primary = emails.find((email) => email.is_primary) ?? emails[0];
    return { id: body.uuid, username: body.username ?? body.nickname ?? null, email: primary?.email ?? null };
  },
  async *repos(api) {
    for (const slug of await workspacesOf(api)) {
      const first = `/repositories/${encodePath(slug)}?sort=-updated_on&pagelen=${perPage}`;
      for await (const page of pages(api, first, Repo)) yield page.map((repo) => repoOf(api, repo));
    }
  },
  async *branches(api, { owner, name }) {
    const path = `/repositories/${encodePath(owner, name)}`;
    const { body: repo } = await api.get(path, Repo);
    for await (const page of pages(api, `${path}/refs/branches?pagelen=${perPage}`, Branch))
      yield page.map((branch) => ({
        name: branch.name,
        is_default: branch.name === repo.mainbranch?.name,
        commit_sha: branch.target.hash,
        // Reading branch restrictions would need additional permissions.
        protected: false,
      }));
  },
  createRepo: async (api, { name, description, isPrivate, isInitialised }) => {
    const [{ username }, workspaces] = await Promise.all([browsing.user(api), workspacesOf(api)]);
    const workspace = workspaces.find((slug) => slug === username) ?? workspaces[0];
    if (workspace === undefined) throw new AppError("bad_request", "This account has no workspace for a repository.");
    const path = `/repositories/${encodePath(workspace, name.toLowerCase())}`;
    const body = { scm: "git", is_private: isPrivate, ...(description !== null && { description }) };
    const made = await api.post(path, body, Repo);
    if (!isInitialised) return repoOf(api, made);
    await api.post(
      `${path}/src`,
      new URLSearchParams({ "/README.md": `# ${name}\n`, message: "Initial commit", branch: "main" }),
      Type.Unknown(),
    );
    return repoOf(api, (await api.get(path, Repo)).body);
  },
  createPull: async (api, { owner, name }, { title, body, head, base }) => {
    const made = await api.post(
      `/repositories/${encodePath(owner, name)}/pullrequests`,
      { title, description: body, source: { branch: { name: head } }, destination: { branch: { name: base } } },
      Pull,
    );
    const web_url = addressOf(made.links.html?.href, `${api.baseUrl}/${encodePath(owner, name)}/pull-requests/${made.id}`);
    return { id: String(made.id), number: made.id, title: made.title, web_url, head, base };
  },
};

export const bitbucket: GitProviderAdapter = {
  name: "bitbucket",
  displayName: "Bitbucket",
  icon: "bitbucket-logo",
  description: "Import, push and open pull requests on Bitbucket Cloud",
  scopes: "account repository:write repository:admin pullrequest:write",
  gitUser: ({ kind, username }) => (kind === "token" && username !== null ? "x-bitbucket-api-token-auth" : "x-token-auth"),
  oauth,
  browsing,
};

const pageSchema = <S extends TSchema>(item: S) => Type.Object({ values: Type.Array(item), next: Type.Optional(Type.String()) });

/** Workspaces by name. This API has had no list of all repositories or workspaces since April 2026. */
async function workspacesOf(api: ProviderApi): Promise<string[]> {
  const slugs: string[] = [];
  for await (const page of pages(api, `/user/workspaces?pagelen=${perPage}`, Workspace))
    slugs.push(...page.map(({ workspace }) => workspace.slug));
  return slugs;
}

/** Follows `next` in the body to the end. Empty when access is denied. */
async function* pages<S extends TSchema>(api: ProviderApi, first: string, item: S): AsyncGenerator<Static<S>[]> {
  const schema = Type.Object({ values: Type.Array(item), next: Type.Optional(Type.String()) });
  let next: string | undefined = first;
  for (let i = 0; next !== undefined && i < maxPages; i++) {
    const page = (await api.find(next, schema)) as { values: Static<S>[]; next?: string } | undefined;
    if (!page) return;
    yield page.values;
    next = page.next;
  }
}

const repoOf = ({ baseUrl }: ProviderApi, repo: Static<typeof Repo>): GitProviderRepo => ({
  id: repo.uuid,
  name: repo.slug,
  full_name: repo.full_name,
  description: shortOf(repo.description),
  clone_url: cloneAddressOf(repo.links.clone?.find(({ name }) => name === "https")?.href, `${baseUrl}/${repo.full_name}.git`),
  web_url: addressOf(repo.links.html?.href, `${baseUrl}/${repo.full_name}`),
  default_branch: repo.mainbranch?.name ?? null,
  private: repo.is_private,
  updated_at: timeOf(repo.updated_on),
  owner: splitName(repo.full_name).owner,
  provider: "bitbucket",
  language: repo.language || null,
  stars_count: 0,
  forks_count: 0,
});
