import { createHmac, randomInt } from "node:crypto";
import type { SecondStep } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import { hashToken, randomToken, type CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, unauthorized } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { networkOf, type RateLimiter } from "../../../platform/rate-limit.ts";
import { isLiving, type UserRow, type Users } from "../users/index.ts";
import type { Attempt, AttemptsStore } from "./attempts.store.ts";
import { codeLetter } from "./emails.ts";
import type { SecurityLog } from "./security-log.ts";
import { isEqual } from "./tokens.ts";
import { codesADay, type Totp } from "./totp.ts";

const maxWrongInAll = 10;
const maxResends = 5;
const resendPauseMs = 60_000;
const quarterHour = 15 * 60;
const hour = 3600;

/** What somebody enters in the second step. */
export interface SecondStepInput {
  code?: string | undefined;
  recovery_code?: string | undefined;
}

/**
 * The second step of a sign-in: a code by mail (accounts-projects 2.0), of the authenticator app, or a recovery code. An attempt is an opaque token, kept hashed, good for one sign-in; it dies
 * on success, after ten wrong codes over all resends, or at its end. A code dies at its fifth wrong try or when a newer one is sent.
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
  const over = () => unauthorized("This sign-in took too long or was ended. Enter your password again.", "two_fa_session_invalid");

  /** Which step this is, taken and used up; `undefined`: a wrong one. */
  const stepOf = async (tx: Queries, attempt: Attempt, { code, recovery_code }: SecondStepInput): Promise<SecondStep | undefined> => {
    if (recovery_code !== undefined) return (await totp.useRecoveryCode(tx, attempt.user_id, recovery_code)) ? "recovery_code" : undefined;
    if (code === undefined) return undefined;
    if (attempt.isCodeLiving && attempt.code_hash !== null && isEqual(attempt.code_hash, hashOf(attempt.id, code))) return "email";
    return (await totp.use(attempt.user_id, code, tx)) ? "totp" : undefined;
  };
  const sendCode = async (tx: Queries, attemptId: string, user: UserRow) => {
    const code = newCode();
    await store.setCode(tx, attemptId, hashOf(attemptId, code), config.codeMs);
    await mail.queue(tx, codeLetter(user, code, config.codeMs));
  };
  /** The steps an account may take, the one to offer first in front. Whoever has an app is asked for codes by mail only if they want them too. */
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
    over,

    /**
     * Opens an attempt where the account asks for a second step, and mails its first code where that is the step to take. `undefined`: it does not ask;
     * `ended`: the account is not what it was when the password was proven.
     * Throws `not_configured` where it asks and nothing can be given: never a way in that skips the second step.
     */
    begin: async (user: UserRow): Promise<{ token: string; method: "totp" | "email"; methods: SecondStep[] } | "ended" | undefined> => {
      const methods = await methodsOf(user);
      const [method] = methods;
      if (method === undefined && !config.isForAll && !user.two_fa_enabled) return undefined;
      if (method === undefined || method === "recovery_code")
        throw new AppError("not_configured", "This account asks for a code, and this server cannot send one at the moment.");
      const token = randomToken();
      const isBegun = await store.transaction(async (tx) => {
        const id = await store.insert(tx, user, { token_hash: hashToken(token), lifetimeMs: config.attemptMs });
        if (id !== undefined && method === "email") await sendCode(tx, id, user);
        return id !== undefined;
      });
      return isBegun ? { token, method, methods } : "ended";
    },

    /** The user who may come in. Throws `two_fa_session_invalid`, `two_fa_code_invalid`. */
    verify: async (
      token: string,
      { code, recovery_code }: SecondStepInput,
      from: { ip: string; user_agent: string | undefined },
    ): Promise<{ user: UserRow; step: SecondStep }> => {
      const network = networkOf(from.ip);
      const userId = await store.userOf(hashToken(token));
      const keys = { here: `2fa:account:${userId}:${network}`, anywhere: `2fa:account:${userId}`, daily: codesADay(userId ?? "") };
      await limits.count(
        { key: `2fa:ip:${network}`, max: 50, windowSeconds: quarterHour },
        // Whoever knows the password can begin as often as they like, from many places: what they may guess is counted per account too.
        ...(userId === undefined
          ? []
          : [{ key: keys.here, max: 10, windowSeconds: quarterHour }, { key: keys.anywhere, max: 30, windowSeconds: hour }, keys.daily]),
      );
      const outcome = await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        const user = attempt && (await users.find(attempt.user_id, tx));
        if (!attempt || !user || !isLiving(user)) return "over";
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
      if (outcome === "over") throw over();
      if (outcome === "wrong") throw unauthorized("That code is wrong or no longer valid.", "two_fa_code_invalid");
      await limits.reset(keys.here, keys.anywhere, keys.daily.key);
      return outcome;
    },

    /** Throws `two_fa_session_invalid`; `rate_limited` within a minute of the last code, and after five that were asked for. */
    resend: async (token: string, ip: string): Promise<void> => {
      await limits.count({ key: `2fa-resend:ip:${networkOf(ip)}`, max: 50, windowSeconds: quarterHour });
      await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        const user = attempt && (await users.find(attempt.user_id, tx));
        if (!attempt || !user || !isLiving(user)) throw over();
        const methods = await methodsOf(user, tx);
        if (!methods.includes("email")) throw badRequest("Codes for this account come from its authenticator app, not by mail.");
        const wait = attempt.sends === 0 ? 0 : resendPauseMs - attempt.sentAgoMs;
        // The first code of an account that has no app came unasked.
        if (attempt.sends >= maxResends + (methods[0] === "email" ? 1 : 0))
          throw new AppError("rate_limited", "No more codes are sent for this sign-in. Enter your password again.", {
            retryAfterSeconds: attempt.endsInMs / 1000,
          });
        if (wait > 0) throw new AppError("rate_limited", "A code was sent a moment ago.", { retryAfterSeconds: wait / 1000 });
        await sendCode(tx, attempt.id, user);
      });
    },
  };
}
