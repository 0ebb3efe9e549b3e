import { Literals, Maybe, Message, Nullable, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { User } from "./users.ts";

const tag = "auth";

/** accounts-projects 1, LoginResponse: all five keys always present. */
export const LoginResponse = Type.Object({
  access_token: Nullable(Type.String()),
  token_type: Type.Literal("bearer"),
  requires_2fa: Type.Boolean(),
  temp_token: Nullable(Type.String()),
  method: Nullable(Literals("email")),
});
export type LoginResponse = Static<typeof LoginResponse>;

export const Register = Type.Object({
  email: Type.String({ format: "email", maxLength: 320 }),
  password: Type.String({ maxLength: 1024 }),
  name: Maybe(Type.String({ minLength: 1, maxLength: 100 })),
  username: Maybe(Type.String({ minLength: 3, maxLength: 50 })),
  referral_code: Maybe(Type.String({ maxLength: 32 })),
  setup_token: Maybe(Type.String({ maxLength: 200 })),
});

/** JSON `{email, password}` or the OAuth2 password form `{username, password}` of the Swagger page. */
export const Login = Type.Object({
  email: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
  username: Type.Optional(Type.String({ minLength: 1, maxLength: 320 })),
  password: Type.String({ minLength: 1, maxLength: 1024 }),
});

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
    summary: "Rotate the refresh cookie for a new access token",
    auth: "none",
    csrf: false,
    response: Type.Object({ access_token: Type.String(), token_type: Type.Literal("bearer") }),
    errors: ["refresh_invalid"],
  }),
  wsTicket: route({
    method: "POST",
    path: "/api/auth/ws-ticket",
    tag,
    summary: "A one-use ticket (60 s) for a WebSocket",
    auth: "user",
    response: Type.Object({ ticket: Type.String(), expires_in: Type.Integer() }),
  }),
};
