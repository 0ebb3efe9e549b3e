import { createHash } from "node:crypto";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { badRequest } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type Passwords, type UserRow, type Users } from "../users/index.ts";
import {
  addressChangeRequestedEmail,
  forcedPasswordResetEmail,
  newAddressEmail,
  addressChangedEmail,
  passwordResetEmail,
  verifyAddressEmail,
} from "./emails.ts";
import type { SecurityLog } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";
import { createPurposeTokens, isEqual } from "./tokens.ts";
import type { LoginMethods } from "./login-methods.store.ts";

const hour = 3600;
const resetMs = 3600_000;
const forcedResetMs = 24 * 3600_000;
const verifyMs = 3600_000;
const moveMs = 24 * 3600_000;
const signUpVerifyMs = 24 * 3600_000;

/** Password reset and email verification. */
export type Recovery = ReturnType<typeof createRecovery>;
export function createRecovery({
  db,
  users,
  sessions,
  loginMethods,
  passwords,
  mail,
  securityLog,
  limits,
  box,
  appBaseUrl,
  log,
}: {
  db: Database;
  users: Users;
  sessions: Sessions;
  loginMethods: Pick<LoginMethods, "remainingAfterReset">;
  passwords: Passwords;
  mail: Mail;
  securityLog: SecurityLog;
  limits: RateLimiter;
  box: CryptoBox;
  appBaseUrl: string;
  log: Logger;
}) {
  const resetTokens = createPurposeTokens<{ sub: string; print: string }>(box, "password reset", ["sub", "print"]);
  const verifyTokens = createPurposeTokens<{ sub: string; email: string }>(box, "e-mail verification", ["sub", "email"]);
  /** `at`: when the change was requested. `print`: a new password invalidates the token. */
  const moveTokens = createPurposeTokens<{ sub: string; email: string; at: string; print: string }>(box, "e-mail change", [
    "sub",
    "email",
    "at",
    "print",
  ]);

  const linkOf = (token: string) => `${appBaseUrl}/reset-password?token=${token}`;
  /** Changes with every new password and email, so that a token works once and is invalid after any change. */
  const printOf = (user: Pick<UserRow, "id" | "hashed_password" | "email">) =>
    createHash("sha256")
      .update(`${user.id}\n${user.hashed_password ?? ""}\n${user.email}`)
      .digest("base64url");

  /** Done in a job, so that the response time does not reveal whether the account exists. */
  const ask = async (job: "mail_reset" | "mail_verify", email: string, ip: string) => {
    const address = email.trim().toLowerCase();
    await limits.count(
      { key: `${job}:ip:${rateLimitNetwork(ip)}`, max: 5, windowSeconds: hour },
      { key: `${job}:email:${address}`, max: 3, windowSeconds: hour },
    );
    await enqueueJob(db, job, { email: address });
  };
  const findActive = async (payload: unknown): Promise<UserRow | undefined> => {
    const user = await users.findByLogin((payload as { email: string }).email);
    return user && canSignIn(user) ? user : undefined;
  };
  const queueVerification = async (tx: Queries, user: UserRow, lifetimeMs: number) => {
    const token = verifyTokens.make({ sub: user.id, email: user.email }, lifetimeMs);
    await mail.queue(tx, verifyAddressEmail(user, `${appBaseUrl}/verify?token=${token}`, lifetimeMs));
  };

  return {
    forgotPassword: (email: string, ip: string): Promise<void> => ask("mail_reset", email, ip),
    requestVerification: (email: string, ip: string): Promise<void> => ask("mail_verify", email, ip),

    /** Throws `reset_password_bad_token`, `reset_password_invalid_password`. Ends all sessions and pending sign-ins. */
    resetPassword: async (token: string, password: string): Promise<void> => {
      const bad = () => badRequest("This link is invalid or has expired. Request a new one.", "reset_password_bad_token");
      const claims = resetTokens.verify(token);
      const user = claims && (await users.find(claims.sub));
      if (!user || !canSignIn(user) || !isEqual(claims.print, printOf(user))) throw bad();
      await users.checkPassword(password, user, "reset_password_invalid_password");
      const hash = await passwords.hash(password);
      const isDone = await db.transaction(async (tx) => {
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
      const token = resetTokens.make({ sub: user.id, print: printOf({ ...user, hashed_password: null }) }, forcedResetMs);
      await mail.queue(
        tx,
        forcedPasswordResetEmail(user, linkOf(token), forcedResetMs, await loginMethods.remainingAfterReset(user.id, tx)),
      );
      return ended;
    },

    /**
     * Confirms the email, or the pending new one. Throws `verify_user_bad_token`, `verify_user_already_verified`,
     * `update_user_email_already_exists`.
     */
    verify: async (token: string): Promise<UserRow> => {
      const bad = () => badRequest("This link is invalid or has expired. Request a new one.", "verify_user_bad_token");
      const move = moveTokens.verify(token);
      if (move) {
        const mover = await users.find(move.sub);
        if (!mover || !canSignIn(mover) || !isEqual(move.print, printOf(mover))) throw bad();
        const moved = await users.applyPendingEmail(mover.id, move.email, move.at, (tx, { name, email }, former) =>
          mail.queue(tx, addressChangedEmail({ email: former, name }, email)),
        );
        if (!moved) throw bad();
        return moved;
      }
      const claims = verifyTokens.verify(token);
      const user = claims && (await users.find(claims.sub));
      if (!user || !canSignIn(user) || user.email !== claims.email) throw bad();
      if (user.is_verified) throw badRequest("This email is already confirmed.", "verify_user_already_verified");
      const row = await users.markVerified(user.id, claims.email);
      if (!row) throw bad();
      return row;
    },

    /** Called in the transaction that creates an account. */
    onRegistered: async (tx: Queries, user: UserRow): Promise<void> => {
      if (!user.is_verified) await queueVerification(tx, user, signUpVerifyMs);
    },
    /** Emails a confirmation link to the new address and a notice to the current one. */
    onEmailAsked: async (tx: Queries, user: UserRow): Promise<void> => {
      const { id: sub, pending_email: email, pending_email_at: at } = user;
      if (email === null || at === null) return;
      const token = moveTokens.make({ sub, email, at, print: printOf(user) }, moveMs);
      await mail.queue(tx, newAddressEmail({ email, name: user.name }, `${appBaseUrl}/verify?token=${token}`, moveMs));
      await mail.queue(tx, addressChangeRequestedEmail(user, email));
    },
    onEmailChanged: async (tx: Queries, user: UserRow, formerEmail: string): Promise<void> => {
      await queueVerification(tx, user, signUpVerifyMs);
      await mail.queue(tx, addressChangedEmail({ email: formerEmail, name: user.name }, user.email));
    },

    jobHandlers: {
      mail_reset: async (payload: unknown) => {
        const user = await findActive(payload);
        if (!user) return;
        const token = resetTokens.make({ sub: user.id, print: printOf(user) }, resetMs);
        await mail.queue(db, passwordResetEmail(user, linkOf(token), resetMs, await loginMethods.remainingAfterReset(user.id)));
      },
      mail_verify: async (payload: unknown) => {
        const user = await findActive(payload);
        if (user && !user.is_verified) await queueVerification(db, user, verifyMs);
      },
    },
  };
}
