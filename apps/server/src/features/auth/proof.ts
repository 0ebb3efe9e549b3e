import type { Proof } from "@tesslate/contract";
import { badRequest } from "../../platform/errors.ts";
import type { RateLimiter } from "../../platform/rate-limit.ts";
import type { UserRow, Users } from "../users/index.ts";
import { codeInvalid, codesADay, type Totp } from "./totp.ts";

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
