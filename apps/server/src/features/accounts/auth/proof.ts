import type { Proof } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { UserRow, Users } from "../users/index.ts";
import type { Origin } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";
import { codeInvalid, codesADay, type Totp } from "./totp.ts";
import type { WaysIn } from "./login-methods.store.ts";

const quarterHour = 15 * 60;

/**
 * That it is really them, and not somebody who found an open session: the password, or a code of the authenticator app. Who has neither comes in from
 * elsewhere and is believed (accounts-projects 3, accounts of a provider).
 */
export type Prove = (userId: string, given: Proof) => Promise<UserRow>;
export function createProof({ users, totp, limits }: { users: Users; totp: Pick<Totp, "status" | "use">; limits: RateLimiter }): Prove {
  return async (userId, { current_password, code }) => {
    const user = await users.get(userId);
    if (code) {
      if (!(await totp.status(userId))) throw codeInvalid();
      const [key, daily] = [`totp:proof:${userId}`, codesADay(userId)];
      await limits.count({ key, max: 10, windowSeconds: quarterHour }, daily);
      if (!(await totp.use(userId, code))) throw codeInvalid();
      await limits.reset(key, daily.key);
      return user;
    }
    if (user.hashed_password !== null) await users.provePassword(user, current_password ?? undefined);
    else if (await totp.status(userId)) throw badRequest("Give a code of your authenticator app.", "code_invalid");
    return user;
  };
}

/** Where a call comes from, and the session it is made in. */
export interface Signed extends Origin {
  session_id: string | undefined;
}
/**
 * Until the transaction ends the person is held and their session stays open: a new password, a suspension or whoever ended the session meanwhile ends
 * what was proven in it too. Throws `session_required`, `unauthorized`.
 */
export type Hold = (tx: Queries, userId: string, from: Signed) => Promise<void>;
export const createHold =
  ({ ways, sessions }: { ways: Pick<WaysIn, "lock">; sessions: Pick<Sessions, "requireOpen"> }): Hold =>
  async (tx, userId, { session_id }) => {
    if (session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
    await ways.lock(tx, userId);
    await sessions.requireOpen(tx, session_id, userId);
  };
