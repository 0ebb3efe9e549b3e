import { authRoutes, type LoginResponse } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { csrfCookie, refreshCookie, sessionCookie, type Context } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import { AppError, invalid } from "../../../platform/errors.ts";
import { presentUser } from "../users/index.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { AuthCookies } from "./auth.cookies.ts";
import type { Auth, Recovery } from "./auth.service.ts";
import { oauthHandlers } from "./oauth.routes.ts";
import type { Oauth } from "./oauth.ts";
import type { Caller, TokenPair } from "./open-session.ts";
import type { Sessions } from "./sessions.ts";

/** Routes of registration, sign-in, sessions, API keys and password recovery. */
export function mountAuth(
  mount: Mount,
  {
    auth,
    recovery,
    oauth,
    sessions,
    apiKeys,
    cookies,
    config,
    appBaseUrl,
  }: {
    auth: Auth;
    recovery: Recovery;
    oauth: Oauth;
    sessions: Sessions;
    apiKeys: ApiKeys;
    cookies: AuthCookies;
    config: Config["auth"];
    appBaseUrl: string;
  },
): void {
  type Http = Pick<Context<unknown>, "setCookie" | "clearCookie" | "ip" | "headers">;
  const { flags, setPair, clearPair } = cookies;
  const callerOf = ({ ip, headers }: Http): Caller => ({ ip, user_agent: headers["user-agent"] });

  const parts = { oauth, auth, cookies, appBaseUrl };
  const [google, github, oidc] = [oauthHandlers("google", parts), oauthHandlers("github", parts), oauthHandlers("oidc", parts)];

  /** Returns the refresh token as an HttpOnly cookie, or in the body for programs that ask for it. */
  const hand = (http: Http, { answer, pair }: { answer: LoginResponse; pair: TokenPair | undefined }, inBody: boolean): LoginResponse => {
    if (pair && inBody) return { ...answer, refresh_token: pair.refreshToken };
    if (pair) setPair(http, pair);
    return answer;
  };

  mount("auth", authRoutes, {
    register: async (context, { body }) => presentUser(await auth.register(body, callerOf(context))),
    login: async (context, { body }) => {
      const login = body.email ?? body.username;
      if (login === undefined) throw invalid(["body", "email"], "Field required", "missing");
      const isOffline = body.scope?.split(" ").includes("offline_access") === true;
      return hand(context, await auth.login(login, body.password, callerOf(context)), body.with_refresh_token === true || isOffline);
    },
    logout: async (context) => {
      await auth.logout(context.user);
      clearPair(context);
      return { message: "Signed out." };
    },
    csrf: async ({ cookies: brought, setCookie, setHeader }) => {
      const csrf_token = await auth.csrfToken(brought[sessionCookie]);
      setCookie(csrfCookie, csrf_token, { ...flags, path: "/", maxAge: Math.floor(config.csrfMaxAgeMs / 1000) });
      setHeader("cache-control", "no-store");
      return { csrf_token };
    },
    refresh: async (context, { body }) => {
      const answerOf = ({ accessToken }: TokenPair, refresh_token: string | null) => ({
        access_token: accessToken,
        token_type: "bearer" as const,
        expires_in: auth.expiresIn,
        refresh_token,
      });
      if (body.refresh_token !== undefined) {
        const pair = await auth.refresh(body.refresh_token);
        return answerOf(pair, pair.refreshToken);
      }
      try {
        const pair = await auth.refresh(context.cookies[refreshCookie]);
        setPair(context, pair);
        return answerOf(pair, null);
      } catch (error) {
        // Clear the cookies only when the session has ended, not when the database is unreachable.
        if (error instanceof AppError && error.code === "refresh_invalid") clearPair(context);
        throw error;
      }
    },
    forgotPassword: async ({ ip }, { body }) => {
      await recovery.forgotPassword(body.email, ip);
      return { message: "If an account with this email exists, we emailed it a link." };
    },
    resetPassword: async (_, { body }) => {
      await recovery.resetPassword(body.token, body.password);
      return { message: "Password set. You can sign in now." };
    },
    verify: async (_, { body }) => presentUser(await recovery.verify(body.token)),
    requestVerifyToken: async ({ ip }, { body }) => {
      await recovery.requestVerification(body.email, ip);
      return { message: "If this email needs to be confirmed, we emailed it a link." };
    },
    twoFactorVerify: async (context, { body }) => {
      const { temp_token, code, recovery_code } = body;
      if (code === undefined && recovery_code === undefined) throw invalid(["body", "code"], "Field required", "missing");
      const signedIn = await auth.finishLogin(temp_token, { code, recovery_code }, callerOf(context));
      return hand(context, signedIn, body.with_refresh_token === true);
    },
    twoFactorResend: async (context, { body }) => {
      await auth.resendCode(body.temp_token, callerOf(context));
      return { message: "We emailed you a new code. Earlier codes no longer work." };
    },
    sessions: ({ user }, { query }) => sessions.list(user.id, user.session_id, query),
    endSession: ({ user }, { params }) => sessions.end(user.id, params.id),
    endOtherSessions: ({ user }) => sessions.endOthers(user.id, user.session_id),
    apiKeys: ({ user }, { query }) => apiKeys.list(user.id, query),
    createApiKey: ({ user }, { body }) => apiKeys.create(user.id, body),
    deleteApiKey: ({ user }, { params }) => apiKeys.remove(user.id, params.id),
    googleAuthorize: google.authorize,
    googleCallback: google.callback,
    githubAuthorize: github.authorize,
    githubCallback: github.callback,
    oidcAuthorize: oidc.authorize,
    oidcCallback: oidc.callback,
    wsTicket: ({ user }) => auth.issueTicket(user),
  });
}
