import type { UpdateAdminUser } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, invalid } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { accountChangedEmail, accountSuspendedEmail } from "../../accounts/auth/index.ts";
import type { Actor } from "../../accounts/audit/index.ts";
import type { UserRow, Users } from "../../accounts/users/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { targetOf, type ChangeUser } from "./change-user.ts";
import type { UserStates } from "./user-states.ts";
import type { AdminUsersStore } from "./users.store.ts";

export type AdminUserUpdates = ReturnType<typeof createAdminUserUpdates>;
/** Changes of accounts by administrators. */
export function createAdminUserUpdates({
  changeUser,
  store,
  users,
  states,
  credits,
  mail,
}: {
  changeUser: ChangeUser;
  store: Pick<AdminUsersStore, "setFlags">;
  users: Pick<Users, "rename">;
  states: UserStates;
  credits: Pick<Credits, "adjust" | "changeTier">;
  mail: Pick<Mail, "queue">;
}) {
  const notify = async (
    tx: Queries,
    user: UserRow,
    { changes, suspendedFor, reason }: { changes: string[]; suspendedFor: string | undefined; reason: string | undefined },
  ): Promise<void> => {
    if (suspendedFor !== undefined) await mail.queue(tx, accountSuspendedEmail(user, suspendedFor));
    else if (changes.length > 0) await mail.queue(tx, accountChangedEmail(user, changes, reason));
  };

  return {
    /** Applies all changes of the body or none. Each kind of change has its own audit log row. Returns a warning for the administrator. */
    update: async (actor: Actor, id: string, body: UpdateAdminUser): Promise<string | null> => {
      const { is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username, notify_user = false } = body;
      const reason = body.reason?.trim();
      const wanted = [is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username];
      if (wanted.every((value) => value === undefined)) throw badRequest("No changes given.", "nothing_to_change");
      if (is_suspended === true && is_superuser === true) throw badRequest("An administrator cannot be suspended.");
      if (credits_adjustment === 0) throw invalid(["body", "credits_adjustment"], "Must not be 0");
      if (credits_adjustment !== undefined && reason === undefined) throw invalid(["body", "reason"], "Required", "missing");
      if (credits_adjustment !== undefined && (reason?.length ?? 0) > 500) throw invalid(["body", "reason"], "At most 500 characters");

      return changeUser(actor, id, async (change, target): Promise<string | null> => {
        const changes: string[] = [];
        let note: string | null = null;
        if (credits_adjustment !== undefined) {
          const { before, after, isRepeat } = await credits.adjust(change.tx, {
            user_id: id,
            amount: credits_adjustment,
            reason: reason ?? "",
            made_by_id: actor.id,
            key: body.idempotency_key,
          });
          // The key covers the whole request, so its other changes were applied too.
          if (isRepeat) {
            change.recordNothing();
            return null;
          }
          await change.record({
            action: "user.credits_adjusted",
            target: targetOf(target),
            reason: reason ?? null,
            details: { old_balance: before, adjustment: credits_adjustment, new_balance: after, notify_user },
          });
          changes.push(`${credits_adjustment > 0 ? "added" : "removed"} ${Math.abs(credits_adjustment)} credits`);
        }
        if (subscription_tier !== undefined && subscription_tier !== target.subscription_tier) {
          await credits.changeTier(change.tx, id, subscription_tier);
          await change.record({
            action: "user.tier_changed",
            target: targetOf(target),
            reason: reason ?? null,
            details: { old_tier: target.subscription_tier, new_tier: subscription_tier, notify_user },
          });
          changes.push(`changed your plan to ${subscription_tier}`);
          if (target.stripe_subscription_id !== null)
            note = "This account has a Stripe subscription, which is not affected by this change. Change or cancel it at Stripe.";
        }
        const names = {
          ...(name !== undefined && name.trim() !== target.name && { name }),
          ...(username !== undefined && username.trim().toLowerCase() !== target.username && { username }),
        };
        const flags = is_verified !== undefined && is_verified !== target.is_verified ? { is_verified } : {};
        if (Object.keys(names).length > 0 || Object.keys(flags).length > 0) {
          if (Object.keys(names).length > 0) await users.rename(change.tx, id, names);
          if (Object.keys(flags).length > 0) await store.setFlags(change.tx, id, flags);
          const changed = { ...names, ...flags };
          await change.record({
            action: "user.updated",
            target: targetOf(target),
            reason: reason ?? null,
            details: {
              before: Object.fromEntries(Object.keys(changed).map((key) => [key, target[key as keyof typeof changed]])),
              after: changed,
              notify_user,
            },
          });
          if (names.name !== undefined) changes.push("changed your name");
          if (names.username !== undefined) changes.push("changed your username");
          if (flags.is_verified !== undefined)
            changes.push(flags.is_verified ? "marked your email as confirmed" : "marked your email as not confirmed");
        }
        if (is_superuser !== undefined && (await states.changeRole(change, actor, target, is_superuser, reason)))
          changes.push(is_superuser ? "made you an administrator" : "removed your administrator role");
        if (is_suspended === true) await states.suspend(change, actor, target, reason);
        if (is_suspended === false) {
          await states.unsuspend(change, target, reason);
          changes.push("lifted the suspension of your account");
        }
        if (notify_user) await notify(change.tx, target, { changes, suspendedFor: is_suspended === true ? reason : undefined, reason });
        // Nothing differs from the current state.
        if (changes.length === 0 && is_suspended === undefined) change.recordNothing();
        return note;
      });
    },
  };
}
