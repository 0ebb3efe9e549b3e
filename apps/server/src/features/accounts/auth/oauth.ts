import * as client from "openid-client";
import { ownPath, type ErrorCode, type LinkedAccount, type List, type SignInProvider } from "@tesslate/contract";
import { randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest, notFound, unauthorized } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { canSignIn, isAsciiEmail, type UserRow, type Users } from "../users/index.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { OauthStates } from "./oauth-states.ts";
import type { OauthStore } from "./oauth.store.ts";
import type { Profile, OAuthProvider } from "./oauth.providers.ts";
import type { LockUser, SessionOrigin } from "./lock-user.ts";
import type { Sessions } from "./sessions.ts";
import type { Origin, SecurityLog } from "./security-log.ts";
import type { Setup } from "./setup.ts";
import type { LoginMethods } from "./login-methods.store.ts";

interface PendingSignIn {
  verifier: string;
  nonce: string;
  next?: string;
  /** The user and session that link a provider account. */
  link?: { user_id: string; session_id: string };
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
  store,
  states,
  users,
  sessions,
  setup,
  lockUser,
  loginMethods,
  apiKeys,
  securityLog,
  log,
}: {
  providers: Partial<Record<SignInProvider, OAuthProvider>>;
  store: OauthStore;
  states: OauthStates;
  users: Users;
  sessions: Sessions;
  setup: Setup;
  lockUser: LockUser;
  loginMethods: LoginMethods;
  apiKeys: Pick<ApiKeys, "removeAll">;
  securityLog: SecurityLog;
  log: Logger;
}) {
  const providerOf = (name: SignInProvider): OAuthProvider => {
    const provider = providers[name];
    if (!provider) throw new AppError("oauth_not_configured", "This sign-in provider is not configured on this server.");
    return provider;
  };

  /** Finds the user of a provider account: linked before, with the same verified email, or newly created. */
  const resolve = (name: SignInProvider, profile: Profile): Promise<{ user: UserRow; isAdmin: boolean }> =>
    store.transaction(async (tx) => {
      await store.lockAccount(tx, name, profile.account_id);
      const knownId = await store.findAccount(tx, name, profile.account_id);
      const known = knownId && (await users.find(knownId, tx));
      if (known) {
        if (profile.avatar_url) await users.backfillAvatar(tx, known.id, profile.avatar_url);
        return { user: known, isAdmin: false };
      }
      // Non-ASCII addresses are refused, because look-alikes must not match an existing account.
      if (!profile.email || !profile.isEmailVerified || !isAsciiEmail(profile.email))
        throw badRequest(
          "The provider did not share a confirmed email address. Confirm your email there, or allow access to it.",
          "oauth_not_available_email",
        );
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
        if (!existing) throw new Error("account neither created nor found");
      }
      if (!canSignIn(existing)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      if (!existing.is_verified) {
        // The account's email was never verified; the provider just verified its owner, so remove earlier credentials.
        existing = (await users.claim(tx, existing.id)) ?? existing;
        await loginMethods.clear(tx, existing.id);
        await apiKeys.removeAll(tx, existing.id);
        await sessions.revokeOthers(tx, existing.id, undefined, "claimed");
      }
      if (avatar_url) await users.backfillAvatar(tx, existing.id, avatar_url);
      await link(existing);
      return { user: existing, isAdmin: false };
    });

  /** Links a provider account to the user. Returns an error code on failure. */
  const connect = async (
    name: SignInProvider,
    profile: Profile,
    link: NonNullable<PendingSignIn["link"]>,
    from: Origin,
  ): Promise<ErrorCode | undefined> => {
    // The session may have ended since.
    const session = await sessions.find(link.session_id);
    if (session?.user.id !== link.user_id) return "unauthorized";
    return store.transaction(async (tx) => {
      await store.lockAccount(tx, name, profile.account_id);
      await loginMethods.lock(tx, link.user_id);
      if (!(await sessions.isOpenNow(tx, link.session_id, link.user_id))) return "unauthorized";
      const knownId = await store.findAccount(tx, name, profile.account_id);
      if (knownId === link.user_id) return undefined;
      if (knownId !== undefined) return "account_linked_elsewhere";
      const user = await users.find(link.user_id, tx);
      if (!user) return "unauthorized";
      await store.insertAccount(tx, {
        user_id: user.id,
        provider: name,
        account_id: profile.account_id,
        account_email: profile.email ?? "",
      });
      await securityLog.note(tx, user, "account_linked", from, name);
      return undefined;
    });
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
     * `oauth_not_available_email`, `login_bad_credentials`; anything else that goes wrong is `oauth_failed`.
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
      if (link) return { kind: "linked", error: profile ? await connect(name, profile, link, from) : "bad_gateway" };
      if (!profile) return { kind: "failed" };
      const { user, isAdmin } = await resolve(name, profile);
      if (isAdmin) await setup.finish();
      if (!canSignIn(user)) throw unauthorized("This account cannot sign in.", "login_bad_credentials");
      await sessions.forgetUser(user.id);
      return { kind: "sign_in", user, next };
    },

    list: async (userId: string, query: PageQuery): Promise<List<LinkedAccount>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(
        rows.map(({ id, provider, account_email, created_at }) => ({
          id,
          provider: provider as SignInProvider,
          email: account_email || null,
          is_usable: provider in providers,
          created_at,
        })),
        total,
      );
    },
    /** Throws `not_found`. Call it before re-authentication. */
    requireLinked: async (userId: string, id: string): Promise<void> => {
      if (!(await store.isLinked(userId, id))) throw notFound("Linked account");
    },
    /** Throws `not_found`, `last_way_in`. */
    disconnect: async (user: UserRow, id: string, from: SessionOrigin): Promise<void> =>
      store.transaction(async (tx) => {
        await lockUser(tx, user.id, from);
        const removed = await store.remove(tx, user.id, id);
        if (!removed) throw notFound("Linked account");
        await loginMethods.requireOne(tx, user.id);
        await securityLog.note(tx, user, "account_unlinked", from, removed.provider);
      }),
  };
}

/** The provider's response may contain codes and tokens; the error's name and message do not. */
const reasonOf = (error: unknown) => (error instanceof Error ? { name: error.name, message: error.message } : String(error));
