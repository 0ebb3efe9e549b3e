import { badRequest } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import { credentialsPrint } from "./credentials-print.ts";
import type { EmailConfirmations } from "./email-confirmations.ts";
import { addressChangedEmail } from "./emails.ts";
import { isEqual } from "./tokens.ts";

export type VerifyEmail = ReturnType<typeof createVerifyEmail>;
/**
 * Confirms the email, or the pending new one. Throws `verify_user_bad_token`, `verify_user_already_verified`,
 * `update_user_email_already_exists`.
 */
export const createVerifyEmail =
  ({
    confirmations,
    users,
    mail,
  }: {
    confirmations: Pick<EmailConfirmations, "readMove" | "readVerification">;
    users: Pick<Users, "find" | "applyPendingEmail" | "markVerified">;
    mail: Pick<Mail, "queue">;
  }) =>
  async (token: string): Promise<UserRow> => {
    const bad = () => badRequest("This link is invalid or has expired. Request a new one.", "verify_user_bad_token");
    const move = confirmations.readMove(token);
    if (move) {
      const mover = await users.find(move.sub);
      if (!mover || !canSignIn(mover) || !isEqual(move.print, credentialsPrint(mover))) throw bad();
      const moved = await users.applyPendingEmail(mover.id, move.email, move.at, (tx, { name, email }, former) =>
        mail.queue(tx, addressChangedEmail({ email: former, name }, email)),
      );
      if (!moved) throw bad();
      return moved;
    }
    const claims = confirmations.readVerification(token);
    const user = claims && (await users.find(claims.sub));
    if (!user || !canSignIn(user) || user.email !== claims.email) throw bad();
    if (user.is_verified) throw badRequest("This email is already confirmed.", "verify_user_already_verified");
    const row = await users.markVerified(user.id, claims.email);
    if (!row) throw bad();
    return row;
  };
