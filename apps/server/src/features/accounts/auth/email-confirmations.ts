import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { EmailChanges, OnRegistered, UserRow } from "../users/index.ts";
import { addressChangedEmail, addressChangeRequestedEmail, newAddressEmail, verifyAddressEmail } from "./emails.ts";
import { credentialsPrint } from "./credentials-print.ts";
import { createPurposeTokens } from "./tokens.ts";

const moveMs = 24 * 3600_000;
const signUpVerifyMs = 24 * 3600_000;

export type EmailConfirmations = ReturnType<typeof createEmailConfirmations>;
/** Emails with links that confirm an address, and what the links contain. */
export function createEmailConfirmations({
  mail,
  box,
  limits,
  appBaseUrl,
}: {
  mail: Pick<Mail, "isOn" | "queue">;
  box: CryptoBox;
  limits: RateLimiter;
  appBaseUrl: string;
}) {
  const verifyTokens = createPurposeTokens<{ sub: string; email: string }>(box, "e-mail verification", ["sub", "email"]);
  /** `at`: when the change was requested. `print`: a new password invalidates the token. */
  const moveTokens = createPurposeTokens<{ sub: string; email: string; at: string; print: string }>(box, "e-mail change", [
    "sub",
    "email",
    "at",
    "print",
  ]);

  const queueVerification = async (tx: Queries, user: UserRow, lifetimeMs: number) => {
    const token = verifyTokens.make({ sub: user.id, email: user.email }, lifetimeMs);
    await mail.queue(tx, verifyAddressEmail(user, `${appBaseUrl}/verify?token=${token}`, lifetimeMs));
  };

  const changes: EmailChanges = {
    isOn: mail.isOn,
    countRequest: (id) => limits.count({ key: `email_change:${id}`, max: 10, windowSeconds: 3600 }),
    /** Emails a confirmation link to the new address and a notice to the current one. */
    onRequested: async (tx, user) => {
      const { id: sub, pending_email: email, pending_email_at: at } = user;
      if (email === null || at === null) return;
      const token = moveTokens.make({ sub, email, at, print: credentialsPrint(user) }, moveMs);
      await mail.queue(tx, newAddressEmail({ email, name: user.name }, `${appBaseUrl}/verify?token=${token}`, moveMs));
      await mail.queue(tx, addressChangeRequestedEmail(user, email));
    },
    onChanged: async (tx, user, formerEmail) => {
      await queueVerification(tx, user, signUpVerifyMs);
      await mail.queue(tx, addressChangedEmail({ email: formerEmail, name: user.name }, user.email));
    },
  };
  /** Called in the transaction that creates an account. */
  const onRegistered: OnRegistered = async (tx, user) => {
    if (!user.is_verified) await queueVerification(tx, user, signUpVerifyMs);
  };

  return {
    changes,
    onRegistered,
    queueVerification,
    /** The claims of a link; undefined when it is invalid or has expired. */
    readMove: moveTokens.verify,
    readVerification: verifyTokens.verify,
  };
}
