import {
  described,
  AuthorizationUrl,
  extend,
  IdParams,
  listOf,
  Literals,
  Maybe,
  MessageResponse,
  Nullable,
  pageQuery,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
import { EditMode } from "./edit-mode.ts";
import { route } from "./route.ts";
import { SecondStep } from "./second-factor.ts";
import { User } from "./users.ts";

const tag = "auth";

const ExpiresIn = Type.Integer({ description: "Seconds until the access token expires" });
const RefreshToken = Type.String({ maxLength: 200, description: "For `POST /api/auth/refresh`. Each one works once" });
const WithRefreshToken = Type.Optional(
  Type.Boolean({
    description: "For programs: return a refresh token and set no cookies. Unattended programs use an API key instead",
  }),
);

export const LoginResponse = described(
  "The answer to a sign-in; all fields are always present. `method` is the second factor to offer first, `methods` are all that the account has.",
  Type.Object({
    access_token: Nullable(Type.String()),
    token_type: Type.Literal("bearer"),
    expires_in: Nullable(ExpiresIn),
    refresh_token: Nullable(RefreshToken),
    requires_2fa: Type.Boolean(),
    temp_token: Nullable(Type.String()),
    method: Nullable(Literals("email", "totp")),
    methods: Type.Array(SecondStep),
  }),
);
export type LoginResponse = Static<typeof LoginResponse>;

/** Clients that send a whole user object, like those of fastapi-users, include these fields. */
const Unused = Type.Optional(Type.Unknown({ description: "Has no effect. Accepted because existing clients send it.", deprecated: true }));
export const Register = Type.Object({
  email: Type.String({ format: "email", maxLength: 320 }),
  password: Type.String({ maxLength: 1024 }),
  name: Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  username: Maybe(Type.String({ minLength: 3, maxLength: 50 })),
  referral_code: Maybe(Type.String({ maxLength: 32 })),
  setup_token: Maybe(Type.String({ maxLength: 200 })),
  is_active: Unused,
  is_superuser: Unused,
  is_verified: Unused,
  subscription_tier: Unused,
});

export const Login = described(
  "JSON `{email, password}`, or the OAuth2 password form `{username, password}`.",
  Type.Object({
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    with_refresh_token: WithRefreshToken,
    grant_type: Type.Optional(Type.Literal("password", { description: "Part of the OAuth2 password form" })),
    scope: Type.Optional(
      Type.String({
        maxLength: 1000,
        description: "Part of the OAuth2 password form: `offline_access` is `with_refresh_token`, the rest is not used",
      }),
    ),
    client_id: Type.Optional(Type.String({ maxLength: 1000, description: "Part of the OAuth2 password form; not used" })),
    client_secret: Type.Optional(Type.String({ maxLength: 1000, description: "Part of the OAuth2 password form; not used" })),
  }),
);

export const Session = described(
  "A signed-in browser or program.",
  Type.Object({
    id: Uuid,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    user_agent: Nullable(Type.String()),
    ip: Nullable(Type.String()),
    current: Type.Boolean(),
  }),
);
export type Session = Static<typeof Session>;

/** `read`: GET. `write`: everything else except runs, reading included. `run`: the agent, at most in the key's edit mode. */
export const ApiKeyScope = Literals("read", "write", "run");
export type ApiKeyScope = Static<typeof ApiKeyScope>;
export const ApiKey = Type.Object({
  id: Uuid,
  name: Type.String(),
  prefix: Type.String({ description: "The beginning of the key, to recognize it" }),
  scopes: Type.Array(ApiKeyScope),
  edit_mode: EditMode,
  created_at: Timestamp,
  last_used_at: Nullable(Timestamp),
  expires_at: Nullable(Timestamp),
});
export type ApiKey = Static<typeof ApiKey>;

export const EmailAddress = Type.Object({ email: Type.String({ format: "email", maxLength: 320 }) });
const Authorize = Type.Object({
  scopes: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Array(Type.String({ maxLength: 200 }), { maxItems: 20 })])),
  next: Type.Optional(Type.String({ maxLength: 2000, description: "Path of the app to open after sign-in" })),
});
const Callback = Type.Object({
  code: Type.Optional(Type.String({ maxLength: 4096 })),
  state: Type.Optional(Type.String({ maxLength: 4096 })),
  error: Type.Optional(Type.String({ maxLength: 500 })),
});

