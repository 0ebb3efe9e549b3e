import { extend, IdParams, listOf, Literals, Maybe, Message, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { EditMode } from "./edit-mode.ts";
import { route } from "./route.ts";
import { SecondStep } from "./second-factor.ts";
import { User } from "./users.ts";

const tag = "auth";

const ExpiresIn = Type.Integer({ description: "Seconds until the access token expires" });
const RefreshToken = Type.String({ maxLength: 200, description: "For `POST /api/auth/refresh`; each one works once" });
const WithRefreshToken = Type.Optional(
  Type.Boolean({
    description: "For programs: answer with a refresh token, and set no cookies. Programs that run unattended use an API key instead",
  }),
);

/** accounts-projects 1, LoginResponse: all keys are always present. `method` is the step to offer first, `methods` all that this account may take. */
export const LoginResponse = Type.Object({
  access_token: Nullable(Type.String()),
  token_type: Type.Literal("bearer"),
  expires_in: Nullable(ExpiresIn),
  refresh_token: Nullable(RefreshToken),
  requires_2fa: Type.Boolean(),
  temp_token: Nullable(Type.String()),
  method: Nullable(Literals("email", "totp")),
  methods: Type.Array(SecondStep),
});
export type LoginResponse = Static<typeof LoginResponse>;

/** Clients that post a whole user, as those of fastapi-users do, send these fields. What they say has no effect. */
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

/** JSON `{email, password}` or the OAuth2 password form `{username, password}` of the Swagger page. */
export const Login = Type.Object({
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
});

/** accounts-projects 9. */
export const Session = Type.Object({
  id: Uuid,
  created_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
  user_agent: Nullable(Type.String()),
  ip: Nullable(Type.String()),
  current: Type.Boolean(),
});
export type Session = Static<typeof Session>;

/** `read`: GET alone. `write`: whatever keys may do and no other scope names, reading included. `run`: the agent, in the key's edit mode at most. */
export const ApiKeyScope = Literals("read", "write", "run");
export type ApiKeyScope = Static<typeof ApiKeyScope>;
export const ApiKey = Type.Object({
  id: Uuid,
  name: Type.String(),
  prefix: Type.String({ description: "The beginning of the key, to tell it from others" }),
  scopes: Type.Array(ApiKeyScope),
  edit_mode: EditMode,
  created_at: Timestamp,
  last_used_at: Nullable(Timestamp),
  expires_at: Nullable(Timestamp),
});
export type ApiKey = Static<typeof ApiKey>;

const Email = Type.Object({ email: Type.String({ format: "email", maxLength: 320 }) });
const Authorize = Type.Object({
  scopes: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Array(Type.String({ maxLength: 200 }), { maxItems: 20 })])),
  next: Type.Optional(Type.String({ maxLength: 2000, description: "Path of the app to go to afterwards" })),
});
const Callback = Type.Object({
  code: Type.Optional(Type.String({ maxLength: 4096 })),
  state: Type.Optional(Type.String({ maxLength: 4096 })),
  error: Type.Optional(Type.String({ maxLength: 500 })),
});

/** The two ends of signing in with somebody else's account (accounts-projects 2). */
const oauthRoutes = <const P extends "google" | "github" | "oidc">(provider: P, title: string) => ({
  authorize: route({
    method: "GET",
    path: `/api/auth/${provider}/authorize`,
    tag,
    summary: `Where to sign in with ${title}; binds the answer to this browser for 10 minutes`,
    auth: "none",
    query: Authorize,
    response: Type.Object({ authorization_url: Type.String() }),
    errors: ["oauth_not_configured"],
  }),
  callback: route({
    method: "GET",
    path: `/api/auth/${provider}/callback`,
    tag,
    summary: `${title} sends the browser back here; answers with a redirect into the app`,
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
      "login_bad_credentials",
      "oauth_not_configured",
    ],
  }),
});
const google = oauthRoutes("google", "Google");
const github = oauthRoutes("github", "GitHub");
const oidc = oauthRoutes("oidc", "this server's own OpenID Connect provider");

