import {
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
import { route } from "./route.ts";

const tag = "deployment-credentials";
const oauthTag = "deployment-oauth";

/** Providers outside that one needs an account with; `local` needs none. */
export const OutsideProvider = Literals("vercel", "netlify", "cloudflare");
export type OutsideProvider = Static<typeof OutsideProvider>;

/** An account with a provider. Its token never leaves the server. */
export const DeploymentCredential = Type.Object({
  id: Uuid,
  user_id: Uuid,
  project_id: Nullable(Uuid),
  provider: OutsideProvider,
  /** `team_id`, `account_id`, `dispatch_namespace`, `account_name`, `account_slug`, `configuration_id`. */
  metadata: Nullable(Type.Record(Type.String(), Type.String())),
  kind: Literals("token", "oauth"),
  expires_at: Nullable(Timestamp),
  needs_reconnect: Type.Boolean({ description: "The provider no longer renews it: connect again" }),
  is_default: Type.Boolean({ description: "Not of one project alone" }),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type DeploymentCredential = Static<typeof DeploymentCredential>;

/** What can be connected, and how. */
export const DeploymentProviderInfo = Type.Object({
  name: OutsideProvider,
  display_name: Type.String(),
  description: Type.String(),
  auth_type: Literals("oauth", "api_token"),
  required: Type.Array(Type.String()),
  optional: Type.Array(Type.String()),
  /** Where a token is made at the provider. */
  token_url: Type.String(),
  connected: Type.Boolean(),
  oauth_available: Type.Boolean(),
});
export type DeploymentProviderInfo = Static<typeof DeploymentProviderInfo>;

const Fact = Maybe(Type.String({ maxLength: 200, pattern: "^[^\\u0000-\\u001f\\u007f]*$" }));
/** null takes one away. */
const Metadata = Type.Object({ team_id: Fact, account_id: Fact, dispatch_namespace: Fact, account_name: Fact, account_slug: Fact });
const ProviderName = Type.String({ minLength: 1, maxLength: 50, description: "vercel, netlify or cloudflare" });
const Token = Type.String({ minLength: 1, maxLength: 4096, pattern: "^\\s*[!-~]+\\s*$", description: "Write-only" });

/** agent-git-deploy 8 and 10. */
export const deploymentCredentialsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployment-credentials",
    tag,
    summary: "Connected deployment providers, and what can be connected",
    auth: "user",
    query: Type.Object({ ...pageQuery, provider: Type.Optional(ProviderName), project_id: Type.Optional(ProjectRef) }),
    response: extend(listOf(DeploymentCredential), { providers: Type.Array(DeploymentProviderInfo) }),
    errors: ["unknown_provider", "not_found"],
  }),
  save: route({
    method: "POST",
    path: "/api/deployment-credentials",
    tag,
    summary: "Store a token for a provider: one's usual one, or that of one project; a former one is replaced",
    auth: "user",
    keys: false,
    status: [201, 200],
    body: Type.Object({
      provider: ProviderName,
      access_token: Token,
      metadata: Maybe(Metadata),
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
    summary: "Change which team or account a credential acts for",
    auth: "user",
    keys: false,
    params: IdParams,
    body: Type.Object({ metadata: Metadata }),
    response: DeploymentCredential,
    errors: ["account_id_required", "not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployment-credentials/{id}",
    tag,
    summary: "Remove a credential; what was deployed stays",
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
    summary: "Ask the provider whether a credential is valid, and what it may act for",
    auth: "user",
    keys: false,
    params: IdParams,
    response: Type.Object({ valid: Type.Boolean(), error: Nullable(Type.String()), provider_info: JsonObject }),
    errors: ["not_found"],
  }),
};

const ProviderParams = Type.Object({ provider: ProviderName });
const Answer = Type.Optional(Type.String({ maxLength: 4096 }));

/** agent-git-deploy 9. */
export const deploymentOauthRoutes = {
  authorize: route({
    method: "GET",
    path: "/api/deployment-oauth/{provider}/authorize",
    tag: oauthTag,
    summary: "Begin to connect a provider: the address to open in a window of its own",
    auth: "user",
    keys: false,
    impersonation: false,
    params: ProviderParams,
    query: Type.Object({ project_id: Type.Optional(ProjectRef) }),
    response: Type.Object({ authorization_url: Type.String() }),
    errors: ["oauth_not_supported", "oauth_not_configured", "not_found"],
  }),
  callback: route({
    method: "GET",
    path: "/api/deployment-oauth/{provider}/callback",
    tag: oauthTag,
    summary: "Where the provider sends the browser back to: a small page that tells the app and closes",
    auth: "optional",
    kind: "raw",
    takesUnknown: { query: "The provider adds what it likes." },
    contentType: "text/html",
    response: Type.String({ description: "A page that tells the window it was opened from; also with 400 and 401" }),
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
