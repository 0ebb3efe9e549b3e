import { listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "git-providers";

/** `gitea` is Forgejo too; `git` is any other host of repositories: a token for plain HTTPS and nothing else. */
export const GitProviderName = Literals("github", "gitlab", "bitbucket", "gitea", "git");
export type GitProviderName = Static<typeof GitProviderName>;

/** An account of somebody at one host. Its token never comes back. */
export const GitAccount = Type.Object({
  id: Uuid,
  base_url: Type.String({ description: "Of the host, e.g. https://gitlab.example.com" }),
  kind: Literals("oauth", "token"),
  provider_username: Nullable(Type.String()),
  provider_email: Nullable(Type.String()),
  scope: Nullable(Type.String()),
  expires_at: Nullable(Timestamp),
  needs_reconnect: Type.Boolean({ description: "The host refused it the last time, and it cannot be renewed" }),
  created_at: Timestamp,
});
export type GitAccount = Static<typeof GitAccount>;

/** One row per provider, connected or not (agent-git-deploy 6.1). */
export const GitProvider = Type.Object({
  name: GitProviderName,
  display_name: Type.String(),
  icon: Type.String(),
  description: Type.String(),
  oauth_scopes: Type.String({ description: "Asked for by default, separated by spaces; empty where there is no OAuth" }),
  configured: Type.Boolean({ description: "Connecting without a token is set up on this server" }),
  /** The host that is meant when none is named; null: one has to be named. */
  base_url: Nullable(Type.String()),
  can: Type.Object({
    self_hosted: Type.Boolean({ description: "Takes a `base_url` with a token" }),
    browse: Type.Boolean({ description: "Repositories, branches, new repositories and pull requests" }),
  }),
  connected: Type.Boolean(),
  /** Of the account that is used when no host is named. */
  provider_username: Nullable(Type.String()),
  provider_email: Nullable(Type.String()),
  scope: Nullable(Type.String()),
  /** Of every host, the one that is used when none is named first. */
  accounts: Type.Array(GitAccount),
});
export type GitProvider = Static<typeof GitProvider>;

export const GitProviderRepo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  full_name: Type.String(),
  description: Nullable(Type.String()),
  clone_url: Type.String({ description: "https, without credentials" }),
  web_url: Type.String(),
  default_branch: Nullable(Type.String({ description: "null: the repository is empty" })),
  private: Type.Boolean(),
  updated_at: Nullable(Timestamp),
  owner: Type.String({ description: "With all groups" }),
  provider: GitProviderName,
  language: Nullable(Type.String()),
  stars_count: Type.Integer(),
  forks_count: Type.Integer(),
});
export type GitProviderRepo = Static<typeof GitProviderRepo>;

export const GitProviderBranch = Type.Object({
  name: Type.String(),
  is_default: Type.Boolean(),
  commit_sha: Type.String(),
  protected: Type.Boolean(),
});
export type GitProviderBranch = Static<typeof GitProviderBranch>;

/** A pull request; GitLab calls it a merge request. */
export const GitPull = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  title: Type.String(),
  web_url: Type.String(),
  head: Type.String(),
  base: Type.String(),
});
export type GitPull = Static<typeof GitPull>;

const BaseUrl = Type.String({ minLength: 1, maxLength: 500, description: "Of the host; without it the usual one is meant" });
const Line = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "^[^\\u0000-\\u001f\\u007f]*$" });
const Provider = Type.Object({ provider: Type.String({ maxLength: 40, description: "github, gitlab, bitbucket, gitea or git" }) });
const Repo = Type.Object({ ...Provider.properties, owner: Line(400), repo: Line(200) });
const host = { base_url: Type.Optional(BaseUrl) };
const used = [
  "unknown_provider",
  "provider_not_connected",
  "provider_token_expired",
  "not_supported",
  "bad_gateway",
  "rate_limited",
] as const;
const common = { tag, auth: "user" } as const;

