import { badRequest } from "../../../platform/errors.ts";
import type { ApiKeys, Recovery, Sessions, Totp } from "../../accounts/auth/index.ts";
import type { Actor } from "../../accounts/audit/index.ts";
import { canSignIn } from "../../accounts/users/index.ts";
import { refuseOnAdmins, targetOf, type ChangeUser } from "./change-user.ts";
import type { AdminUsersStore } from "./users.store.ts";

export type AdminUserCredentials = ReturnType<typeof createAdminUserCredentials>;
/** Ends and resets the credentials of a user. */
export function createAdminUserCredentials({
  changeUser,
  store,
  sessions,
  apiKeys,
  totp,
  recovery,
}: {
  changeUser: ChangeUser;
  store: Pick<AdminUsersStore, "setFlags">;
  sessions: Pick<Sessions, "endAll">;
  apiKeys: Pick<ApiKeys, "removeAll">;
  totp: Pick<Totp, "clear">;
  /** `isMailed`: whether the server sends the link. */
  recovery: Pick<Recovery, "force"> & { isMailed: boolean };
}) {
  return {
    endSessions: async (actor: Actor, id: string, reason: string, withKeys: boolean) => {
      const ended = await changeUser(actor, id, async (change, target) => {
        const ended_sessions = await sessions.endAll(change.tx, id, "ended_by_admin");
        const deleted_api_keys = withKeys ? await apiKeys.removeAll(change.tx, id) : 0;
        await change.record({
          action: "user.sessions_ended",
          target: targetOf(target),
          reason,
          details: { ended_sessions, deleted_api_keys },
        });
        return { ended_sessions, deleted_api_keys };
      });
      return ended;
    },

    /** For users who lost their second factor. Throws `forbidden` for administrators, `nothing_to_change`. */
    resetSecondFactor: async (actor: Actor, id: string, reason: string) => {
      return changeUser(actor, id, async (change, target) => {
        refuseOnAdmins(actor, target, "reset the two-factor authentication of");
        const had_totp = await totp.clear(change.tx, target);
        const had_email_codes = target.two_fa_enabled;
        if (!had_totp && !had_email_codes)
          throw badRequest("Two-factor authentication is not enabled for this account.", "nothing_to_change");
        await store.setFlags(change.tx, id, { two_fa_enabled: false });
        await change.record({
          action: "user.second_factor_reset",
          target: targetOf(target),
          reason,
          details: { had_totp, had_email_codes },
        });
        return { had_totp, had_email_codes };
      });
    },

    /** Throws `forbidden` for administrators: otherwise access to their mailbox would be enough to take over the account. */
    resetPassword: async (actor: Actor, id: string, reason: string) => {
      const ended_sessions = await changeUser(actor, id, async (change, target) => {
        refuseOnAdmins(actor, target, "reset the password of");
        if (!canSignIn(target)) throw badRequest("This account is suspended or deleted.");
        const ended = await recovery.force(change.tx, target);
        await change.record({ action: "user.password_reset", target: targetOf(target), reason, details: { ended_sessions: ended } });
        return ended;
      });
      return { ended_sessions, is_mailed: recovery.isMailed };
    },
  };
}