/** accounts-projects 2 and 9. */
export const authRoutes = {
  register: route({
    method: "POST",
    path: "/api/auth/register",
    tag,
    summary: "Register a new user",
    auth: "none",
    csrf: false,
    status: 201,
    body: Register,
    response: User,
    errors: ["register_user_already_exists", "register_invalid_password", "username_taken", "setup_token_invalid", "rate_limited"],
  }),
  login: route({
    method: "POST",
    path: "/api/auth/login",
    tag,
    summary: "Sign in with e-mail or username and password",
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
    summary: "Sign out: the session and its tokens stop working at once",
    auth: "user",
    takesRefresh: true,
    keys: false,
    impersonation: true,
    csrf: false,
    response: Message,
  }),
  csrf: route({
    method: "GET",
    path: "/api/auth/csrf",
    tag,
    summary: "A CSRF token for cookie-authenticated writes",
    auth: "none",
    response: Type.Object({ csrf_token: Type.String() }),
  }),
  refresh: route({
    method: "POST",
    path: "/api/auth/refresh",
    tag,
    summary: "Exchange a refresh token, of the body or of the cookie, for a new access token and the next refresh token",
    auth: "none",
    csrf: false,
    bodyOptional: true,
    body: Type.Object({ refresh_token: Type.Optional(RefreshToken) }),
    response: Type.Object({
      access_token: Type.String(),
      token_type: Type.Literal("bearer"),
      expires_in: ExpiresIn,
      refresh_token: Nullable(Type.String({ description: "Null when it was the cookie: then the next one is a cookie, too" })),
    }),
    errors: ["refresh_invalid"],
  }),
  forgotPassword: route({
    method: "POST",
    path: "/api/auth/forgot-password",
    tag,
    summary: "Mail a link that sets a new password; says the same for every address",
    auth: "none",
    csrf: false,
    body: Email,
    response: Message,
    errors: ["rate_limited"],
  }),
  resetPassword: route({
    method: "POST",
    path: "/api/auth/reset-password",
    tag,
    summary: "Set a new password with the token of such a link; ends every session",
    auth: "none",
    csrf: false,
    body: Type.Object({ token: Type.String({ maxLength: 4096 }), password: Type.String({ maxLength: 1024 }) }),
    response: Message,
    errors: ["reset_password_bad_token", "reset_password_invalid_password", "rate_limited"],
  }),
  verify: route({
    method: "POST",
    path: "/api/auth/verify",
    tag,
    summary: "Confirm an e-mail address with the token that was mailed to it",
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
    summary: "Mail the confirmation link again; says the same for every address",
    auth: "none",
    csrf: false,
    body: Email,
    response: Message,
    errors: ["rate_limited"],
  }),
  twoFactorVerify: route({
    method: "POST",
    path: "/api/auth/2fa/verify",
    tag,
    summary: "Finish a sign-in with a code by mail or of the authenticator app, or with a recovery code",
    auth: "none",
    csrf: false,
    body: Type.Object({
      temp_token: Type.String({ maxLength: 200 }),
      code: Type.Optional(Type.String({ minLength: 6, maxLength: 6 })),
      recovery_code: Type.Optional(Type.String({ minLength: 8, maxLength: 40, description: "In the place of a code" })),
      with_refresh_token: WithRefreshToken,
    }),
    response: LoginResponse,
    errors: ["two_fa_session_invalid", "two_fa_code_invalid", "rate_limited"],
  }),
  twoFactorResend: route({
    method: "POST",
    path: "/api/auth/2fa/resend",
    tag,
    summary: "Mail a new code for a sign-in that waits for one; older codes end",
    auth: "none",
    csrf: false,
    body: Type.Object({ temp_token: Type.String({ maxLength: 200 }) }),
    response: Message,
    errors: ["two_fa_session_invalid", "rate_limited"],
  }),
  sessions: route({
    method: "GET",
    path: "/api/auth/sessions",
    tag,
    summary: "Where one is signed in, the latest use first",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(Session),
  }),
  endSession: route({
    method: "DELETE",
    path: "/api/auth/sessions/{id}",
    tag,
    summary: "Sign out one session",
    auth: "user",
    keys: false,
    status: 204,
    params: IdParams,
    errors: ["not_found"],
  }),
  endOtherSessions: route({
    method: "DELETE",
    path: "/api/auth/sessions",
    tag,
    summary: "Sign out everywhere but here",
    auth: "user",
    keys: false,
    status: 204,
  }),
  apiKeys: route({
    method: "GET",
    path: "/api/auth/api-keys",
    tag,
    summary: "One's personal API keys, the newest first; never the keys themselves",
    auth: "user",
    keys: false,
    query: Type.Object(pageQuery),
    response: listOf(ApiKey),
  }),
  createApiKey: route({
    method: "POST",
    path: "/api/auth/api-keys",
    tag,
    summary: "A new personal API key; its text is in this answer and nowhere else",
    auth: "user",
    keys: false,
    status: 201,
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      scopes: Type.Array(ApiKeyScope, { minItems: 1, uniqueItems: true }),
      edit_mode: Maybe(
        Type.Unsafe<EditMode>({ ...EditMode, description: "What its runs may do at most; needed with the scope `run`, `ask` without it" }),
      ),
      expires_in_days: Maybe(Type.Integer({ minimum: 1, maximum: 3650, description: "Absent or null: until it is deleted" })),
    }),
    response: extend(ApiKey, { key: Type.String({ description: "`tsk_…`, for `Authorization: Bearer`" }) }),
    errors: ["key_limit_reached"],
  }),
  deleteApiKey: route({
    method: "DELETE",
    path: "/api/auth/api-keys/{id}",
    tag,
    summary: "Delete a personal API key; it stops working at once",
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
    summary: "A one-use ticket (60 s) for a WebSocket",
    auth: "user",
    keys: false,
    impersonation: true,
    response: Type.Object({ ticket: Type.String(), expires_in: Type.Integer() }),
  }),
};

/** What a proxy tells about the call it wants judged, where it cannot do so by headers. */
const Question = Type.Object({
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
  takesUnknown: { query: "A proxy may send the query of the request that it asks about.", body: "A proxy may tell more than is asked." },
  errors: ["preview_access_denied"],
} as const;

/** accounts-projects 2: the one double verb of this API. */
export const podAccessRoutes = {
  verify: route({
    ...podAccess,
    method: "POST",
    summary: "Forward-auth for an outside proxy: may this browser open this preview host?",
    body: Question,
    bodyOptional: true,
  }),
  verifyByGet: route({
    ...podAccess,
    method: "GET",
    summary: "The same for proxies that can only send GET",
  }),
};
