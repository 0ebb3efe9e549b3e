import { described, listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "git-providers";

/** `gitea` includes Forgejo; `git` is any other host, with a token over HTTPS. */
export const GitProviderName = Literals("github", "gitlab", "bitbucket", "gitea", "git");
export type GitProviderName = Static<typeof GitProviderName>;

export const GitAccount = described(
  "Your account at one Git host. Its token is never returned.",
  Type.Object({
    id: Uuid,
    base_url: Type.String({ description: "URL of the host, e.g. `https://gitlab.example.com`" }),
    kind: Literals("oauth", "token"),
    provider_username: Nullable(Type.String()),
    provider_email: Nullable(Type.String()),
    scope: Nullable(Type.String()),
    expires_at: Nullable(Timestamp),
    needs_reconnect: Type.Boolean({ description: "The host rejected the token and it cannot be renewed" }),
    created_at: Timestamp,
  }),
);
export type GitAccount = Static<typeof GitAccount>;

export const GitProvider = described(
  "A kind of Git host, connected or not.",
  Type.Object({
    name: GitProviderName,
    display_name: Type.String(),
    icon: Type.String(),
    description: Type.String(),
    oauth_scopes: Type.String({ description: "Default OAuth scopes, separated by spaces; empty without OAuth" }),
    configured: Type.Boolean({ description: "Whether this server can connect without a token (OAuth)" }),
    base_url: described("The default host; null: one has to be named", Nullable(Type.String())),
    can: Type.Object({
      self_hosted: Type.Boolean({ description: "Accepts a `base_url` with a token" }),
      browse: Type.Boolean({ description: "Can list and create repositories, branches and pull requests" }),
    }),
    connected: Type.Boolean(),
    provider_username: described("Of the account that is used if no host is named", Nullable(Type.String())),
    provider_email: Nullable(Type.String()),
    scope: Nullable(Type.String()),
    accounts: described("All accounts, the default one first", Type.Array(GitAccount)),
  }),
);
export type GitProvider = Static<typeof GitProvider>;

export const GitProviderRepo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  full_name: Type.String(),
  description: Nullable(Type.String()),
  clone_url: Type.String({ description: "HTTPS URL without credentials" }),
  web_url: Type.String(),
  default_branch: Nullable(Type.String({ description: "null: the repository is empty" })),
  private: Type.Boolean(),
  updated_at: Nullable(Timestamp),
  owner: Type.String({ description: "Owner with all groups, separated by slashes" }),
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

export const GitPull = described(
  "A pull request; GitLab calls it merge request.",
  Type.Object({
    id: Type.String(),
    number: Type.Integer(),
    title: Type.String(),
    web_url: Type.String(),
    head: Type.String(),
    base: Type.String(),
  }),
);
export type GitPull = Static<typeof GitPull>;

const BaseUrl = Type.String({ minLength: 1, maxLength: 500, description: "URL of the host; default: the provider's usual one" });
const Line = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "^[^\\u0000-\\u001f\\u007f]*$" });
const Provider = Type.Object({ provider: Type.String({ maxLength: 40, description: "github, gitlab, bitbucket, gitea or git" }) });
const Repo = Type.Object({ ...Provider.properties, owner: Line(400), repo: Line(200) });
const host = { base_url: Type.Optional(BaseUrl) };
const hostErrors = [
  "unknown_provider",
  "provider_not_connected",
  "provider_token_expired",
  "not_supported",
  "bad_gateway",
  "rate_limited",
] as const;
const common = { tag, auth: "user" } as const;

/** `base_url` selects the account if a person has several of a provider. */
export const gitProvidersRoutes = {
  list: route({
    ...common,
    method: "GET",
    path: "/api/git-providers/providers",
    summary: "List Git hosts",
    description: "Git hosts that can be connected, with your accounts there.",
    query: Type.Object(pageQuery),
    response: listOf(GitProvider),
  }),
  connect: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/connect",
    summary: "Connect Git host",
    description:
      "With `token`: checks and stores it. Without: returns the host's authorization page to open, bound to this browser for 10 minutes.",
    keys: false,
    params: Provider,
    bodyOptional: true,
    body: Type.Object({
      scope: Maybe(Line(500)),
      redirect_to: described("A path of the app to open after the flow", Maybe(Type.String({ maxLength: 500 }))),
      token: Maybe(Type.String({ minLength: 1, maxLength: 4000, pattern: "^[\\x21-\\x7e]+$" })),
      base_url: Maybe(BaseUrl),
      username: described(
        "User name for the token, where the host wants one: the email address for Bitbucket's API tokens, any name elsewhere",
        Maybe(Line(200)),
      ),
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
  callback: route({
    method: "GET",
    path: "/api/git-providers/{provider}/callback",
    tag,
    summary: "Complete Git host connection",
    description: "The host redirects the browser here. Redirects to `/oauth/connected` of the app with `success=true` or `error=<code>`.",
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
    summary: "List repositories",
    description: "Repositories that your account can access, last changed first.",
    params: Provider,
    query: Type.Object({ ...pageQuery, ...host, search: Type.Optional(Type.String({ maxLength: 200 })) }),
    response: listOf(GitProviderRepo),
    errors: hostErrors,
  }),
  createRepo: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/repos",
    summary: "Create repository",
    description: "Creates a repository in your account at the host.",
    status: 201,
    params: Provider,
    query: Type.Object(host),
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100, pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]*$" }),
      description: Maybe(Type.String({ maxLength: 350 })),
      private: Type.Optional(Type.Boolean({ default: true })),
      auto_init: Type.Optional(Type.Boolean({ default: false, description: "Create a first commit" })),
    }),
    response: GitProviderRepo,
    errors: [...hostErrors, "conflict", "bad_request"],
  }),
  branches: route({
    ...common,
    method: "GET",
    path: "/api/git-providers/{provider}/repos/{owner}/{repo}/branches",
    summary: "List repository branches",
    description: "Branches of a repository at the host, the default one first. Slashes in `owner` (GitLab groups) are percent-encoded.",
    params: Repo,
    query: Type.Object({ ...pageQuery, ...host }),
    response: listOf(GitProviderBranch),
    errors: [...hostErrors, "not_found"],
  }),
  createPull: route({
    ...common,
    method: "POST",
    path: "/api/git-providers/{provider}/repos/{owner}/{repo}/pulls",
    summary: "Create pull request",
    description: "Opens a pull request (GitLab: merge request) between two branches of a repository.",
    status: 201,
    params: Repo,
    query: Type.Object(host),
    body: Type.Object({
      title: Line(250),
      body: Maybe(Type.String({ maxLength: 60_000 })),
      head: described("A branch of that repository", Line(255)),
      base: Line(255),
    }),
    response: GitPull,
    errors: [...hostErrors, "not_found", "conflict", "bad_request"],
  }),
  disconnect: route({
    ...common,
    method: "DELETE",
    path: "/api/git-providers/{provider}/disconnect",
    summary: "Disconnect Git host",
    description:
      "Deletes your account's token, and revokes it at the host where that is possible. Without `base_url`, all accounts of that provider.",
    keys: false,
    status: 204,
    params: Provider,
    query: Type.Object(host),
    errors: ["unknown_provider", "not_found"],
  }),
};
