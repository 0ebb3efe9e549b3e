import type { Authenticator, Principal } from "../../../http/context.ts";
import { unauthorized } from "../../../platform/errors.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { SessionTokens } from "./session-tokens.ts";
import type { LiveSession, Sessions } from "./sessions.ts";
import type { Tickets } from "./tickets.ts";

/** Implements the HTTP layer's `Authenticator`. */
export function createAuthenticator({
  tokens,
  sessions,
  apiKeys,
  tickets,
  noteImpersonated,
}: {
  tokens: SessionTokens;
  sessions: Sessions;
  apiKeys: ApiKeys;
  tickets: Pick<Tickets, "redeem">;
  noteImpersonated: Authenticator["noteImpersonated"];
}): Authenticator & {
  /** A token bound to the session of this access cookie, or to no session. */
  csrfToken(accessCookie: string | undefined): Promise<string>;
} {
  const principalOf = ({ id, user, impersonator, expires_at_ms }: LiveSession, via: Principal["via"]): Principal => ({
    ...user,
    session_id: id,
    via,
    ...(impersonator && { impersonator: { ...impersonator, expires_at_ms } }),
  });
  const sessionOf = async (token: string): Promise<LiveSession | undefined> => {
    const claims = tokens.verify(token);
    if (!claims) return undefined;
    const session = await sessions.find(claims.sid);
    return session?.user.id === claims.sub ? session : undefined;
  };

  return {
    authenticate: async ({ bearer, cookie, refresh }) => {
      if (bearer !== undefined && apiKeys.isKey(bearer)) return apiKeys.authenticate(bearer);
      const token = bearer ?? cookie;
      const session = (token ? await sessionOf(token) : undefined) ?? (refresh ? await sessions.findByRefresh(refresh) : undefined);
      return session && principalOf(session, bearer === undefined ? "cookie" : "bearer");
    },
    refusal: async (token) => {
      if (token === undefined) return unauthorized();
      if (apiKeys.isKey(token))
        return (await apiKeys.hasExpired(token))
          ? unauthorized("This API key has expired. Create a new one in Settings, API keys.", "token_expired")
          : unauthorized("This API key is unknown or was deleted. Keys are created in Settings, API keys.");
      return tokens.hasExpired(token)
        ? unauthorized(
            "The access token has expired. Get a new one from POST /api/auth/refresh, or use an API key, which lasts until it is deleted.",
            "token_expired",
          )
        : unauthorized();
    },
    redeemTicket: async (ticket) => {
      const session = await tickets.redeem(ticket);
      return session && principalOf(session, "ticket");
    },
    noteImpersonated,
    checkCsrf: (principal, header, cookie) => tokens.csrf.check(principal.session_id, header, cookie),
    watch: (principal, ended) =>
      principal.session_id === undefined ? apiKeys.watch(principal, ended) : sessions.watch(principal.session_id, principal.id, ended),
    csrfToken: async (accessCookie) => tokens.csrf.make(accessCookie ? (await sessionOf(accessCookie))?.id : undefined),
  };
}
