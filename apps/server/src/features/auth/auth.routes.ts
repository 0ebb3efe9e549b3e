import { authRoutes } from "@tesslate/contract";
import type { Config } from "../../config.ts";
import { csrfCookie, sessionCookie, type Context } from "../../http/context.ts";
import type { Handler, Mount } from "../../http/mount.ts";
import { AppError, invalid } from "../../platform/errors.ts";
import { wireOf } from "../users/index.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { Auth, Caller, TokenPair } from "./auth.service.ts";
import { oauthStateMs, type Oauth } from "./oauth.ts";
import type { ProviderName } from "./oauth.providers.ts";
import type { Recovery } from "./recovery.ts";
import type { Sessions } from "./sessions.ts";

const refreshCookie = "tesslate_refresh";
const refreshPath = "/api/auth";
const oauthCookie = "tesslate_oauth";

/** accounts-projects 2 and 9. Cookies are set here and nowhere else. */
export function mountAuth(
  mount: Mount,
  {
    auth,
    recovery,
    oauth,
    sessions,
    apiKeys,
    config,
    appBaseUrl,
  }: { auth: Auth; recovery: Recovery; oauth: Oauth; sessions: Sessions; apiKeys: ApiKeys; config: Config["auth"]; appBaseUrl: string },
): void {
  type Http = Pick<Context<unknown>, "setCookie" | "clearCookie" | "ip" | "headers">;
  const flags = { httpOnly: true, secure: config.cookie.secure, sameSite: config.cookie.sameSite, domain: config.cookie.domain };
  const setPair = ({ setCookie }: Http, { accessToken, refreshToken }: TokenPair) => {
    setCookie(sessionCookie, accessToken, { ...flags, path: "/", maxAge: Math.floor(config.accessTokenMs / 1000) });
    setCookie(refreshCookie, refreshToken, { ...flags, path: refreshPath, maxAge: Math.floor(config.refreshTokenMs / 1000) });
  };
  const clearPair = ({ clearCookie }: Http) => {
    clearCookie(sessionCookie, { ...flags, path: "/" });
    clearCookie(refreshCookie, { ...flags, path: refreshPath });
  };
  const callerOf = ({ ip, headers }: Http): Caller => ({ ip, user_agent: headers["user-agent"] });

  const authorize =
    (name: ProviderName): Handler<typeof authRoutes.googleAuthorize> =>
    async ({ cookies, setCookie, setHeader }, { query }) => {
      const { url, browser } = await oauth.begin(name, {
        scopes: [query.scopes ?? []].flat(),
        next: query.next,
        browser: cookies[oauthCookie],
      });
      // Lax whatever our other cookies are: the browser must bring it along when the provider sends it back.
      setCookie(oauthCookie, browser, { ...flags, sameSite: "lax", path: refreshPath, maxAge: oauthStateMs / 1000 });
      setHeader("cache-control", "no-store");
      return { authorization_url: url };
    };
  const callback =
    (name: ProviderName): Handler<typeof authRoutes.googleCallback> =>
    async (context, _, { request, reply }) => {
      const answer = new URL(request.url, appBaseUrl).searchParams;
      const outcome = await oauth.finish(name, answer, context.cookies[oauthCookie]);
      reply.header("cache-control", "no-store");
      if (outcome === "oauth_failed") return reply.redirect(`${appBaseUrl}/login?error=oauth_failed`, 303);
      setPair(context, await auth.open(outcome.user, callerOf(context)));
      return reply.redirect(`${appBaseUrl}/oauth/callback${outcome.next ? `?next=${encodeURIComponent(outcome.next)}` : ""}`, 303);
    };

  mount("auth", authRoutes, {
    register: async (context, { body }) => wireOf(await auth.register(body, callerOf(context))),
    login: async (context, { body }) => {
      const login = body.email ?? body.username;
      if (login === undefined) throw invalid(["body", "email"], "Field required", "missing");
      const { answer, pair } = await auth.login(login, body.password, callerOf(context));
      if (pair) setPair(context, pair);
      return answer;
    },
    logout: async (context) => {
      await auth.logout(context.user);
      clearPair(context);
      return { message: "Signed out." };
    },
    csrf: async ({ cookies, setCookie, setHeader }) => {
      const csrf_token = await auth.csrfToken(cookies[sessionCookie]);
      setCookie(csrfCookie, csrf_token, { ...flags, path: "/", maxAge: Math.floor(config.csrfMaxAgeMs / 1000) });
      setHeader("cache-control", "no-store");
      return { csrf_token };
    },
    refresh: async (context) => {
      try {
        const pair = await auth.refresh(context.cookies[refreshCookie]);
        setPair(context, pair);
        return { access_token: pair.accessToken, token_type: "bearer" as const };
      } catch (error) {
        // Only a session that is over is forgotten; a database that is away for a moment signs nobody out.
        if (error instanceof AppError && error.code === "refresh_invalid") clearPair(context);
        throw error;
      }
    },
    forgotPassword: async ({ ip }, { body }) => {
      await recovery.forgotPassword(body.email, ip);
      return { message: "If there is an account with this address, a link is on its way to it." };
    },
    resetPassword: async (_, { body }) => {
      await recovery.resetPassword(body.token, body.password);
      return { message: "Your password is set. Sign in with it." };
    },
    verify: async (_, { body }) => wireOf(await recovery.verify(body.token)),
    requestVerifyToken: async ({ ip }, { body }) => {
      await recovery.requestVerification(body.email, ip);
      return { message: "If this address waits to be confirmed, a link is on its way to it." };
    },
    twoFactorVerify: async (context, { body }) => {
      const { answer, pair } = await auth.finishLogin(body.temp_token, body.code, callerOf(context));
      setPair(context, pair);
      return answer;
    },
    twoFactorResend: async (context, { body }) => {
      await auth.resendCode(body.temp_token, callerOf(context));
      return { message: "A new code is on its way. Older ones no longer work." };
    },
    sessions: ({ user }, { query }) => sessions.list(user.id, user.session_id, query),
    endSession: ({ user }, { params }) => sessions.end(user.id, params.id),
    endOtherSessions: ({ user }) => sessions.endOthers(user.id, user.session_id),
    apiKeys: ({ user }, { query }) => apiKeys.list(user.id, query),
    createApiKey: ({ user }, { body }) => apiKeys.create(user.id, body),
    deleteApiKey: ({ user }, { params }) => apiKeys.remove(user.id, params.id),
    googleAuthorize: authorize("google"),
    googleCallback: callback("google"),
    githubAuthorize: authorize("github"),
    githubCallback: callback("github"),
    wsTicket: ({ user }) => auth.issueTicket(user),
  });
}
