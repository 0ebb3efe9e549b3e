import * as client from "openid-client";
import { ownPath, type ErrorCode, type LinkedAccount, type List, type SignInProvider } from "@tesslate/contract";
import { randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PageQuery } from "../../../platform/pagination.ts";
import type { UserRow } from "../users/index.ts";
import type { OauthAccounts } from "./oauth-accounts.ts";
import type { LinkingSession, OauthLinks } from "./oauth-links.ts";
import type { OauthStates } from "./oauth-states.ts";
import type { OAuthProvider } from "./oauth.providers.ts";
import type { Origin } from "./security-log.ts";

interface PendingSignIn {
  verifier: string;
  nonce: string;
  next?: string;
  link?: LinkingSession;
}
/** The outcome of a callback: sign-in, linked account (or the error code), or failure. */
export type OauthOutcome =
  | { kind: "sign_in"; user: UserRow; next: string | undefined }
  | { kind: "linked"; error: ErrorCode | undefined }
  | { kind: "failed" };

/**
 * Sign-in with an OAuth provider: authorization code flow with PKCE. The state is checked before the code is exchanged.
 */
export type Oauth = ReturnType<typeof createOauth>;
export function createOauth({
  providers,
  states,
  accounts,
  links,
  log,
}: {
  providers: Partial<Record<SignInProvider, OAuthProvider>>;
  states: OauthStates;
  accounts: OauthAccounts;
  links: OauthLinks;
  log: Logger;
}) {
  const providerOf = (name: SignInProvider): OAuthProvider => {
    const provider = providers[name];
    if (!provider) throw new AppError("oauth_not_configured", "This sign-in provider is not configured on this server.");
    return provider;
  };

  return {
    isAvailable: (name: SignInProvider): boolean => providers[name] !== undefined,

    /** `browser`: the value of the browser's cookie, shared by concurrent flows in several tabs. Throws `oauth_not_configured`. */
    begin: async (
      name: SignInProvider,
      {
        scopes = [],
        next,
        link,
        browser = randomToken(),
      }: { scopes?: readonly string[]; next?: string | undefined; link?: PendingSignIn["link"]; browser: string | undefined },
    ): Promise<{ url: string; browser: string }> => {
      const provider = providerOf(name);
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
      const url = await provider
        .authorizationUrl({ state, nonce, challenge: await client.calculatePKCECodeChallenge(verifier), scopes })
        .catch((err: unknown) => {
          log.warn({ err, provider: name }, "sign-in provider unreachable");
          throw new AppError("bad_gateway", "The sign-in provider could not be reached. Try again later.");
        });
      const path = ownPath(next);
      const flowState: PendingSignIn = { verifier, nonce, ...(path !== undefined && { next: path }), ...(link && { link }) };
      await states.keep(name, state, browser, flowState);
      return { url, browser };
    },

    /**
     * The user who came back from the provider. Throws `invalid_state_token`, `state_token_expired`, `oauth_denied`,
     * `oauth_not_available_email`, `sign_up_closed`, `login_bad_credentials`; anything else that goes wrong is `oauth_failed`.
     */
    finish: async (name: SignInProvider, answer: URLSearchParams, browser: string | undefined, from: Origin): Promise<OauthOutcome> => {
      const provider = providerOf(name);
      const state = answer.get("state") ?? "";
      const { verifier, nonce, next, link } = await states.take<PendingSignIn>(name, state, browser);
      if (answer.get("error") || !answer.get("code")) {
        if (link) return { kind: "linked", error: "oauth_denied" };
        throw badRequest("Access was denied at the provider.", "oauth_denied");
      }
      const profile = await provider.redeem({ answer, state, nonce, verifier }).catch((err: unknown) => {
        log.warn({ err: reasonOf(err), provider: name }, "sign-in at provider failed");
        return undefined;
      });
      if (link) return { kind: "linked", error: profile ? await links.connect(name, profile, link, from) : "bad_gateway" };
      if (!profile) return { kind: "failed" };
      const user = await accounts.signIn(name, profile);
      return { kind: "sign_in", user, next };
    },

    list: (userId: string, query: PageQuery): Promise<List<LinkedAccount>> =>
      links.list(userId, query, (provider) => provider in providers),
    requireLinked: links.requireLinked,
    disconnect: links.disconnect,
  };
}

/** The provider's response may contain codes and tokens; the error's name and message do not. */
const reasonOf = (error: unknown) => (error instanceof Error ? { name: error.name, message: error.message } : String(error));
