import { badRequest, forbidden, invalid } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Sessions } from "../../accounts/auth/index.ts";
import type { Actor, AuditedChange } from "../../accounts/audit/index.ts";
import { canSignIn, type UserRow } from "../../accounts/users/index.ts";
import { refuseOnAdmins, targetOf } from "./change-user.ts";
import { releaseJob } from "./user-release.ts";
import type { AdminUsersStore } from "./users.store.ts";

export type UserStates = ReturnType<typeof createUserStates>;
/** Suspension and the administrator role. */
export function createUserStates({
  store,
  sessions,
}: {
  store: Pick<AdminUsersStore, "suspend" | "unsuspend" | "setFlags">;
  sessions: Pick<Sessions, "endAll" | "endImpersonations">;
}) {
  return {
    suspend: async (change: AuditedChange, actor: Actor, target: UserRow, reason: string | undefined): Promise<void> => {
      if (reason === undefined) throw invalid(["body", "reason"], "Required", "missing");
      refuseOnAdmins(actor, target, "suspend");
      if (target.is_suspended) throw badRequest("This account is already suspended.");
      await store.suspend(change.tx, target.id, reason, actor.id);
      const ended_sessions = await sessions.endAll(change.tx, target.id, "suspended");
      await enqueueJob(change.tx, releaseJob, { user_id: target.id }, { key: `${releaseJob}:${target.id}` });
      await change.record({ action: "user.suspend", target: targetOf(target), reason, details: { ended_sessions } });
    },
    unsuspend: async (change: AuditedChange, target: UserRow, reason: string | undefined) => {
      if (!target.is_suspended) throw badRequest("This account is not suspended.");
      await store.unsuspend(change.tx, target.id);
      await enqueueJob(change.tx, releaseJob, { user_id: target.id }, { key: `${releaseJob}:${target.id}` });
      await change.record({
        action: "user.unsuspend",
        target: targetOf(target),
        reason: reason ?? null,
        details: { suspended_at: target.suspended_at, suspended_reason: target.suspended_reason },
      });
    },
    /** False when nothing changed. */
    changeRole: async (change: AuditedChange, actor: Actor, target: UserRow, is_superuser: boolean, reason: string | undefined) => {
      if (is_superuser === target.is_superuser) return false;
      // The caller stays an administrator until this transaction ends, so one is always left.
      if (!is_superuser && target.id === actor.id) throw forbidden("forbidden", "You cannot remove your own administrator role.");
      if (is_superuser && !canSignIn(target)) throw badRequest("An inactive account cannot be an administrator.");
      await store.setFlags(change.tx, target.id, { is_superuser });
      await sessions.endImpersonations(change.tx, target.id);
      await change.record({ action: is_superuser ? "user.promoted" : "user.demoted", target: targetOf(target), reason: reason ?? null });
      return true;
    },
  };
}
