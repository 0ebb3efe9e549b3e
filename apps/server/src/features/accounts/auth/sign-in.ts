import type { LoginResponse } from "@tesslate/contract";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type Passwords, type UserRow, type Users } from "../users/index.ts";
import { badCredentials, type Caller, type SessionOpening, type TokenPair } from "./open-session.ts";
import { sessionInvalid } from "./attempts.refusals.ts";
import type { TwoFactor } from "./two-factor.ts";
import type { SecondStepInput } from "./verify-second-step.ts";

const quarterHour = 15 * 60;

export type SignIn = ReturnType<typeof createSignIn>;
/** Sign-in with a password and, where it is on, a second factor. */
export function createSignIn({
  users,
  passwords,
  twoFactor,
  opening: { open, openSession, signedIn },
  limits,
}: {
  users: Pick<Users, "find" | "findByLogin" | "rehash">;
  passwords: Passwords;
  twoFactor: TwoFactor;
  opening: SessionOpening;
  limits: RateLimiter;
}) {
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
      return signedIn(await open(user, caller, step, sessionInvalid));
    },
    resendCode: (tempToken: string, caller: Caller): Promise<void> => twoFactor.resend(tempToken, caller.ip),
  };
}
