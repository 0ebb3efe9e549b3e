import { authRoutes } from "@tesslate/contract";
import type { Config } from "../../config.ts";
import { csrfCookie, sessionCookie, type Context } from "../../http/context.ts";
import type { Mount } from "../../http/mount.ts";
import { AppError, invalid } from "../../platform/errors.ts";
import { wireOf } from "../users/index.ts";
import type { Auth, Caller, TokenPair } from "./auth.service.ts";

const refreshCookie = "tesslate_refresh";
const refreshPath = "/api/auth";

/** accounts-projects 2 and 9. Cookies are set here and nowhere else. */
export function mountAuth(mount: Mount, { auth, config }: { auth: Auth; config: Config["auth"] }): void {
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
    wsTicket: ({ user }) => auth.issueTicket(user),
  });
}
