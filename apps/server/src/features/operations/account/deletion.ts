import { deletionGraceDays } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, badRequest, conflict, notFound, unauthorized } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { createPurposeTokens } from "../../accounts/auth/index.ts";
import {
  canSignIn,
  matchesVerified,
  normalizeUsername,
  sessionOver,
  type Passwords,
  type UserRow,
  type UserSessions,
  type UsersStore,
} from "../../accounts/users/index.ts";
import { deletionScheduledEmail, deletionCancelledEmail } from "./emails.ts";

const dayMs = 86_400_000;
const quarterHour = 15 * 60;

export type Deletion = ReturnType<typeof createDeletion>;
/**
 * Schedules and cancels the deletion of an account. During the grace period the account is closed: no sign-in, API keys and share links do not work,
 * nothing runs. `createErasure` deletes it afterwards.
 */
export function createDeletion({
  store,
  findByLogin,
  sessions,
  passwords,
  mail,
  limits,
  box,
  appBaseUrl,
  log,
}: {
  store: UsersStore;
  /** By email or username, in any state. */
  findByLogin: (login: string) => Promise<UserRow | undefined>;
  sessions: UserSessions;
  passwords: Passwords;
  mail: Mail;
  limits: RateLimiter;
  box: CryptoBox;
  appBaseUrl: string;
  log: Logger;
}) {
  const tokens = createPurposeTokens<{ sub: string; at: string }>(box, "account restore", ["sub", "at"]);
  const wrongPassword = () => badRequest("The password is wrong.", "current_password_wrong");
  const notPending = () => badRequest("This account is not scheduled for deletion, or has already been deleted.", "deletion_not_pending");

  const proveIntent = async (user: UserRow, { password, confirm }: { password?: string; confirm?: string }): Promise<void> => {
    if (user.hashed_password === null) {
      if (normalizeUsername(confirm ?? "") !== user.username)
        throw badRequest("Type your username to confirm.", "current_password_required");
      return;
    }
    if (password === undefined) throw badRequest("Enter your password to delete the account.", "current_password_required");
    const key = `password:${user.id}`;
    await limits.count({ key, max: 10, windowSeconds: quarterHour });
    if (!(await passwords.verify(user.hashed_password, password))) throw wrongPassword();
    await limits.reset(key);
  };

  const keep = async (user: UserRow): Promise<void> => {
    const kept = await store.transaction(async (tx) => {
      const row = await store.cancelDeletion(tx, user.id);
      if (row) {
        await mail.queue(tx, deletionCancelledEmail(row));
        await enqueueJob(tx, "quiet_account", { user_id: user.id }, { key: `quiet_account:${user.id}` });
      }
      return row;
    });
    if (!kept) throw notPending();
    await sessions.forgetUser(user.id);
    log.info({ user_id: user.id }, "account deletion cancelled");
  };

  return {
    /**
     * Closes the account and schedules its deletion. Throws `current_password_required`, `current_password_wrong`, and `last_administrator`, because on a
     * server without an administrator the next registration becomes one.
     */
    request: async (
      id: string,
      sessionId: string | undefined,
      proof: { password?: string; confirm?: string },
    ): Promise<{ scheduled_for: string; undo_token: string }> => {
      const user = await store.find(id);
      if (!user) throw notFound("User");
      await proveIntent(user, proof);
      const closed = await store.transaction(async (tx) => {
        const { user: now, administrators } = await store.lockWithAdministrators(tx, id);
        if (sessionId !== undefined && !(await sessions.isOpenNow(tx, sessionId, id))) throw unauthorized(sessionOver);
        if (!matchesVerified(now, user)) throw wrongPassword();
        if (administrators.length === 1 && administrators[0]?.id === id)
          throw conflict("last_administrator", "You are the only administrator. Make another user an administrator first.");
        const row = await store.scheduleDeletion(tx, id, id, deletionGraceDays);
        if (!row) throw notFound("User");
        await sessions.revokeOthers(tx, id, undefined, "deleted");
        const undo_token = tokens.make({ sub: id, at: row.deleted_at ?? "" }, deletionGraceDays * dayMs);
        const scheduled_for = row.scheduled_hard_delete_at ?? "";
        // In the fragment, so that it is not logged by servers.
        await mail.queue(tx, deletionScheduledEmail(row, `${appBaseUrl}/restore#${undo_token}`, scheduled_for));
        await enqueueJob(tx, "quiet_account", { user_id: id }, { key: `quiet_account:${id}` });
        return { scheduled_for, undo_token };
      });
      await sessions.forgetUser(id);
      log.info({ user_id: id }, "account deletion scheduled");
      return closed;
    },

    /** Cancels the deletion with the token or with credentials, without signing in. Throws `login_bad_credentials`, `deletion_not_pending`. */
    restore: async ({ token, login, password }: { token?: string; login?: string; password?: string }, ip: string): Promise<void> => {
      if (token !== undefined) {
        await limits.count({ key: `restore:ip:${rateLimitNetwork(ip)}`, max: 50, windowSeconds: quarterHour });
        const claims = tokens.verify(token);
        const user = claims && (await store.find(claims.sub));
        // A token of an earlier deletion request is not valid.
        if (!user || user.deleted_at !== claims.at) throw notPending();
        return keep(user);
      }
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
      return keep(user);
    },
  };
}
