import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { UserRow } from "../users/index.ts";
import { credentialsPrint } from "./credentials-print.ts";
import { forcedPasswordResetEmail, passwordResetEmail } from "./emails.ts";
import type { LoginMethods } from "./login-methods.store.ts";
import { createPurposeTokens } from "./tokens.ts";

const resetMs = 3600_000;
const forcedResetMs = 24 * 3600_000;

export type ResetLinks = ReturnType<typeof createResetLinks>;
/** Emails with links to set a new password. */
export function createResetLinks({
  box,
  mail,
  loginMethods,
  appBaseUrl,
}: {
  box: CryptoBox;
  mail: Pick<Mail, "queue">;
  loginMethods: Pick<LoginMethods, "remainingAfterReset">;
  appBaseUrl: string;
}) {
  const tokens = createPurposeTokens<{ sub: string; print: string }>(box, "password reset", ["sub", "print"]);
  const linkOf = (token: string) => `${appBaseUrl}/reset-password?token=${token}`;

  return {
    /** The claims of a link; undefined when it is invalid or has expired. */
    read: tokens.verify,
    send: async (q: Queries, user: UserRow): Promise<void> => {
      const token = tokens.make({ sub: user.id, print: credentialsPrint(user) }, resetMs);
      await mail.queue(q, passwordResetEmail(user, linkOf(token), resetMs, await loginMethods.remainingAfterReset(user.id)));
    },
    /** For a user whose password is invalidated in the same transaction. */
    sendForced: async (tx: Queries, user: UserRow): Promise<void> => {
      const token = tokens.make({ sub: user.id, print: credentialsPrint({ ...user, hashed_password: null }) }, forcedResetMs);
      const remaining = await loginMethods.remainingAfterReset(user.id, tx);
      await mail.queue(tx, forcedPasswordResetEmail(user, linkOf(token), forcedResetMs, remaining));
    },
  };
}
