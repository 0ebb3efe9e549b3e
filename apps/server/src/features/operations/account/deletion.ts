import { deletionGraceDays } from "@tesslate/contract";
import { badRequest, conflict, notFound, unauthorized } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { matchesVerified, sessionOver, type UserRow, type UserSessions, type UsersStore } from "../../accounts/users/index.ts";
import { passwordMismatch, type DeletionProofs } from "./deletion-proofs.ts";
import { deletionScheduledEmail, deletionCancelledEmail } from "./emails.ts";
import type { RestoreLinks } from "./restore-links.ts";

export type Deletion = ReturnType<typeof createDeletion>;
/**
 * Schedules and cancels the deletion of an account. During the grace period the account is closed: no sign-in, API keys and share links do not work,
 * nothing runs. `createErasure` deletes it afterwards.
 */
export function createDeletion({
  store,
  sessions,
  proofs,
  links,
  mail,
  log,
}: {
  store: UsersStore;
  sessions: UserSessions;
  proofs: DeletionProofs;
  links: RestoreLinks;
  mail: Pick<Mail, "queue">;
  log: Logger;
}) {
  const notPending = () => badRequest("This account is not scheduled for deletion, or has already been deleted.", "deletion_not_pending");

  const keep = async (user: UserRow): Promise<void> => {
    const kept = await store.transaction(async (tx) => {
      const row = await store.cancelDeletion(tx, user.id);
      if (row) {
        await mail.queue(tx, deletionCancelledEmail(row));
        await enqueueJob(tx, "stop_account_work", { user_id: user.id }, { key: `stop_account_work:${user.id}` });
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
      await proofs.proveIntent(user, proof);
      const closed = await store.transaction(async (tx) => {
        const { user: now, administrators } = await store.lockWithAdministrators(tx, id);
        if (sessionId !== undefined && !(await sessions.isOpenNow(tx, sessionId, id))) throw unauthorized(sessionOver);
        if (!matchesVerified(now, user)) throw passwordMismatch();
        if (administrators.length === 1 && administrators[0]?.id === id)
          throw conflict("last_administrator", "You are the only administrator. Make another user an administrator first.");
        const row = await store.scheduleDeletion(tx, id, id, deletionGraceDays);
        if (!row) throw notFound("User");
        await sessions.revokeOthers(tx, id, undefined, "deleted");
        const undo_token = links.make(row);
        const scheduled_for = row.scheduled_hard_delete_at ?? "";
        await mail.queue(tx, deletionScheduledEmail(row, links.urlOf(undo_token), scheduled_for));
        await enqueueJob(tx, "stop_account_work", { user_id: id }, { key: `stop_account_work:${id}` });
        return { scheduled_for, undo_token };
      });
      await sessions.forgetUser(id);
      log.info({ user_id: id }, "account deletion scheduled");
      return closed;
    },

    /** Cancels the deletion with the token or with credentials, without signing in. Throws `login_bad_credentials`, `deletion_not_pending`. */
    restore: async ({ token, ...credentials }: { token?: string; login?: string; password?: string }, ip: string): Promise<void> => {
      if (token !== undefined) {
        await proofs.countToken(ip);
        const claims = links.read(token);
        const user = claims && (await store.find(claims.sub));
        // A token of an earlier deletion request is not valid.
        if (!user || user.deleted_at !== claims.at) throw notPending();
        return keep(user);
      }
      return keep(await proofs.byCredentials(credentials, ip));
    },
  };
}
