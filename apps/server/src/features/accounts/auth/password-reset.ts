import type { Queries } from "../../../platform/database.ts";
import { badRequest } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import { credentialsPrint } from "./credentials-print.ts";
import type { ResetLinks } from "./reset-links.ts";
import type { SecurityLog } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";
import { isEqual } from "./tokens.ts";

export type PasswordReset = ReturnType<typeof createPasswordReset>;
export function createPasswordReset({
  links,
  users,
  sessions,
  securityLog,
  log,
}: {
  links: Pick<ResetLinks, "read" | "sendForced">;
  users: Pick<Users, "find" | "checkPassword" | "hash" | "replacePassword" | "voidPassword">;
  sessions: Sessions;
  securityLog: Pick<SecurityLog, "transaction" | "note">;
  log: Logger;
}) {
  return {
    /** Throws `reset_password_bad_token`, `reset_password_invalid_password`. Ends all sessions and pending sign-ins. */
    resetPassword: async (token: string, password: string): Promise<void> => {
      const bad = () => badRequest("This link is invalid or has expired. Request a new one.", "reset_password_bad_token");
      const claims = links.read(token);
      const user = claims && (await users.find(claims.sub));
      if (!user || !canSignIn(user) || !isEqual(claims.print, credentialsPrint(user))) throw bad();
      await users.checkPassword(password, user, "reset_password_invalid_password");
      const hash = await users.hash(password);
      const isDone = await securityLog.transaction(async (tx) => {
        if (!(await users.replacePassword(tx, user, hash))) return false;
        await sessions.revokeOthers(tx, user.id, undefined, "password_reset");
        await securityLog.note(tx, user, "password_reset");
        return true;
      });
      if (!isDone) throw bad();
      await sessions.forgetUser(user.id);
      log.info({ user_id: user.id }, "password reset");
    },

    /**
     * Forced by an administrator, in the caller's transaction: invalidates the password, ends all sessions and emails a reset link. Returns the number of
     * ended sessions. Call `sessions.forgetUser` after the commit.
     */
    force: async (tx: Queries, user: UserRow): Promise<number> => {
      if (user.hashed_password !== null) await users.voidPassword(tx, user.id);
      const ended = await sessions.endAll(tx, user.id, "password_reset_by_admin");
      await links.sendForced(tx, user);
      return ended;
    },
  };
}
