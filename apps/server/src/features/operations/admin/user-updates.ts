import type { UpdateAdminUser } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, invalid } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { accountChangedEmail, accountSuspendedEmail } from "../../accounts/auth/index.ts";
import type { Actor, AuditedChange } from "../../accounts/audit/index.ts";
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

  /** What the user is told about a change: "added 5 credits". `undefined`: the same request was applied before. */
  const adjustCredits = async (
    { change, target, actor, reason }: Update,
    { credits_adjustment: amount, idempotency_key, notify_user = false }: UpdateAdminUser,
  ): Promise<string[] | undefined> => {
    if (amount === undefined) return [];
    const { before, after, isRepeat } = await credits.adjust(change.tx, {
      user_id: target.id,
      amount,
      reason: reason ?? "",
      made_by_id: actor.id,
      key: idempotency_key,
    });
    // The key covers the whole request, so its other changes were applied too.
    if (isRepeat) return undefined;
    await change.record({
      action: "user.credits_adjusted",
      target: targetOf(target),
      reason: reason ?? null,
      details: { old_balance: before, adjustment: amount, new_balance: after, notify_user },
    });
    return [`${amount > 0 ? "added" : "removed"} ${Math.abs(amount)} credits`];
  };

  const changeTier = async (
    { change, target, reason }: Update,
    { subscription_tier: tier, notify_user = false }: UpdateAdminUser,
  ): Promise<string[]> => {
    if (tier === undefined || tier === target.subscription_tier) return [];
    await credits.changeTier(change.tx, target.id, tier);
    await change.record({
      action: "user.tier_changed",
      target: targetOf(target),
      reason: reason ?? null,
      details: { old_tier: target.subscription_tier, new_tier: tier, notify_user },
    });
    return [`changed your plan to ${tier}`];
  };

  const changeProfile = async (
    { change, target, reason }: Update,
    { name, username, is_verified, notify_user = false }: UpdateAdminUser,
  ): Promise<string[]> => {
    const names = {
      ...(name !== undefined && name.trim() !== target.name && { name }),
      ...(username !== undefined && username.trim().toLowerCase() !== target.username && { username }),
    };
    const flags = is_verified !== undefined && is_verified !== target.is_verified ? { is_verified } : {};
    const changed = { ...names, ...flags };
    if (Object.keys(changed).length === 0) return [];
    if (Object.keys(names).length > 0) await users.rename(change.tx, target.id, names);
    if (Object.keys(flags).length > 0) await store.setFlags(change.tx, target.id, flags);
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
    return [
      ...(names.name === undefined ? [] : ["changed your name"]),
      ...(names.username === undefined ? [] : ["changed your username"]),
      ...(flags.is_verified === undefined
        ? []
        : [flags.is_verified ? "marked your email as confirmed" : "marked your email as not confirmed"]),
    ];
  };

  const changeStates = async (
    { change, target, actor, reason }: Update,
    { is_superuser, is_suspended }: UpdateAdminUser,
  ): Promise<string[]> => {
    const isRoleChanged = is_superuser !== undefined && (await states.changeRole(change, actor, target, is_superuser, reason));
    if (is_suspended === true) await states.suspend(change, actor, target, reason);
    if (is_suspended === false) await states.unsuspend(change, target, reason);
    return [
      ...(isRoleChanged ? [is_superuser ? "made you an administrator" : "removed your administrator role"] : []),
      ...(is_suspended === false ? ["lifted the suspension of your account"] : []),
    ];
  };

  return {
    /** Applies all changes of the body or none. Each kind of change has its own audit log row. Returns a warning for the administrator. */
    update: async (actor: Actor, id: string, body: UpdateAdminUser): Promise<string | null> => {
      const reason = body.reason?.trim();
      checkUpdate(body, reason);
      return changeUser(actor, id, async (change, target): Promise<string | null> => {
        const update: Update = { change, target, actor, reason };
        const adjusted = await adjustCredits(update, body);
        if (adjusted === undefined) {
          change.recordNothing();
          return null;
        }
        const tier = await changeTier(update, body);
        const changes = [...adjusted, ...tier, ...(await changeProfile(update, body)), ...(await changeStates(update, body))];
        const suspendedFor = body.is_suspended === true ? reason : undefined;
        if (body.notify_user) await notify(change.tx, target, { changes, suspendedFor, reason });
        // Nothing differs from the current state.
        if (changes.length === 0 && body.is_suspended === undefined) change.recordNothing();
        return tier.length > 0 && target.stripe_subscription_id !== null
          ? "This account has a Stripe subscription, which is not affected by this change. Change or cancel it at Stripe."
          : null;
      });
    },
  };
}

interface Update {
  change: AuditedChange;
  target: UserRow;
  actor: Actor;
  reason: string | undefined;
}

function checkUpdate(
  { is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username }: UpdateAdminUser,
  reason: string | undefined,
): void {
  const requested = [is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username];
  if (requested.every((value) => value === undefined)) throw badRequest("No changes given.", "nothing_to_change");
  if (is_suspended === true && is_superuser === true) throw badRequest("An administrator cannot be suspended.");
  if (credits_adjustment === 0) throw invalid(["body", "credits_adjustment"], "Must not be 0");
  if (credits_adjustment !== undefined && reason === undefined) throw invalid(["body", "reason"], "Required", "missing");
  if (credits_adjustment !== undefined && (reason?.length ?? 0) > 500) throw invalid(["body", "reason"], "At most 500 characters");
}