/** agent-git-deploy 6 and 10. `base_url` says which account is meant where somebody has several of a provider. */
export const gitProvidersRoutes = {
  list: route({
    ...common,
    method: "GET",
    path: "/api/git-providers/providers",
    summary: "Hosts of repositories, and one's accounts there",
    query: Type.Object(pageQuery),
    response: listOf(GitProvider),
  }),
  /** Without a token: where the browser goes to allow it (a popup of 600 × 700), bound to this browser for 10 minutes. With one: checked at the host and kept. */
  connect: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/connect",
    summary: "Connect an account, in the browser or with a token",
    keys: false,
    params: Provider,
    bodyOptional: true,
    body: Type.Object({
      scope: Maybe(Line(500)),
      /** A path of the app: the page that ends the flow leads there. */
      redirect_to: Maybe(Type.String({ maxLength: 500 })),
      token: Maybe(Type.String({ minLength: 1, maxLength: 4000, pattern: "^[\\x21-\\x7e]+$" })),
      base_url: Maybe(BaseUrl),
      /** Of the token, where the host wants one: Bitbucket's API tokens go by the e-mail address, other hosts by any name. */
      username: Maybe(Line(200)),
    }),
    response: Type.Object({
      authorization_url: Nullable(Type.String()),
      provider: GitProviderName,
      provider_username: Nullable(Type.String()),
    }),
    errors: [
      "unknown_provider",
      "oauth_not_configured",
      "outbound_refused",
      "provider_token_expired",
      "bad_request",
      "bad_gateway",
      "rate_limited",
    ],
  }),
  /** Leads to `/oauth/connected?provider=…` of the app with `success=true` or `error=<code>`, and `redirect_to` where one was asked for. */
  callback: route({
    method: "GET",
    path: "/api/git-providers/{provider}/callback",
    tag,
    summary: "The provider sends the browser back here; answers with a redirect into the app",
    auth: "optional",
    kind: "raw",
    takesUnknown: { query: "The provider adds what it likes." },
    status: 303,
    params: Provider,
    query: Type.Object({
      code: Type.Optional(Type.String({ maxLength: 4000 })),
      state: Type.Optional(Type.String({ maxLength: 500 })),
      error: Type.Optional(Type.String({ maxLength: 500 })),
    }),
    errors: ["unknown_provider", "oauth_not_configured", "invalid_state_token", "state_token_expired"],
  }),
  repos: route({
    ...common,
    method: "GET",
    path: "/api/git-providers/{provider}/repos",
    summary: "Repositories that the account may see, the newest change first",
    params: Provider,
    query: Type.Object({ ...pageQuery, ...host, search: Type.Optional(Type.String({ maxLength: 200 })) }),
    response: listOf(GitProviderRepo),
    errors: used,
  }),
  createRepo: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/repos",
    summary: "Make a repository of the account's own",
    status: 201,
    params: Provider,
    query: Type.Object(host),
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100, pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]*$" }),
      description: Maybe(Type.String({ maxLength: 350 })),
      private: Type.Optional(Type.Boolean({ default: true })),
      auto_init: Type.Optional(Type.Boolean({ default: false, description: "With a first commit" })),
    }),
    response: GitProviderRepo,
    errors: [...used, "conflict", "bad_request"],
  }),
  branches: route({
    ...common,
    method: "GET",
    path: "/api/git-providers/{provider}/repos/{owner}/{repo}/branches",
    summary: "Branches of a repository, the default one first; slashes of an owner (groups) are encoded",
    params: Repo,
    query: Type.Object({ ...pageQuery, ...host }),
    response: listOf(GitProviderBranch),
    errors: [...used, "not_found"],
  }),
  createPull: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/repos/{owner}/{repo}/pulls",
    summary: "Open a pull request",
    status: 201,
    params: Repo,
    query: Type.Object(host),
    body: Type.Object({
      title: Line(250),
      body: Maybe(Type.String({ maxLength: 60_000 })),
      /** Branches of that repository. */
      head: Line(255),
      base: Line(255),
    }),
    response: GitPull,
    errors: [...used, "not_found", "conflict", "bad_request"],
  }),
  /** Also revokes a token that was got by OAuth, where the provider lets us. Without `base_url` every account of that provider. */
  disconnect: route({
    ...common,
    method: "DELETE",
    path: "/api/git-providers/{provider}/disconnect",
    summary: "Forget an account",
    keys: false,
    status: 204,
    params: Provider,
    query: Type.Object(host),
    errors: ["unknown_provider", "not_found"],
  }),
};
