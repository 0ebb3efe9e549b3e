import { AppError, badRequest, unauthorized } from "../../../platform/errors.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, normalizeUsername, type Passwords, type UserRow } from "../../accounts/users/index.ts";

const quarterHour = 15 * 60;
export const passwordMismatch = () => badRequest("The password is wrong.", "current_password_wrong");

export type DeletionProofs = ReturnType<typeof createDeletionProofs>;
/** Checks who asks to delete or to restore an account. Rate limited. */
export function createDeletionProofs({
  findByLogin,
  passwords,
  limits,
}: {
  /** By email or username, in any state. */
  findByLogin: (login: string) => Promise<UserRow | undefined>;
  passwords: Passwords;
  limits: RateLimiter;
}) {
  return {
    /** Throws `current_password_required`, `current_password_wrong`. */
    proveIntent: async (user: UserRow, { password, confirm }: { password?: string; confirm?: string }): Promise<void> => {
      if (user.hashed_password === null) {
        if (normalizeUsername(confirm ?? "") !== user.username)
          throw badRequest("Type your username to confirm.", "current_password_required");
        return;
      }
      if (password === undefined) throw badRequest("Enter your password to delete the account.", "current_password_required");
      const key = `password:${user.id}`;
      await limits.count({ key, max: 10, windowSeconds: quarterHour });
      if (!(await passwords.verify(user.hashed_password, password))) throw passwordMismatch();
      await limits.reset(key);
    },
    /** For tokens that are tried without signing in. */
    countToken: (ip: string): Promise<void> =>
      limits.count({ key: `restore:ip:${rateLimitNetwork(ip)}`, max: 50, windowSeconds: quarterHour }),
    /** The user who closed their account. Throws `login_bad_credentials`. */
    byCredentials: async ({ login, password }: { login?: string; password?: string }, ip: string): Promise<UserRow> => {
      if (login === undefined || password === undefined) throw new AppError("bad_request", "Send either the token, or login and password.");
      const user = await findByLogin(login);
      const accountKey = `login:account:${user?.id ?? login.trim().toLowerCase()}:${rateLimitNetwork(ip)}`;
      await limits.count(
        { key: accountKey, max: 10, windowSeconds: quarterHour },
        { key: `login:ip:${rateLimitNetwork(ip)}`, max: 50, windowSeconds: quarterHour },
      );
      const isRight = await passwords.verify(user?.hashed_password, password);
      // As at sign-in, do not reveal that an administrator closed the account.
      if (!user || !isRight || !(canSignIn(user) || user.deleted_by_id === user.id))
        throw unauthorized("Incorrect email, username or password.", "login_bad_credentials");
      await limits.reset(accountKey);
      return user;
    },
  };
}
