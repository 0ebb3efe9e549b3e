import type { SecondStep } from "@tesslate/contract";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest } from "../../../platform/errors.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import { sessionInvalid } from "./attempts.refusals.ts";
import type { AttemptsStore } from "./attempts.store.ts";
import type { EmailCodes } from "./email-codes.ts";
import type { SecondSteps } from "./second-steps.ts";
import type { VerifySecondStep } from "./verify-second-step.ts";

const maxResends = 5;
const resendPauseMs = 60_000;
const quarterHour = 15 * 60;

/** The second step of a sign-in: an emailed code, an authenticator code or a recovery code. */
export interface TwoFactor extends SecondStepAttempts {
  verify: VerifySecondStep;
}

export type SecondStepAttempts = ReturnType<typeof createSecondStepAttempts>;
/**
 * Attempts at a second step. An attempt is an opaque token, stored hashed; it ends on success, after ten wrong codes over all resends, or when it
 * expires. An emailed code ends after five wrong tries or when a newer one is sent.
 */
export function createSecondStepAttempts({
  store,
  users,
  steps: { methodsOf, isRequired },
  codes,
  limits,
  attemptMs,
}: {
  store: AttemptsStore;
  users: Pick<Users, "find">;
  steps: SecondSteps;
  codes: Pick<EmailCodes, "send">;
  limits: RateLimiter;
  /** How long an attempt is valid. */
  attemptMs: number;
}) {
  return {
    /**
     * Starts an attempt if the account requires a second step, and emails the first code if that is the preferred method. `undefined`: no second step;
     * `ended`: the account changed since the password was verified. Throws `not_configured` when a second step is required but no method is available.
     */
    begin: async (user: UserRow): Promise<{ token: string; method: "totp" | "email"; methods: SecondStep[] } | "ended" | undefined> => {
      const methods = await methodsOf(user);
      const [method] = methods;
      if (method === undefined && !isRequired(user)) return undefined;
      if (method === undefined || method === "recovery_code")
        throw new AppError(
          "not_configured",
          "This account requires an emailed code, but this server cannot send email. Contact the administrator.",
        );
      const token = randomToken();
      const isBegun = await store.transaction(async (tx) => {
        const id = await store.insert(tx, user, { token_hash: hashToken(token), lifetimeMs: attemptMs });
        if (id !== undefined && method === "email") await codes.send(tx, id, user);
        return id !== undefined;
      });
      return isBegun ? { token, method, methods } : "ended";
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
        await codes.send(tx, attempt.id, user);
      });
    },
  };
}
