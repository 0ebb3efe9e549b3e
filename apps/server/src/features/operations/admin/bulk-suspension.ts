import type { SuspendUsers, SuspendedUsers } from "@tesslate/contract";
import { AppError, invalid } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { accountChangedEmail, accountSuspendedEmail, type Sessions } from "../../accounts/auth/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { UserStates } from "./user-states.ts";

export type BulkSuspension = ReturnType<typeof createBulkSuspension>;
/** Suspends or unsuspends several accounts in one transaction, each by the rules of a single one and with its own row of the audit log. */
export function createBulkSuspension({
  audit,
  states,
  sessions,
  mail,
}: {
  audit: Pick<Audit, "change">;
  states: Pick<UserStates, "suspend" | "unsuspend">;
  sessions: Pick<Sessions, "forgetUser">;
  mail: Pick<Mail, "queue">;
}) {
  return async (actor: Actor, body: SuspendUsers): Promise<SuspendedUsers> => {
    const ids = [...new Set(body.user_ids)].sort();
    const reason = body.reason?.trim();
    if (body.is_suspended && !reason) throw invalid(["body", "reason"], "Required", "missing");
    const result = await audit.change(
      actor,
      async (change): Promise<SuspendedUsers> => {
        const changed: string[] = [];
        const skipped: SuspendedUsers["skipped"] = [];
        for (const id of ids) {
          const target = change.users.get(id);
          if (!target || target.is_system) {
            skipped.push({ user_id: id, message: "User not found" });
            continue;
          }
          try {
            await (body.is_suspended ? states.suspend(change, actor, target, reason) : states.unsuspend(change, target, reason));
          } catch (error) {
            // Refused by a rule, before anything was written for this account.
            if (!(error instanceof AppError)) throw error;
            skipped.push({ user_id: id, message: error.message });
            continue;
          }
          if (body.notify_user)
            await mail.queue(
              change.tx,
              body.is_suspended
                ? accountSuspendedEmail(target, reason ?? "")
                : accountChangedEmail(target, ["lifted the suspension of your account"], reason),
            );
          changed.push(id);
        }
        if (changed.length === 0) change.recordNothing();
        return { changed, skipped };
      },
      { holding: ids },
    );
    for (const id of result.changed) await sessions.forgetUser(id);
    return result;
  };
}