/** Sign-in with an account at another provider: the URL to open, and where the browser returns to. */
const oauthRoutes = <const P extends "google" | "github" | "oidc">(provider: P, title: string, owner = title) => ({
  authorize: route({
    method: "GET",
    path: `/api/auth/${provider}/authorize`,
    tag,
    summary: `Start ${title} sign-in`,
    description: `Returns the page of ${owner} to open. Binds the sign-in to this browser for 10 minutes.`,
    auth: "none",
    query: Authorize,
    response: AuthorizationUrl,
    errors: ["oauth_not_configured"],
  }),
  callback: route({
    method: "GET",
    path: `/api/auth/${provider}/callback`,
    tag,
    summary: `Complete ${title} sign-in`,
    description: `The browser returns here from ${owner}. Signs in, creates the account if there is none, and redirects into the app.`,
    auth: "none",
    kind: "raw",
    status: 303,
    query: Callback,
    takesUnknown: { query: "The provider adds what it likes." },
    errors: [
      "oauth_denied",
      "invalid_state_token",
      "state_token_expired",
      "oauth_not_available_email",
      "sign_up_closed",
      "login_bad_credentials",
      "oauth_not_configured",
    ],
  }),
});
const google = oauthRoutes("google", "Google");
const github = oauthRoutes("github", "GitHub");
const oidc = oauthRoutes("oidc", "OpenID Connect", "the OpenID Connect provider that this server is configured with");

