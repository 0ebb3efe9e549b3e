import { easyToGuess, passwordProblem, type ErrorCode } from "@tesslate/contract";
import type { UserRow } from "../../../db/schema/accounts.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Passwords } from "./passwords.ts";

export const wrongPassword = () => badRequest("The current password is wrong.", "current_password_wrong");

export type PasswordChecks = ReturnType<typeof createPasswordChecks>;
/** Checks new passwords, and the current one before a change. */
export function createPasswordChecks({ passwords, limits }: { passwords: Passwords; limits: RateLimiter }) {
  return {
    hash: passwords.hash,
    /** Throws `code` for an invalid or weak password. */
    checkPassword: async (password: string, user: Pick<UserRow, "email" | "username">, code: ErrorCode): Promise<void> => {
      const problem = passwordProblem(password, user);
      if (problem) throw badRequest(problem, code);
      if (await passwords.isEasyToGuess(password, user)) throw badRequest(easyToGuess, code);
    },
    /** Throws `current_password_required`, `current_password_wrong`. Rate limited, so that a stolen session cannot guess the password. */
    requireCurrentPassword: async (user: UserRow, given: string | undefined): Promise<void> => {
      if (given === undefined) throw badRequest("Enter your current password to change this.", "current_password_required");
      const key = `password:${user.id}`;
      await limits.count({ key, max: 10, windowSeconds: 900 });
      if (!(await passwords.verify(user.hashed_password, given))) throw wrongPassword();
      await limits.reset(key);
    },
  };
}
