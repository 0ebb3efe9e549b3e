import * as client from "openid-client";
import { hashToken, randomToken, type CryptoBox } from "../../platform/crypto.ts";
import { AppError, badRequest, unauthorized } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { isLiving, type UserRow, type Users } from "../users/index.ts";
import type { OauthStore } from "./oauth.store.ts";
import type { Profile, Provider, ProviderName } from "./oauth.providers.ts";
import type { Sessions } from "./sessions.ts";
import type { Setup } from "./setup.ts";

/** What a sign-in under way is bound to. */
export const oauthStatePlace = (provider: string, stateHash: string): string => `oauth state ${provider} ${stateHash}`;

export const oauthStateMs = 600_000;

interface Begun {
  verifier: string;
  nonce: string;
  next?: string;
}

/**
 * Signing in with an account elsewhere (accounts-projects 2): code flow with PKCE; a state that serves once, for ten minutes, in the browser that
 * asked for it, checked before the code is exchanged.
 */
export type Oauth = ReturnType<typeof createOauth>;
export function createOauth({
  providers,
  store,
  users,
  sessions,
  setup,
  box,
  log,
}: {
  providers: Partial<Record<ProviderName, Provider>>;
  store: OauthStore;
  users: Users;
  sessions: Sessions;
  setup: Setup;
  box: CryptoBox;
  log: Logger;
}) {
  const providerOf = (name: ProviderName): Provider => {
    const provider = providers[name];
    if (!provider) throw new AppError("oauth_not_configured", "This way of signing in is not set up on this server.");
    return provider;
  };

  /** Whose account this is: a known one, one with the same confirmed address, or a new one. */
  const resolve = (name: ProviderName, profile: Profile): Promise<{ user: UserRow; isAdmin: boolean }> =>
    store.transaction(async (tx) => {
      await store.lockAccount(tx, name, profile.account_id);
      const knownId = await store.findAccount(tx, name, profile.account_id);
      const known = knownId && (await users.find(knownId, tx));
      if (known) {
        if (profile.avatar_url) await users.backfillAvatar(tx, known.id, profile.avatar_url);
        return { user: known, isAdmin: false };
      }
      if (!profile.email || !profile.isEmailVerified)
        throw badRequest("That account has no confirmed e-mail address that it lets us see.", "oauth_not_available_email");
      const link = (user: UserRow) =>
        store.insertAccount(tx, { user_id: user.id, provider: name, account_id: profile.account_id, account_email: profile.email ?? "" });
      const { email, name: called, avatar_url } = profile;
      let existing = await users.findByEmail(email, tx);
      if (!existing) {
        const is_superuser = await setup.decideAdmin(tx, undefined);
        const created = await users.registerVerified(tx, { email, name: called, avatar_url }, is_superuser);
        if (created) {
          await link(created);
          return { user: created, isAdmin: is_superuser };
        }
        existing = await users.findByEmail(email, tx);
        if (!existing) throw new Error("account neither made nor found");
      }
      if (!isLiving(existing)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      if (!existing.is_verified) {
        // Whoever made this account never showed that the address is theirs; its owner just did.
        await users.claim(tx, existing.id);
        await sessions.revokeOthers(tx, existing.id, undefined, "claimed");
      }
      if (avatar_url) await users.backfillAvatar(tx, existing.id, avatar_url);
      await link(existing);
      return { user: existing, isAdmin: false };
    });

  return {
    isAvailable: (name: ProviderName): boolean => providers[name] !== undefined,

    /** `browser`: what this browser was given before, so that several tabs can be under way at once. Throws `oauth_not_configured`. */
    begin: async (
      name: ProviderName,
      { scopes, next, browser = randomToken() }: { scopes: readonly string[]; next: string | undefined; browser: string | undefined },
    ): Promise<{ url: string; browser: string }> => {
      const provider = providerOf(name);
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
      const stateHash = hashToken(state);
      const url = await provider
        .authorizationUrl({ state, nonce, challenge: await client.calculatePKCECodeChallenge(verifier), scopes })
        .catch((err: unknown) => {
          log.warn({ err, provider: name }, "sign-in provider not reached");
          throw new AppError("bad_gateway", "That provider cannot be reached at the moment.");
        });
      const begun: Begun = { verifier, nonce, ...(next !== undefined && isPath(next) && { next }) };
      await store.insertState({
        state_hash: stateHash,
        provider: name,
        browser_hash: hashToken(browser),
        sealed: box.seal(JSON.stringify(begun), oauthStatePlace(name, stateHash)),
        lifetimeMs: oauthStateMs,
      });
      return { url, browser };
    },

    /**
     * The user who came back from the provider. Throws `invalid_state_token`, `state_token_expired`, `oauth_denied`,
     * `oauth_not_available_email`, `login_bad_credentials`; anything else that goes wrong is `oauth_failed`.
     */
    finish: async (
      name: ProviderName,
      answer: URLSearchParams,
      browser: string | undefined,
    ): Promise<{ user: UserRow; next: string | undefined } | "oauth_failed"> => {
      const provider = providerOf(name);
      const state = answer.get("state") ?? "";
      const stateHash = hashToken(state);
      const taken = state && browser ? await store.takeState(stateHash, name, hashToken(browser)) : undefined;
      if (!taken) throw badRequest("This sign-in was not begun in this browser, or is used up. Begin again.", "invalid_state_token");
      if (taken.isExpired) throw badRequest("This sign-in took too long. Begin again.", "state_token_expired");
      if (answer.get("error") || !answer.get("code")) throw badRequest("The provider was not allowed to sign you in.", "oauth_denied");
      const { verifier, nonce, next } = JSON.parse(box.open(taken.sealed, oauthStatePlace(name, stateHash))) as Begun;
      const profile = await provider.redeem({ answer, state, nonce, verifier }).catch((err: unknown) => {
        log.warn({ err: reasonOf(err), provider: name }, "sign-in at a provider failed");
        return undefined;
      });
      if (!profile) return "oauth_failed";
      const { user, isAdmin } = await resolve(name, profile);
      if (isAdmin) await setup.finish();
      if (!isLiving(user)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      await sessions.forgetUser(user.id);
      return { user, next };
    },
  };
}

/** Only ever a path of our own app. */
const isPath = (next: string) => /^\/(?![/\\])/.test(next);

/** The provider's own words may hold codes and tokens; the name and the message of the library do not. */
const reasonOf = (error: unknown) => (error instanceof Error ? { name: error.name, message: error.message } : String(error));