export const authRoutes = {
  register: route({
    method: "POST",
    path: "/api/auth/register",
    tag,
    summary: "Create account",
    description:
      "Creates an account without signing in. The first account becomes the administrator; if `setup_token_required` is true in `GET /api/config`, that takes the setup token printed at start. Where email is set up, a confirmation link is sent.",
    auth: "none",
    csrf: false,
    status: 201,
    body: Register,
    response: User,
    errors: [
      "register_user_already_exists",
      "register_invalid_password",
      "username_taken",
      "setup_token_invalid",
      "sign_up_closed",
      "rate_limited",
    ],
  }),
  login: route({
    method: "POST",
    path: "/api/auth/login",
    tag,
    summary: "Sign in",
    description:
      "Checks email or username and password. Sets the session and CSRF cookies, or, with `with_refresh_token`, sets none and answers a refresh token for programs. If a second factor is needed, `requires_2fa` is true and `temp_token` continues at `POST /api/auth/2fa/verify`. Unknown user, wrong password and disabled account answer alike.",
    auth: "none",
    csrf: false,
    form: true,
    body: Login,
    response: LoginResponse,
    errors: ["login_bad_credentials", "rate_limited"],
  }),
  logout: route({
    method: "POST",
    path: "/api/auth/logout",
    tag,
    summary: "Sign out",
    description:
      "Ends the session. Its access and refresh tokens stop working at once. Works with an expired access token as long as the refresh cookie is valid.",
    auth: "user",
    takesRefresh: true,
    keys: false,
    impersonation: true,
    csrf: false,
    response: MessageResponse,
  }),
  csrf: route({
    method: "GET",
    path: "/api/auth/csrf",
    tag,
    summary: "Get CSRF token",
    description:
      "Returns the token for the `X-CSRF-Token` header and sets it as a cookie. Writes that authenticate with the session cookie need both; bearer tokens and API keys need neither.",
    auth: "none",
    response: Type.Object({ csrf_token: Type.String() }),
  }),
  refresh: route({
    method: "POST",
    path: "/api/auth/refresh",
    tag,
    summary: "Refresh access token",
    description:
      "Exchanges a refresh token (from the body, or from the cookie) for a new access token and the next refresh token. Each refresh token works once. Using it again within 30 seconds, as two windows do, returns another pair; later it ends the session.",
    auth: "none",
    csrf: false,
    bodyOptional: true,
    body: Type.Object({ refresh_token: Type.Optional(RefreshToken) }),
    response: Type.Object({
      access_token: Type.String(),
      token_type: Type.Literal("bearer"),
      expires_in: ExpiresIn,
      refresh_token: Nullable(Type.String({ description: "Null if the cookie was used: the next one is set as a cookie, too" })),
    }),
    errors: ["refresh_invalid"],
  }),
  forgotPassword: route({
    method: "POST",
    path: "/api/auth/forgot-password",
    tag,
    summary: "Request password reset",
    description: "Emails a link that sets a new password. The answer is the same whether or not the address has an account.",
    auth: "none",
    csrf: false,
    body: EmailAddress,
    response: MessageResponse,
    errors: ["rate_limited"],
  }),
  resetPassword: route({
    method: "POST",
    path: "/api/auth/reset-password",
    tag,
    summary: "Reset password",
    description: "Sets a new password with the token of the emailed link and ends every session of the account.",
    auth: "none",
    csrf: false,
    body: Type.Object({ token: Type.String({ maxLength: 4096 }), password: Type.String({ maxLength: 1024 }) }),
    response: MessageResponse,
    errors: ["reset_password_bad_token", "reset_password_invalid_password", "rate_limited"],
  }),
  verify: route({
    method: "POST",
    path: "/api/auth/verify",
    tag,
    summary: "Verify email address",
    description: "Confirms an email address with the token that was emailed to it. Also completes a change of address.",
    auth: "none",
    csrf: false,
    body: Type.Object({ token: Type.String({ maxLength: 4096 }) }),
    response: User,
    errors: ["verify_user_bad_token", "verify_user_already_verified", "update_user_email_already_exists", "rate_limited"],
  }),
  requestVerifyToken: route({
    method: "POST",
    path: "/api/auth/request-verify-token",
    tag,
    summary: "Resend verification email",
    description: "Emails the confirmation link again. The answer is the same whether or not the address has an account.",
    auth: "none",
    csrf: false,
    body: EmailAddress,
    response: MessageResponse,
    errors: ["rate_limited"],
  }),
  twoFactorVerify: route({
    method: "POST",
    path: "/api/auth/2fa/verify",
    tag,
    summary: "Complete two-factor sign-in",
    description:
      "Finishes a sign-in with a code from the authenticator app or an email, or with a recovery code. A recovery code works once. `temp_token` comes from `POST /api/auth/login`.",
    auth: "none",
    csrf: false,
    body: Type.Object({
      temp_token: Type.String({ maxLength: 200 }),
      code: Type.Optional(Type.String({ minLength: 6, maxLength: 6 })),
      recovery_code: Type.Optional(Type.String({ minLength: 8, maxLength: 40, description: "Instead of a code" })),
      with_refresh_token: WithRefreshToken,
    }),
    response: LoginResponse,
    errors: ["two_fa_session_invalid", "two_fa_code_invalid", "rate_limited"],
  }),
  twoFactorResend: route({
    method: "POST",
    path: "/api/auth/2fa/resend",
    tag,
    summary: "Resend two-factor code",
    description: "Emails a new code for a pending sign-in. Earlier codes stop working.",
    auth: "none",
    csrf: false,
    body: Type.Object({ temp_token: Type.String({ maxLength: 200 }) }),
    response: MessageResponse,
    errors: ["two_fa_session_invalid", "rate_limited"],
  }),
  sessions: route({
    method: "GET",
    path: "/api/auth/sessions",
    tag: "account-security",
    summary: "List sessions",
    description: "The signed-in browsers and programs of your account, most recently used first.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(Session),
  }),
  endSession: route({
    method: "DELETE",
    path: "/api/auth/sessions/{id}",
    tag: "account-security",
    summary: "End session",
    description: "Signs out one session. Its tokens stop working at once.",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  endOtherSessions: route({
    method: "DELETE",
    path: "/api/auth/sessions",
    tag: "account-security",
    summary: "End other sessions",
    description: "Signs out every session except the one that calls.",
    auth: "user",
    keys: false,
    status: 204,
  }),
  apiKeys: route({
    method: "GET",
    path: "/api/auth/api-keys",
    tag: "api-keys",
    summary: "List API keys",
    description: "Your personal API keys, newest first. The keys themselves are never returned again.",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(ApiKey),
  }),
  createApiKey: route({
    method: "POST",
    path: "/api/auth/api-keys",
    tag: "api-keys",
    summary: "Create API key",
    description:
      "Creates a personal API key. `key` is in this response only, and for 24 hours in replays of the same `Idempotency-Key`; store it. An account has a limited number of keys (`key_limit_reached`).",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      scopes: Type.Array(ApiKeyScope, { minItems: 1, uniqueItems: true }),
      edit_mode: Maybe(
        Type.Unsafe<EditMode>({ ...EditMode, description: "The most that runs with this key may do; required with the scope `run`" }),
      ),
      expires_in_days: Maybe(Type.Integer({ minimum: 1, maximum: 3650, description: "Absent or null: never expires" })),
    }),
    response: extend(ApiKey, { key: Type.String({ description: "`tsk_…`, for `Authorization: Bearer`" }) }),
    errors: ["key_limit_reached"],
  }),
  deleteApiKey: route({
    method: "DELETE",
    path: "/api/auth/api-keys/{id}",
    tag: "api-keys",
    summary: "Delete API key",
    description: "Deletes a personal API key. It stops working at once.",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  googleAuthorize: google.authorize,
  googleCallback: google.callback,
  githubAuthorize: github.authorize,
  githubCallback: github.callback,
  oidcAuthorize: oidc.authorize,
  oidcCallback: oidc.callback,
  wsTicket: route({
    method: "POST",
    path: "/api/auth/ws-ticket",
    tag,
    summary: "Create WebSocket ticket",
    description: "Returns a ticket that opens one WebSocket within 60 seconds, as `?ticket=`. Access tokens never go into a URL.",
    auth: "user",
    keys: false,
    impersonation: true,
    response: Type.Object({ ticket: Type.String(), expires_in: Type.Integer() }),
  }),
};

/** What a proxy knows about the request, where it cannot send it as headers. */
const ForwardAuthRequest = Type.Object({
  token: Maybe(Type.String({ maxLength: 4096 })),
  host: Maybe(Type.String({ maxLength: 300 })),
  project_id: Maybe(Type.String({ maxLength: 80 })),
  project_slug: Maybe(Type.String({ maxLength: 80 })),
  uri: Maybe(Type.String({ maxLength: 8192 })),
});
const podAccess = {
  path: "/api/auth/verify-pod-access",
  tag,
  auth: "none",
  kind: "raw",
  csrf: false,
  isForProxies: true,
  takesUnknown: { query: "A proxy may send the query of the request that it checks.", body: "A proxy may send more than is needed." },
  errors: ["preview_access_denied"],
} as const;

/** The only operation with two methods: some proxies send GET only. */
export const podAccessRoutes = {
  verify: route({
    ...podAccess,
    method: "POST",
    summary: "Authorize preview request",
    description:
      "Forward-auth endpoint for an external reverse proxy. Answers 200 if this browser may open this preview host and 401 otherwise.",
    body: ForwardAuthRequest,
    bodyOptional: true,
  }),
  verifyByGet: route({
    ...podAccess,
    method: "GET",
    summary: "Authorize preview request (GET)",
    description: "Same as `POST /api/auth/verify-pod-access`, for proxies that only send GET.",
  }),
};
