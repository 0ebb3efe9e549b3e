import {
  described,
  AuthorizationUrl,
  extend,
  IdParams,
  JsonObject,
  listOf,
  Literals,
  Maybe,
  Nullable,
  pageQuery,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
import { BuildMode, RemoteProvider } from "./deployments.ts";
import { route } from "./route.ts";

const tag = "deployment-credentials";

export const DeploymentCredential = described(
  "An account at a deployment provider. Its token is never returned.",
  Type.Object({
    id: Uuid,
    user_id: Uuid,
    project_id: Nullable(Uuid),
    provider: RemoteProvider,
    metadata: described(
      "`team_id`, `account_id`, `dispatch_namespace`, `account_name`, `account_slug`, `configuration_id`",
      Nullable(Type.Record(Type.String(), Type.String())),
    ),
    kind: Literals("token", "oauth"),
    expires_at: Nullable(Timestamp),
    needs_reconnect: Type.Boolean({ description: "The provider no longer renews the token: connect again" }),
    is_default: Type.Boolean({ description: "Used by all projects, not by one only" }),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type DeploymentCredential = Static<typeof DeploymentCredential>;

export const DeploymentProviderInfo = described(
  "A deployment provider that can be connected.",
  Type.Object({
    name: RemoteProvider,
    display_name: Type.String(),
    description: Type.String(),
    auth_type: Literals("oauth", "api_token"),
    required: Type.Array(Type.String()),
    optional: Type.Array(Type.String()),
    build_modes: described("The default first", Type.Array(BuildMode)),
    removes_whole_site: described("Whether deleting a deployment there deletes the whole site", Type.Boolean()),
    token_url: described("Where to create a token at the provider", Type.String()),
    connected: Type.Boolean(),
    oauth_available: Type.Boolean(),
  }),
);
export type DeploymentProviderInfo = Static<typeof DeploymentProviderInfo>;

const Fact = Maybe(Type.String({ maxLength: 200, pattern: "^[^\\u0000-\\u001f\\u007f]*$" }));
export const ProviderMetadata = described(
  "Which team or account the token acts for. Null removes a value.",
  Type.Object({
    team_id: Fact,
    account_id: Fact,
    dispatch_namespace: Fact,
    account_name: Fact,
    account_slug: Fact,
  }),
);
const ProviderName = Type.String({ minLength: 1, maxLength: 50, description: "vercel, netlify or cloudflare" });
const Token = Type.String({ minLength: 1, maxLength: 4096, pattern: "^\\s*[!-~]+\\s*$", description: "Write-only" });

export const deploymentCredentialsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployment-credentials",
    tag,
    summary: "List deployment accounts",
    description: "Your connected deployment providers, and the ones that can be connected.",
    auth: "user",
    query: Type.Object({ ...pageQuery, provider: Type.Optional(ProviderName), project_id: Type.Optional(ProjectRef) }),
    response: extend(listOf(DeploymentCredential), { providers: Type.Array(DeploymentProviderInfo) }),
    errors: ["unknown_provider", "not_found"],
  }),
  save: route({
    method: "POST",
    path: "/api/deployment-credentials",
    tag,
    summary: "Save deployment account",
    description:
      "Stores a provider token as your default or for one project, and replaces the former one. The token is checked at the provider unless `skip_validation` is true, stored encrypted and never returned.",
    auth: "user",
    keys: false,
    status: [201, 200],
    body: Type.Object({
      provider: ProviderName,
      access_token: Token,
      metadata: Maybe(ProviderMetadata),
      project_id: Maybe(ProjectRef),
      skip_validation: Type.Optional(Type.Boolean({ default: false })),
    }),
    response: extend(DeploymentCredential, { validated: Type.Boolean() }),
    errors: ["unknown_provider", "account_id_required", "credential_rejected", "not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/deployment-credentials/{id}",
    tag,
    summary: "Update deployment account",
    description: "Changes which team or account a stored token acts for.",
    auth: "user",
    keys: false,
    params: IdParams,
    body: Type.Object({ metadata: ProviderMetadata }),
    response: DeploymentCredential,
    errors: ["account_id_required", "not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployment-credentials/{id}",
    tag,
    summary: "Delete deployment account",
    description: "Deletes a stored token. Deployments stay live.",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  test: route({
    method: "POST",
    path: "/api/deployment-credentials/{id}/test",
    tag,
    summary: "Test deployment account",
    description: "Checks with the provider whether the token is valid and what it can access.",
    auth: "user",
    keys: false,
    params: IdParams,
    response: Type.Object({ valid: Type.Boolean(), error: Nullable(Type.String()), provider_info: JsonObject }),
    errors: ["not_found"],
  }),
};

const ProviderParams = Type.Object({ provider: ProviderName });
const Answer = Type.Optional(Type.String({ maxLength: 4096 }));

export const deploymentOauthRoutes = {
  authorize: route({
    method: "GET",
    path: "/api/deployment-oauth/{provider}/authorize",
    tag,
    summary: "Start provider authorization",
    description: "Returns the provider's page to open in a popup.",
    auth: "user",
    keys: false,
    impersonation: false,
    params: ProviderParams,
    query: Type.Object({ project_id: Type.Optional(ProjectRef) }),
    response: AuthorizationUrl,
    errors: ["oauth_not_supported", "oauth_not_configured", "not_found"],
  }),
  callback: route({
    method: "GET",
    path: "/api/deployment-oauth/{provider}/callback",
    tag,
    summary: "Complete provider authorization",
    description: "The provider redirects the popup here. Answers a small page that reports to the window that opened it, and closes.",
    auth: "optional",
    kind: "raw",
    takesUnknown: { query: "The provider adds what it likes." },
    contentType: "text/html",
    response: Type.String({ description: "A page that reports to the window that opened it" }),
    otherErrors: { 400: "A page that says why", 401: "A page: the link is invalid or has already been used" },
    params: ProviderParams,
    query: Type.Object({
      code: Answer,
      state: Answer,
      error: Answer,
      error_description: Answer,
      configurationId: Answer,
      teamId: Answer,
      next: Answer,
      source: Answer,
    }),
    errors: ["unauthorized"],
  }),
};
