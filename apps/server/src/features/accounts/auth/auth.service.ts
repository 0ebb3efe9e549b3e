import type { LoginResponse } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import type { Authenticator, Principal } from "../../../http/context.ts";
import { hashToken, randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import { unauthorized, type AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type Passwords, type Registration, type UserRow, type Users } from "../users/index.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { AuthStore } from "./auth.store.ts";
import type { SecurityLog } from "./security-log.ts";
import type { LiveSession, Sessions } from "./sessions.ts";
import type { Setup } from "./setup.ts";
import { createAccessTokens, createCsrfTokens } from "./tokens.ts";
import type { SecondStepInput, TwoFactor } from "./two-factor.ts";

/** The origin of a request, for rate limits and the list of sessions. */
export interface Caller {
  ip: string;
  user_agent: string | undefined;
}
/** New tokens for the client. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

const quarterHour = 15 * 60;
const hour = 3600;
const ticketMs = 60_000;
const ticketPurpose = "ws";

export type Auth = ReturnType<typeof createAuth>;
export function createAuth({
  store,
  users,
  sessions,
  passwords,
  setup,
  limits,
  box,
  config,
  log,
  twoFactor,
  securityLog,
  prunePasskeys,
  apiKeys,
  noteImpersonated,
}: {
  store: AuthStore;
  users: Users;
  sessions: Sessions;
  passwords: Passwords;
  setup: Setup;
  limits: RateLimiter;
  box: CryptoBox;
  config: Config["auth"];
  log: Logger;
  twoFactor: TwoFactor;
  securityLog: SecurityLog;
  prunePasskeys: () => Promise<void>;
  apiKeys: ApiKeys;
  noteImpersonated: Authenticator["noteImpersonated"];
}) {
  const accessTokens = createAccessTokens(box, config.accessTokenMs);
  /** Lifetime of an access token in seconds. */
  const expiresIn = Math.floor(config.accessTokenMs / 1000);
  const csrf = createCsrfTokens(config.csrfKey?.reveal() ?? box.deriveKey("csrf"), config.csrfMaxAgeMs);

  const principalOf = ({ id, user, impersonator, expires_at_ms }: LiveSession, via: Principal["via"]): Principal => ({
    ...user,
    session_id: id,
    via,
    ...(impersonator && { impersonator: { ...impersonator, expires_at_ms } }),
  });
  const sessionOf = async (token: string): Promise<LiveSession | undefined> => {
    const claims = accessTokens.verify(token);
    if (!claims) return undefined;
    const session = await sessions.find(claims.sid);
    return session?.user.id === claims.sub ? session : undefined;
  };
  const accessTokenOf = (user: Pick<UserRow, "id" | "is_superuser">, sessionId: string) =>
    accessTokens.sign({ sub: user.id, sid: sessionId, is_admin: user.is_superuser });

  /** Implements the HTTP layer's `Authenticator`. */
  const authenticator: Authenticator = {
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
          : unauthorized();
      return accessTokens.hasExpired(token)
        ? unauthorized(
            "The access token has expired. Get a new one from POST /api/auth/refresh, or use an API key, which lasts until it is deleted.",
            "token_expired",
          )
        : unauthorized();
    },
    redeemTicket: async (ticket) => {
      const taken = await store.takeToken(hashToken(ticket), ticketPurpose);
      const session = taken && (await sessions.find(String(taken.payload["session_id"])));
      return session?.user.id === taken?.user_id && session ? principalOf(session, "ticket") : undefined;
    },
    noteImpersonated,
    checkCsrf: (principal, header, cookie) => csrf.check(principal.session_id, header, cookie),
    watch: (principal, ended) =>
      principal.session_id === undefined ? apiKeys.watch(principal, ended) : sessions.watch(principal.session_id, principal.id, ended),
  };

  const badCredentials = () => unauthorized("Incorrect email, username or password.", "login_bad_credentials");
  /** `undefined` when a new password or a suspension ended the sign-in. */
  const openSession = async (user: UserRow, caller: Caller, how: string): Promise<TokenPair | undefined> => {
    const opened = await sessions.open(user, caller);
    if (!opened) return undefined;
    const { id, refreshToken } = opened;
    await securityLog.transaction((tx) => securityLog.note(tx, user, "signed_in", caller, how));
    log.info({ user_id: user.id, session_id: id, how }, "user signed in");
    return { accessToken: accessTokenOf(user, id), refreshToken };
  };
  /** Throws `login_bad_credentials`, or the error of `refused`, when a new password or a suspension ended the sign-in. */
  const open = async (user: UserRow, caller: Caller, how: string, refused: () => AppError = badCredentials): Promise<TokenPair> => {
    const pair = await openSession(user, caller, how);
    if (!pair) throw refused();
    return pair;
  };
  const signedIn = (pair: TokenPair): { answer: LoginResponse; pair: TokenPair } => ({
    answer: {
      access_token: pair.accessToken,
      token_type: "bearer",
      expires_in: expiresIn,
      refresh_token: null,
      requires_2fa: false,
      temp_token: null,
      method: null,
      methods: [],
    },
    pair,
  });

  /** The user with this password; an outdated hash is replaced. */
  const verifyPassword = async (user: UserRow | undefined, password: string): Promise<UserRow> => {
    const isRight = await passwords.verify(user?.hashed_password, password);
    if (!user || !isRight || !canSignIn(user)) throw badCredentials();
    if (!user.hashed_password || !passwords.isOutdated(user.hashed_password)) return user;
    const stronger = await passwords.hash(password);
    await users.rehash(user.id, user.hashed_password, stronger);
    return { ...user, hashed_password: stronger };
  };
  /** Starts the second step or opens the session. `undefined` when the password has changed since it was verified. */
  const continueSignIn = async (
    user: UserRow,
    caller: Caller,
  ): Promise<{ answer: LoginResponse; pair: TokenPair | undefined } | undefined> => {
    const step = await twoFactor.begin(user);
    if (step === "ended") return undefined;
    if (step) {
      const { token: temp_token, method, methods } = step;
      const nothing = { access_token: null, token_type: "bearer" as const, expires_in: null, refresh_token: null };
      return { answer: { ...nothing, requires_2fa: true, temp_token, method, methods }, pair: undefined };
    }
    const pair = await openSession(user, caller, "password");
    return pair && signedIn(pair);
  };

  return {
    authenticator,
    setup,

    register: async (input: Registration & { setup_token?: string | null }, caller: Caller): Promise<UserRow> => {
      users.checkRegistration(input);
      await limits.count(
        { key: `register:ip:${rateLimitNetwork(caller.ip)}`, max: 5, windowSeconds: hour },
        { key: `register:email:${input.email.trim().toLowerCase()}`, max: 3, windowSeconds: hour },
      );
      const user = await users.register(input, (tx) => setup.decideAdmin(tx, input.setup_token));
      log.info({ user_id: user.id, is_superuser: user.is_superuser }, "user registered");
      if (user.is_superuser) await setup.finish();
      return user;
    },

    /** Throws `login_bad_credentials` for any failure, in constant time. `pair` is missing while a second factor is required. */
    login: async (login: string, password: string, caller: Caller): Promise<{ answer: LoginResponse; pair: TokenPair | undefined }> => {
      const user = await users.findByLogin(login);
      const accountKey = `login:account:${user?.id ?? login.trim().toLowerCase()}:${rateLimitNetwork(caller.ip)}`;
      await limits.count(
        { key: accountKey, max: 10, windowSeconds: quarterHour },
        { key: `login:ip:${rateLimitNetwork(caller.ip)}`, max: 50, windowSeconds: quarterHour },
      );
      const proven = await verifyPassword(user, password);
      // A concurrent sign-in may have rehashed the same password: verify again.
      const entered =
        (await continueSignIn(proven, caller)) ??
        (await continueSignIn(await verifyPassword(await users.find(proven.id), password), caller));
      if (!entered) throw badCredentials();
      if (entered.pair) await limits.reset(accountKey);
      return entered;
    },

    /** The second step of `login`. Throws `two_fa_session_invalid`, `two_fa_code_invalid`. */
    finishLogin: async (tempToken: string, given: SecondStepInput, caller: Caller): Promise<{ answer: LoginResponse; pair: TokenPair }> => {
      const { user, step } = await twoFactor.verify(tempToken, given, caller);
      return signedIn(await open(user, caller, step, twoFactor.sessionInvalid));
    },
    resendCode: (tempToken: string, caller: Caller): Promise<void> => twoFactor.resend(tempToken, caller.ip),

    /** Opens a session for a user authenticated by other means; `how` goes into the security log. */
    open,
    signedIn,

    /** The access token of an impersonation session; valid until that session ends. */
    impersonationToken: (user: Pick<UserRow, "id">, session: { id: string; expires_at: string }): string =>
      accessTokens.sign({ sub: user.id, sid: session.id, is_admin: false }, Math.max(1000, Date.parse(session.expires_at) - Date.now())),

    expiresIn,
    /** Throws `refresh_invalid`. */
    refresh: async (token: string | undefined): Promise<TokenPair> => {
      const refreshed = token ? await sessions.refresh(token) : undefined;
      if (!refreshed) throw unauthorized("Your session has ended. Sign in again.", "refresh_invalid");
      return { accessToken: accessTokenOf(refreshed.user, refreshed.id), refreshToken: refreshed.refreshToken };
    },

    logout: async (principal: Principal): Promise<void> => {
      if (principal.session_id) await sessions.revoke(principal.session_id, "logout");
      // Signing out of an impersonation also ends the administrator's own session.
      if (principal.impersonator) await sessions.revoke(principal.impersonator.session_id, "logout");
    },

    /** A token bound to the session of this access cookie, or to no session. */
    csrfToken: async (accessCookie: string | undefined): Promise<string> =>
      csrf.make(accessCookie ? (await sessionOf(accessCookie))?.id : undefined),

    issueTicket: async (principal: Principal): Promise<{ ticket: string; expires_in: number }> => {
      const ticket = randomToken();
      await store.insertToken({
        token_hash: hashToken(ticket),
        purpose: ticketPurpose,
        user_id: principal.id,
        payload: { session_id: principal.session_id },
        lifetimeMs: ticketMs,
      });
      return { ticket, expires_in: ticketMs / 1000 };
    },

    jobHandlers: {
      prune_sessions: async () => {
        await store.prune();
        await securityLog.prune();
        await prunePasskeys();
        await limits.prune();
      },
    },
  };
}
