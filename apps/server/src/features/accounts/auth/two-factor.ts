import { createHmac, randomInt } from "node:crypto";
import type { SecondStep } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { hashToken, randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, unauthorized } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import type { Attempt, AttemptsStore } from "./attempts.store.ts";
import { signInCodeEmail } from "./emails.ts";
import type { SecurityLog } from "./security-log.ts";
import { isEqual } from "./tokens.ts";
import { dailyCodeLimit, type Totp } from "./totp.ts";

const maxWrongInAll = 10;
const maxResends = 5;
const resendPauseMs = 60_000;
const quarterHour = 15 * 60;
const hour = 3600;

/** The input of the second step. */
export interface SecondStepInput {
  code?: string | undefined;
  recovery_code?: string | undefined;
}

/**
 * The second step of a sign-in: an emailed code, an authenticator code or a recovery code. An attempt is an opaque token, stored hashed; it ends on
 * success, after ten wrong codes over all resends, or when it expires. An emailed code ends after five wrong tries or when a newer one is sent.
 */
export type TwoFactor = ReturnType<typeof createTwoFactor>;
export function createTwoFactor({
  store,
  users,
  totp,
  log,
  mail,
  limits,
  box,
  config,
}: {
  store: AttemptsStore;
  totp: Pick<Totp, "status" | "countCodes" | "use" | "useRecoveryCode">;
  log: SecurityLog;
  users: Users;
  mail: Mail;
  limits: RateLimiter;
  box: CryptoBox;
  config: Config["auth"]["twoFactor"];
}) {
  const key = box.deriveKey("two-factor codes");
  const hashOf = (attemptId: string, code: string) => createHmac("sha256", key).update(`${attemptId}\n${code}`).digest("hex");
  const newCode = () => String(randomInt(1_000_000)).padStart(6, "0");
  const sessionInvalid = () => unauthorized("This sign-in has expired. Enter your password again.", "two_fa_session_invalid");

  /** Verifies and consumes the input. Returns the method; `undefined` when it is wrong. */
  const stepOf = async (tx: Queries, attempt: Attempt, { code, recovery_code }: SecondStepInput): Promise<SecondStep | undefined> => {
    if (recovery_code !== undefined) return (await totp.useRecoveryCode(tx, attempt.user_id, recovery_code)) ? "recovery_code" : undefined;
    if (code === undefined) return undefined;
    if (attempt.isCodeValid && attempt.code_hash !== null && isEqual(attempt.code_hash, hashOf(attempt.id, code))) return "email";
    return (await totp.use(attempt.user_id, code, tx)) ? "totp" : undefined;
  };
  const sendCode = async (tx: Queries, attemptId: string, user: UserRow) => {
    const code = newCode();
    await store.setCode(tx, attemptId, hashOf(attemptId, code), config.codeMs);
    await mail.queue(tx, signInCodeEmail(user, code, config.codeMs));
  };
  /** The methods available to an account, preferred one first. With an authenticator app, email codes are offered only if enabled by the user. */
  const methodsOf = async (user: UserRow, q?: Queries): Promise<SecondStep[]> => {
    const app = await totp.status(user.id, q);
    const codesLeft = await totp.countCodes(user.id, q);
    const isMailed = user.two_fa_enabled || (config.isForAll && !app);
    if (!app && !isMailed) return [];
    return [
      ...(app ? (["totp"] as const) : []),
      ...(isMailed && mail.isOn ? (["email"] as const) : []),
      ...(codesLeft > 0 ? (["recovery_code"] as const) : []),
    ];
  };

  return {
    isAvailable: mail.isOn,
    isForAll: config.isForAll,
    sessionInvalid,

    /**
     * Starts an attempt if the account requires a second step, and emails the first code if that is the preferred method. `undefined`: no second step;
     * `ended`: the account changed since the password was verified. Throws `not_configured` when a second step is required but no method is available.
     */
    begin: async (user: UserRow): Promise<{ token: string; method: "totp" | "email"; methods: SecondStep[] } | "ended" | undefined> => {
      const methods = await methodsOf(user);
      const [method] = methods;
      if (method === undefined && !config.isForAll && !user.two_fa_enabled) return undefined;
      if (method === undefined || method === "recovery_code")
        throw new AppError(
          "not_configured",
          "This account requires an emailed code, but this server cannot send email. Contact the administrator.",
        );
      const token = randomToken();
      const isBegun = await store.transaction(async (tx) => {
        const id = await store.insert(tx, user, { token_hash: hashToken(token), lifetimeMs: config.attemptMs });
        if (id !== undefined && method === "email") await sendCode(tx, id, user);
        return id !== undefined;
      });
      return isBegun ? { token, method, methods } : "ended";
    },

    /** Returns the authenticated user. Throws `two_fa_session_invalid`, `two_fa_code_invalid`. */
    verify: async (
      token: string,
      { code, recovery_code }: SecondStepInput,
      from: { ip: string; user_agent: string | undefined },
    ): Promise<{ user: UserRow; step: SecondStep }> => {
      const network = rateLimitNetwork(from.ip);
      const userId = await store.userOf(hashToken(token));
      const keys = { here: `2fa:account:${userId}:${network}`, anywhere: `2fa:account:${userId}`, daily: dailyCodeLimit(userId ?? "") };
      await limits.count(
        { key: `2fa:ip:${network}`, max: 50, windowSeconds: quarterHour },
        // Someone who knows the password can start many attempts from many addresses, so wrong codes are also limited per account.
        ...(userId === undefined
          ? []
          : [{ key: keys.here, max: 10, windowSeconds: quarterHour }, { key: keys.anywhere, max: 30, windowSeconds: hour }, keys.daily]),
      );
      const outcome = await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        const user = attempt && (await users.find(attempt.user_id, tx));
        if (!attempt || !user || !canSignIn(user)) return "over";
        const step = await stepOf(tx, attempt, { code, recovery_code });
        if (step) {
          await store.remove(tx, attempt.id);
          return { user, step };
        }
        await log.note(tx, user, "second_step_wrong", from);
        if (attempt.wrong_total + 1 >= maxWrongInAll) {
          await store.remove(tx, attempt.id);
          await log.warnOfGuesses(tx, user);
        } else await store.countWrong(tx, attempt.id, config.maxTries);
        return "wrong";
      });
      if (outcome === "over") throw sessionInvalid();
      if (outcome === "wrong") throw unauthorized("The code is wrong or has expired.", "two_fa_code_invalid");
      await limits.reset(keys.here, keys.anywhere, keys.daily.key);
      return outcome;
    },

    /** Throws `two_fa_session_invalid`, and `rate_limited` within a minute of the last code and after five resends. */
    resend: async (token: string, ip: string): Promise<void> => {
      await limits.count({ key: `2fa-resend:ip:${rateLimitNetwork(ip)}`, max: 50, windowSeconds: quarterHour });
      await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        const user = attempt && (await users.find(attempt.user_id, tx));
        if (!attempt || !user || !canSignIn(user)) throw sessionInvalid();
        const methods = await methodsOf(user, tx);
        if (!methods.includes("email")) throw badRequest("This account uses codes from an authenticator app, not by email.");
        const wait = attempt.sends === 0 ? 0 : resendPauseMs - attempt.sentAgoMs;
        // The first code of an account without an app was not a resend.
        if (attempt.sends >= maxResends + (methods[0] === "email" ? 1 : 0))
          throw new AppError("rate_limited", "Too many codes were requested for this sign-in. Enter your password again.", {
            retryAfterSeconds: attempt.endsInMs / 1000,
          });
        if (wait > 0)
          throw new AppError("rate_limited", "A code was sent less than a minute ago. Wait before requesting another.", {
            retryAfterSeconds: wait / 1000,
          });
        await sendCode(tx, attempt.id, user);
      });
    },
  };
}
