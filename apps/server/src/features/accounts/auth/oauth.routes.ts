import { linkedAccountsRoutes, type authRoutes, type SignInProvider } from "@tesslate/contract";
import type { Context } from "../../../http/context.ts";
import type { Handler, Mount } from "../../../http/mount.ts";
import { AppError } from "../../../platform/errors.ts";
import { authPath, type AuthCookies } from "./auth.cookies.ts";
import type { Auth } from "./auth.service.ts";
import { refusalPage } from "./oauth.page.ts";
import { gitConnectMark, oauthStateMs } from "./oauth-states.ts";
import type { Oauth } from "./oauth.ts";
import type { Reauthenticate } from "./reauthenticate.ts";
import { sessionOriginOf } from "./second-factor.routes.ts";

const oauthCookie = "tesslate_oauth";

interface Parts {
  oauth: Oauth;
  auth: Auth;
  cookies: AuthCookies;
  appBaseUrl: string;
}
type Http = Pick<Context<unknown>, "setCookie" | "setHeader">;

// Always Lax: the browser must send it when the provider redirects back.
const bindBrowser = ({ setCookie, setHeader }: Http, { flags }: AuthCookies, browser: string): void => {
  setCookie(oauthCookie, browser, { ...flags, sameSite: "lax", path: authPath, maxAge: oauthStateMs / 1000 });
  setHeader("cache-control", "no-store");
};

/** Handlers of the authorize and callback routes of a provider. */
export function oauthHandlers(
  name: SignInProvider,
  { oauth, auth, cookies, appBaseUrl }: Parts,
): { authorize: Handler<typeof authRoutes.googleAuthorize>; callback: Handler<typeof authRoutes.googleCallback> } {
  return {
    authorize: async (context, { query }) => {
      const { url, browser } = await oauth.begin(name, {
        scopes: [query.scopes ?? []].flat(),
        next: query.next,
        browser: context.cookies[oauthCookie],
      });
      bindBrowser(context, cookies, browser);
      return { authorization_url: url };
    },
    callback: async (context, _, { request, reply }) => {
      const answer = new URL(request.url, appBaseUrl).searchParams;
      reply.header("cache-control", "no-store");
      if (name === "github" && answer.get("state")?.startsWith(gitConnectMark))
        return reply.redirect(`/api/git-providers/github/callback?${answer.toString()}`, 303);
      try {
        const from = { ip: context.ip, user_agent: context.headers["user-agent"] };
        const finished = await oauth.finish(name, answer, context.cookies[oauthCookie], from);
        if (finished.kind === "failed") return await reply.redirect(`${appBaseUrl}/login?error=oauth_failed`, 303);
        if (finished.kind === "linked") {
          const query = new URLSearchParams(finished.error ? { link_error: finished.error } : { linked: name });
          return await reply.redirect(`${appBaseUrl}/settings/security?${query.toString()}`, 303);
        }
        const { user, next } = finished;
        cookies.setPair(context, await auth.open(user, from, name));
        return await reply.redirect(`${appBaseUrl}/oauth/callback${next ? `?next=${encodeURIComponent(next)}` : ""}`, 303);
      } catch (error) {
        // A browser that a provider redirected here gets a page instead of JSON.
        if (!(error instanceof AppError) || !/\btext\/html\b/.test(context.headers.accept ?? "")) throw error;
        return reply
          .code(error.status)
          .type("text/html; charset=utf-8")
          .send(refusalPage(error.message, `${appBaseUrl}/login?error=${error.code}`));
      }
    },
  };
}

/** Routes of linked accounts. */
export function mountLinkedAccounts(
  mount: Mount,
  { oauth, cookies, reauthenticate }: { oauth: Oauth; cookies: AuthCookies; reauthenticate: Reauthenticate },
): void {
  mount("linkedAccounts", linkedAccountsRoutes, {
    list: ({ user }, { query }) => oauth.list(user.id, query),
    begin: async (context, { body }) => {
      const { id: user_id, session_id } = context.user;
      await reauthenticate(user_id, body);
      if (session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
      const { url, browser } = await oauth.begin(body.provider, { link: { user_id, session_id }, browser: context.cookies[oauthCookie] });
      bindBrowser(context, cookies, browser);
      return { authorization_url: url };
    },
    remove: async (context, { params, body }) => {
      await oauth.requireLinked(context.user.id, params.id);
      await oauth.disconnect(await reauthenticate(context.user.id, body), params.id, sessionOriginOf(context));
    },
  });
}
