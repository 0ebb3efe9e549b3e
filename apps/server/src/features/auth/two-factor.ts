import { createHmac, randomInt } from "node:crypto";
import type { Config } from "../../config.ts";
import { hashToken, randomToken, type CryptoBox } from "../../platform/crypto.ts";
import { AppError, unauthorized } from "../../platform/errors.ts";
import type { Mail } from "../../platform/mail.ts";
import { networkOf, type RateLimiter } from "../../platform/rate-limit.ts";
import { isLiving, type UserRow, type Users } from "../users/index.ts";
import type { AttemptsStore } from "./attempts.store.ts";
import { codeLetter } from "./letters.ts";

const maxWrongInAll = 10;
const maxSends = 5;
const resendPauseMs = 60_000;
const quarterHour = 15 * 60;
const hour = 3600;

/**
 * The second step of a sign-in: a code by mail (accounts-projects 2.0). An attempt is an opaque token, kept hashed, good for one sign-in; it dies
 * on success, after ten wrong codes over all resends, or at its end. A code dies at its fifth wrong try or when a newer one is sent.
 */
export type TwoFactor = ReturnType<typeof createTwoFactor>;
export function createTwoFactor({
  store,
  users,
  mail,
  limits,
  box,
  config,
}: {
  store: AttemptsStore;
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

  return {
    isAvailable: mail.isOn,
    isRequired: (user: UserRow): boolean => config.isForAll || user.two_fa_enabled,

    /** Opens an attempt and mails its first code. Throws `not_configured` without mail: never a way in that skips the second step. */
    begin: async (user: UserRow): Promise<string> => {
      if (!mail.isOn) throw new AppError("not_configured", "This account asks for a code, and this server cannot send one at the moment.");
      const token = randomToken();
      const code = newCode();
      await store.transaction(async (tx) => {
        const id = await store.insert(tx, { token_hash: hashToken(token), user_id: user.id, lifetimeMs: config.attemptMs });
        await store.setCode(tx, id, hashOf(id, code), config.codeMs);
        await mail.queue(tx, codeLetter(user, code, config.codeMs));
      });
      return token;
    },

    /** The user who may come in. Throws `two_fa_session_invalid`, `two_fa_code_invalid`. */
    verify: async (token: string, code: string, ip: string): Promise<UserRow> => {
      const network = networkOf(ip);
      const userId = await store.userOf(hashToken(token));
      const keys = { here: `2fa:account:${userId}:${network}`, anywhere: `2fa:account:${userId}` };
      await limits.count(
        { key: `2fa:ip:${network}`, max: 50, windowSeconds: quarterHour },
        // Whoever knows the password can begin as often as they like, from many places: what they may guess is counted per account too.
        ...(userId === undefined
          ? []
          : [
              { key: keys.here, max: 10, windowSeconds: quarterHour },
              { key: keys.anywhere, max: 30, windowSeconds: hour },
            ]),
      );
      const outcome = await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        if (!attempt) return "over";
        const isRight = attempt.isCodeLiving && attempt.code_hash === hashOf(attempt.id, code);
        if (isRight) {
          await store.remove(tx, attempt.id);
          return attempt;
        }
        if (attempt.wrong_total + 1 >= maxWrongInAll) await store.remove(tx, attempt.id);
        else await store.countWrong(tx, attempt.id, config.maxTries);
        return "wrong";
      });
      if (outcome === "over") throw over();
      if (outcome === "wrong") throw unauthorized("That code is wrong or no longer valid.", "two_fa_code_invalid");
      const user = await users.find(outcome.user_id);
      if (!user || !isLiving(user)) throw over();
      await limits.reset(keys.here, keys.anywhere);
      return user;
    },

    /** Throws `two_fa_session_invalid`; `rate_limited` within a minute of the last code, and after five codes. */
    resend: async (token: string, ip: string): Promise<void> => {
      await limits.count({ key: `2fa-resend:ip:${networkOf(ip)}`, max: 50, windowSeconds: quarterHour });
      await store.transaction(async (tx) => {
        const attempt = await store.lock(tx, hashToken(token));
        const user = attempt && (await users.find(attempt.user_id, tx));
        if (!attempt || !user || !isLiving(user)) throw over();
        const wait = resendPauseMs - attempt.sentAgoMs;
        if (attempt.sends >= maxSends)
          throw new AppError("rate_limited", "No more codes are sent for this sign-in. Enter your password again.", {
            retryAfterSeconds: attempt.endsInMs / 1000,
          });
        if (wait > 0) throw new AppError("rate_limited", "A code was sent a moment ago.", { retryAfterSeconds: wait / 1000 });
        const code = newCode();
        await store.setCode(tx, attempt.id, hashOf(attempt.id, code), config.codeMs);
        await mail.queue(tx, codeLetter(user, code, config.codeMs));
      });
    },
  };
}
