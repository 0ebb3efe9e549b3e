import { deletionGraceDays, type AdminUserDetail } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Mail } from "../../../platform/mail.ts";
import { accountClosedEmail, type Sessions } from "../../accounts/auth/index.ts";
import type { Actor } from "../../accounts/audit/index.ts";
import { refuseOnAdmins, targetOf, type ChangeUser } from "./change-user.ts";
import type { AdminUserReads } from "./users.read.ts";
import type { AdminUsersStore } from "./users.store.ts";

export type AdminUserDeletion = ReturnType<typeof createAdminUserDeletion>;
/** Closes accounts and restores closed ones. */
export function createAdminUserDeletion({
  changeUser,
  reads,
  store,
  sessions,
  mail,
}: {
  changeUser: ChangeUser;
  reads: Pick<AdminUserReads, "get">;
  store: Pick<AdminUsersStore, "close" | "keep">;
  sessions: Pick<Sessions, "endAll">;
  mail: Pick<Mail, "queue">;
}) {
  return {
    /** Signs the user out, stops everything and schedules the deletion after the grace period. Throws `forbidden` for administrators. */
    remove: async (actor: Actor, id: string, reason: string, notify_user = false) => {
      const closed = await changeUser(actor, id, async (change, target) => {
        refuseOnAdmins(actor, target, "delete");
        if (target.is_deleted) throw badRequest("This account is already scheduled for deletion.");
        const scheduled_for = await store.close(change.tx, id, reason, actor.id, deletionGraceDays);
        const ended_sessions = await sessions.endAll(change.tx, id, "deleted");
        await enqueueJob(change.tx, "stop_account_work", { user_id: id }, { key: `stop_account_work:${id}` });
        await change.record({
          action: "user.delete",
          target: targetOf(target),
          reason,
          details: { scheduled_for, ended_sessions, notify_user },
        });
        if (notify_user) await mail.queue(change.tx, accountClosedEmail(target, reason, scheduled_for));
        return { user_id: id, scheduled_for };
      });
      return closed;
    },
    restore: async (actor: Actor, id: string, reason: string): Promise<AdminUserDetail> => {
      await changeUser(actor, id, async (change, target) => {
        if (!target.is_deleted) throw badRequest("This account is not scheduled for deletion.");
        if (!(await store.keep(change.tx, id))) throw badRequest("The grace period has ended. The account is being deleted.");
        // Restart their deployments.
        await enqueueJob(change.tx, "stop_account_work", { user_id: id }, { key: `stop_account_work:${id}` });
        await change.record({ action: "user.restored", target: targetOf(target), reason, details: { deleted_at: target.deleted_at } });
      });
      return reads.get(id);
    },
  };
}
