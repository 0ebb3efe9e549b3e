import type { Config } from "../../../config.ts";
import { refreshCookie, sessionCookie, type Context } from "../../../http/context.ts";
import type { TokenPair } from "./open-session.ts";

export const authPath = "/api/auth";

type Http = Pick<Context<unknown>, "setCookie" | "clearCookie">;

/** Sets and clears the session cookies. */
export type AuthCookies = ReturnType<typeof createAuthCookies>;
export function createAuthCookies(config: Config["auth"]) {
  const flags = { httpOnly: true, secure: config.cookie.secure, sameSite: config.cookie.sameSite, domain: config.cookie.domain };
  return {
    flags,
    setPair: ({ setCookie }: Http, { accessToken, refreshToken }: TokenPair): void => {
      setCookie(sessionCookie, accessToken, { ...flags, path: "/", maxAge: Math.floor(config.accessTokenMs / 1000) });
      setCookie(refreshCookie, refreshToken, { ...flags, path: authPath, maxAge: Math.floor(config.refreshTokenMs / 1000) });
    },
    /** Replaces the access cookie only; the refresh token keeps its session. */
    setAccess: ({ setCookie }: Pick<Http, "setCookie">, accessToken: string, lifetimeMs: number): void =>
      setCookie(sessionCookie, accessToken, { ...flags, path: "/", maxAge: Math.floor(lifetimeMs / 1000) }),
    clearAccess: ({ clearCookie }: Pick<Http, "clearCookie">): void => clearCookie(sessionCookie, { ...flags, path: "/" }),
    clearPair: ({ clearCookie }: Http): void => {
      clearCookie(sessionCookie, { ...flags, path: "/" });
      clearCookie(refreshCookie, { ...flags, path: authPath });
    },
  };
}
