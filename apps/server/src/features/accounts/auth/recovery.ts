import { createHash } from "node:crypto";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { badRequest } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { networkOf, type RateLimiter } from "../../../platform/rate-limit.ts";
import { isLiving, type Passwords, type UserRow, type Users } from "../users/index.ts";
import { askedToMoveLetter, forcedResetLetter, moveLetter, movedLetter, resetLetter, verifyLetter } from "./emails.ts";
import type { SecurityLog } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";
import { createPurposeTokens, isEqual } from "./tokens.ts";
import type { WaysIn } from "./login-methods.store.ts";

const hour = 3600;
const resetMs = 3600_000;
const forcedResetMs = 24 * 3600_000;
const verifyMs = 3600_000;
const moveMs = 24 * 3600_000;
const signUpVerifyMs = 24 * 3600_000;

/** Getting back in and proving an address (accounts-projects 2): forgot, reset, verify. */
export type Recovery = ReturnType<typeof createRecovery>;
export function createRecovery({
  db,
  users,
  sessions,
  ways,
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
  ways: Pick<WaysIn, "outlasting">;
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
  /** `at`: when it was asked for. `print`: a new password voids it. */
  const moveTokens = createPurposeTokens<{ sub: string; email: string; at: string; print: string }>(box, "e-mail change", [
    "sub",
    "email",
    "at",
    "print",
  ]);

  const linkOf = (token: string) => `${appBaseUrl}/reset-password?token=${token}`;
  /** Changes with every password and address: a token serves once, is void after any change, and whoever reads the former address gets in with none. */
  const printOf = (user: Pick<UserRow, "id" | "hashed_password" | "email">) =>
    createHash("sha256")
      .update(`${user.id}\n${user.hashed_password ?? ""}\n${user.email}`)
      .digest("base64url");

  /** The work happens in a job for known and unknown addresses alike: the answer takes the same time for both. */
  const ask = async (job: "mail_reset" | "mail_verify", email: string, ip: string) => {
    const address = email.trim().toLowerCase();
    await limits.count(
      { key: `${job}:ip:${networkOf(ip)}`, max: 5, windowSeconds: hour },
      { key: `${job}:email:${address}`, max: 3, windowSeconds: hour },
    );
    await enqueueJob(db, job, { email: address });
  };
  const findLiving = async (payload: unknown): Promise<UserRow | undefined> => {
    const user = await users.findByLogin((payload as { email: string }).email);
    return user && isLiving(user) ? user : undefined;
  };
  const queueVerification = async (tx: Queries, user: UserRow, lifetimeMs: number) => {
    const token = verifyTokens.make({ sub: user.id, email: user.email }, lifetimeMs);
    await mail.queue(tx, verifyLetter(user, `${appBaseUrl}/verify?token=${token}`, lifetimeMs));
  };

  return {
    forgotPassword: (email: string, ip: string): Promise<void> => ask("mail_reset", email, ip),
    requestVerification: (email: string, ip: string): Promise<void> => ask("mail_verify", email, ip),

    /** Throws `reset_password_bad_token`, `reset_password_invalid_password`. Ends every session and every sign-in that waits for a code. */
    resetPassword: async (token: string, password: string): Promise<void> => {
      const bad = () => badRequest("This link is no longer valid. Ask for a new one.", "reset_password_bad_token");
      const claims = resetTokens.verify(token);
      const user = claims && (await users.find(claims.sub));
      if (!user || !isLiving(user) || !isEqual(claims.print, printOf(user))) throw bad();
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
     * For an administrator, in their transaction: the password works no more, nobody is signed in any more, and a link to set a new one is on its way.
     * Says how many sessions ended. Call `sessions.forgetUser` after the commit.
     */
    force: async (tx: Queries, user: UserRow): Promise<number> => {
      if (user.hashed_password !== null) await users.voidPassword(tx, user.id);
      const ended = await sessions.endAll(tx, user.id, "password_reset_by_admin");
      const token = resetTokens.make({ sub: user.id, print: printOf({ ...user, hashed_password: null }) }, forcedResetMs);
      await mail.queue(tx, forcedResetLetter(user, linkOf(token), forcedResetMs, await ways.outlasting(user.id, tx)));
      return ended;
    },

    /**
     * Confirms the address, or the one that waits to take its place. Throws `verify_user_bad_token`, `verify_user_already_verified`,
     * `update_user_email_already_exists`.
     */
    verify: async (token: string): Promise<UserRow> => {
      const bad = () => badRequest("This link is no longer valid. Ask for a new one.", "verify_user_bad_token");
      const move = moveTokens.verify(token);
      if (move) {
        const mover = await users.find(move.sub);
        if (!mover || !isLiving(mover) || !isEqual(move.print, printOf(mover))) throw bad();
        const moved = await users.applyPendingEmail(mover.id, move.email, move.at, (tx, { name, email }, former) =>
          mail.queue(tx, movedLetter({ email: former, name }, email)),
        );
        if (!moved) throw bad();
        return moved;
      }
      const claims = verifyTokens.verify(token);
      const user = claims && (await users.find(claims.sub));
      if (!user || !isLiving(user) || user.email !== claims.email) throw bad();
      if (user.is_verified) throw badRequest("This address is confirmed already.", "verify_user_already_verified");
      const row = await users.markVerified(user.id, claims.email);
      if (!row) throw bad();
      return row;
    },

    /** For whatever makes a new account, in its transaction. */
    onRegistered: async (tx: Queries, user: UserRow): Promise<void> => {
      if (!user.is_verified) await queueVerification(tx, user, signUpVerifyMs);
    },
    /** The new address is asked, the present one is told. */
    onEmailAsked: async (tx: Queries, user: UserRow): Promise<void> => {
      const { id: sub, pending_email: email, pending_email_at: at } = user;
      if (email === null || at === null) return;
      const token = moveTokens.make({ sub, email, at, print: printOf(user) }, moveMs);
      await mail.queue(tx, moveLetter({ email, name: user.name }, `${appBaseUrl}/verify?token=${token}`, moveMs));
      await mail.queue(tx, askedToMoveLetter(user, email));
    },
    onEmailChanged: async (tx: Queries, user: UserRow, formerEmail: string): Promise<void> => {
      await queueVerification(tx, user, signUpVerifyMs);
      await mail.queue(tx, movedLetter({ email: formerEmail, name: user.name }, user.email));
    },

    jobHandlers: {
      mail_reset: async (payload: unknown) => {
        const user = await findLiving(payload);
        if (!user) return;
        const token = resetTokens.make({ sub: user.id, print: printOf(user) }, resetMs);
        await mail.queue(db, resetLetter(user, linkOf(token), resetMs, await ways.outlasting(user.id)));
      },
      mail_verify: async (payload: unknown) => {
        const user = await findLiving(payload);
        if (user && !user.is_verified) await queueVerification(db, user, verifyMs);
      },
    },
  };
}
