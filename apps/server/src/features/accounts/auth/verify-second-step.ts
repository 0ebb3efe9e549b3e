import type { SecondStep } from "@tesslate/contract";
import { hashToken } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { unauthorized } from "../../../platform/errors.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import type { Attempt, AttemptsStore } from "./attempts.store.ts";
import type { EmailCodes } from "./email-codes.ts";
import type { SecurityLog } from "./security-log.ts";
import { dailyCodeLimit, type Totp } from "./totp.ts";
import { sessionInvalid } from "./attempts.refusals.ts";

const maxWrongInAll = 10;
const quarterHour = 15 * 60;
const hour = 3600;

/** The input of the second step. */
export interface SecondStepInput {
  code?: string | undefined;
  recovery_code?: string | undefined;
}

export type VerifySecondStep = ReturnType<typeof createVerifySecondStep>;
/** Checks the input of a second step. */
export function createVerifySecondStep({
  store,
  users,
  totp,
  codes,
  limits,
  securityLog,
}: {
  store: AttemptsStore;
  users: Pick<Users, "find">;
  totp: Pick<Totp, "use" | "useRecoveryCode">;
  codes: Pick<EmailCodes, "isRight" | "maxTries">;
  limits: RateLimiter;
  securityLog: Pick<SecurityLog, "note" | "warnOfGuesses">;
}) {
  /** Verifies and consumes the input. Returns the method; `undefined` when it is wrong. */
  const stepOf = async (tx: Queries, attempt: Attempt, { code, recovery_code }: SecondStepInput): Promise<SecondStep | undefined> => {
    if (recovery_code !== undefined) return (await totp.useRecoveryCode(tx, attempt.user_id, recovery_code)) ? "recovery_code" : undefined;
    if (code === undefined) return undefined;
    if (codes.isRight(attempt, code)) return "email";
    return (await totp.use(attempt.user_id, code, tx)) ? "totp" : undefined;
  };

  /** Returns the authenticated user. Throws `two_fa_session_invalid`, `two_fa_code_invalid`. */
  return async (
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
      await securityLog.note(tx, user, "second_step_wrong", from);
      if (attempt.wrong_total + 1 >= maxWrongInAll) {
        await store.remove(tx, attempt.id);
        await securityLog.warnOfGuesses(tx, user);
      } else await store.countWrong(tx, attempt.id, codes.maxTries);
      return "wrong";
    });
    if (outcome === "over") throw sessionInvalid();
    if (outcome === "wrong") throw unauthorized("The code is wrong or has expired.", "two_fa_code_invalid");
    await limits.reset(keys.here, keys.anywhere, keys.daily.key);
    return outcome;
  };
}
