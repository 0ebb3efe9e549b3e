import type { Proof } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { UserRow, Users } from "../users/index.ts";
import { codeInvalid, dailyCodeLimit, type Totp } from "./totp.ts";

const quarterHour = 15 * 60;

/**
 * Re-authenticates the user of an open session with the password or an authenticator code. Users who have neither sign in through a provider, and
 * the session suffices.
 */
export type Reauthenticate = (userId: string, given: Proof) => Promise<UserRow>;
export function createReauthenticate({
  users,
  totp,
  limits,
}: {
  users: Users;
  totp: Pick<Totp, "status" | "use">;
  limits: RateLimiter;
}): Reauthenticate {
  return async (userId, { current_password, code }) => {
    const user = await users.get(userId);
    if (code) {
      if (!(await totp.status(userId))) throw codeInvalid();
      const [key, daily] = [`totp:proof:${userId}`, dailyCodeLimit(userId)];
      await limits.count({ key, max: 10, windowSeconds: quarterHour }, daily);
      if (!(await totp.use(userId, code))) throw codeInvalid();
      await limits.reset(key, daily.key);
      return user;
    }
    if (user.hashed_password !== null) await users.requireCurrentPassword(user, current_password ?? undefined);
    else if (await totp.status(userId)) throw badRequest("Enter a code from your authenticator app.", "code_invalid");
    return user;
  };
}
