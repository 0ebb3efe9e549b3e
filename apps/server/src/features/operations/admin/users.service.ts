import { deletionGraceDays } from "@tesslate/contract";
import type { AdminUser, AdminUserDetail, ChangedUser, List, Session, UpdateAdminUser, UserFilter } from "@tesslate/contract";
import { centsOf } from "../../../platform/amounts.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, forbidden, invalid, notFound } from "../../../platform/errors.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import {
  accountChangedEmail,
  accountClosedEmail,
  accountSuspendedEmail,
  type ApiKeys,
  type Recovery,
  type Sessions,
  type Totp,
} from "../../accounts/auth/index.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { canSignIn, type UserRow, type Users } from "../../accounts/users/index.ts";
import type { AuditedChange, Actor, Audit } from "../../accounts/audit/index.ts";
import { pagesOf } from "../../../platform/csv.ts";
import type { AdminUsersStore, ListedUser } from "./users.store.ts";

/** Job that stops everything of a suspended user, or restarts their deployments once they are active again. */
export const releaseJob = "release_user";

/** Administration of all accounts. */
export type AdminUsers = ReturnType<typeof createAdminUsers>;
export function createAdminUsers({
  store,
  audit,
  users,
  sessions,
  apiKeys,
  recovery,
  totp,
  credits,
  mail,
  stopProject,
  deployed,
  log,
}: {
  store: AdminUsersStore;
  audit: Audit;
  users: Pick<Users, "rename" | "find">;
  sessions: Pick<Sessions, "list" | "endAll" | "endImpersonations" | "forgetUser">;
  apiKeys: Pick<ApiKeys, "removeAll">;
  recovery: Pick<Recovery, "force">;
  totp: Pick<Totp, "clear">;
  credits: Pick<Credits, "adjust" | "changeTier">;
  mail: Pick<Mail, "isOn" | "queue">;
  /** Stops the agent runs and the containers of a project. */
  stopProject: (projectId: string) => Promise<void>;
  /** Stops and restarts the deployments of a user on this server. */
  deployed: { suspend(userId: string): Promise<void>; resume(userId: string): Promise<void> };
  log: Logger;
}) {
  const require = async (id: string): Promise<ListedUser> => {
    const row = await store.find(id);
    if (!row) throw notFound("User");
    return row;
  };
  const targetOf = ({ id, username }: UserRow) => ({ type: "user" as const, id, name: username });
  const lockedUser = ({ users: held }: AuditedChange, id: string): UserRow => {
    const row = held.get(id);
    if (!row) throw notFound("User");
    return row;
  };
  /** Refuses actions on oneself and on other administrators, so that an administrator is always left. */
  const refuseOnAdmins = (actor: Actor, target: UserRow, what: string) => {
    if (target.id === actor.id) throw forbidden("forbidden", `You cannot ${what} yourself.`);
    if (target.is_superuser) throw forbidden("forbidden", `You cannot ${what} an administrator. Remove their administrator role first.`);
  };

  const suspend = async (change: AuditedChange, actor: Actor, target: UserRow, reason: string | undefined) => {
    if (reason === undefined) throw invalid(["body", "reason"], "Required", "missing");
    refuseOnAdmins(actor, target, "suspend");
    if (target.is_suspended) throw badRequest("This account is already suspended.");
    await store.suspend(change.tx, target.id, reason, actor.id);
    const ended_sessions = await sessions.endAll(change.tx, target.id, "suspended");
    await enqueueJob(change.tx, releaseJob, { user_id: target.id }, { key: `${releaseJob}:${target.id}` });
    await change.record({ action: "user.suspend", target: targetOf(target), reason, details: { ended_sessions } });
  };
  const unsuspend = async (change: AuditedChange, target: UserRow, reason: string | undefined) => {
    if (!target.is_suspended) throw badRequest("This account is not suspended.");
    await store.unsuspend(change.tx, target.id);
    await enqueueJob(change.tx, releaseJob, { user_id: target.id }, { key: `${releaseJob}:${target.id}` });
    await change.record({
      action: "user.unsuspend",
      target: targetOf(target),
      reason: reason ?? null,
      details: { suspended_at: target.suspended_at, suspended_reason: target.suspended_reason },
    });
  };
  const changeRole = async (change: AuditedChange, actor: Actor, target: UserRow, is_superuser: boolean, reason: string | undefined) => {
    if (is_superuser === target.is_superuser) return false;
    // The caller stays an administrator until this transaction ends, so one is always left.
    if (!is_superuser && target.id === actor.id) throw forbidden("forbidden", "You cannot remove your own administrator role.");
    if (is_superuser && !canSignIn(target)) throw badRequest("An inactive account cannot be an administrator.");
    await store.setFlags(change.tx, target.id, { is_superuser });
    await sessions.endImpersonations(change.tx, target.id);
    await change.record({ action: is_superuser ? "user.promoted" : "user.demoted", target: targetOf(target), reason: reason ?? null });
    return true;
  };

  const detailOf = async (id: string): Promise<AdminUserDetail> => {
    const [row, facts, recent_projects] = await Promise.all([require(id), store.facts(id), store.recentProjects(id)]);
    const { tokens_input, tokens_output, cost_total, ...counts } = facts;
    return {
      ...presentAdminUser(row),
      slug: row.slug,
      bio: row.bio,
      twitter_handle: row.twitter_handle,
      github_username: row.github_username,
      website_url: row.website_url,
      stripe_customer_id: row.stripe_customer_id,
      stripe_subscription_id: row.stripe_subscription_id,
      support_tier: row.support_tier,
      suspended_at: row.suspended_at,
      suspended_reason: row.suspended_reason,
      deleted_at: row.deleted_at,
      deleted_reason: row.deleted_reason,
      daily_credits: row.daily_credits,
      signup_bonus_credits: row.living_bonus,
      signup_bonus_expires_at: row.signup_bonus_expires_at,
      credits_reset_date: row.credits_reset_at,
      referral_code: row.referral_code,
      referred_by: row.referred_by,
      two_fa_enabled: row.two_fa_enabled,
      has_password: row.hashed_password !== null,
      ...counts,
      usage_stats: {
        total_tokens_input: tokens_input,
        total_tokens_output: tokens_output,
        total_cost_cents: centsOf(cost_total),
      },
      recent_projects,
      updated_at: row.updated_at,
    };
  };

  return {
    list: async (query: PageQuery & UserFilter): Promise<List<AdminUser>> => {
      const page = pageOf(query);
      const search = query.search?.trim();
      const { search: _, ...filter } = query;
      const { rows, total } = await store.list({ ...filter, ...(search && { search }) }, page);
      return page.envelope(rows.map(presentAdminUser), total);
    },
    /** All matching users, page by page. */
    pages: (filter: UserFilter): AsyncIterable<AdminUser[]> =>
      pagesOf<AdminUser>(async (after) => (await store.listAfter(filter, after?.id, 500)).map(presentAdminUser)),
    get: detailOf,
    sessions: async (id: string, query: PageQuery): Promise<List<Session>> => {
      await require(id);
      return sessions.list(id, undefined, query);
    },

    /** Applies all changes of the body or none. Each kind of change has its own audit log row. */
    update: async (actor: Actor, id: string, body: UpdateAdminUser): Promise<ChangedUser> => {
      const { is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username, notify_user = false } = body;
      const reason = body.reason?.trim();
      const wanted = [is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username];
      if (wanted.every((value) => value === undefined)) throw badRequest("No changes given.", "nothing_to_change");
      if (is_suspended === true && is_superuser === true) throw badRequest("An administrator cannot be suspended.");
      if (credits_adjustment === 0) throw invalid(["body", "credits_adjustment"], "Must not be 0");
      if (credits_adjustment !== undefined && reason === undefined) throw invalid(["body", "reason"], "Required", "missing");
      if (credits_adjustment !== undefined && (reason?.length ?? 0) > 500) throw invalid(["body", "reason"], "At most 500 characters");
      await require(id);

      const warning = await audit.change(
        actor,
        async (change): Promise<string | null> => {
          const target = lockedUser(change, id);
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
          if (is_superuser !== undefined && (await changeRole(change, actor, target, is_superuser, reason)))
            changes.push(is_superuser ? "made you an administrator" : "removed your administrator role");
          if (is_suspended === true) await suspend(change, actor, target, reason);
          if (is_suspended === false) {
            await unsuspend(change, target, reason);
            changes.push("lifted the suspension of your account");
          }
          if (notify_user) await notify(change.tx, target, { changes, suspendedFor: is_suspended === true ? reason : undefined, reason });
          // Nothing differs from the current state.
          if (changes.length === 0 && is_suspended === undefined) change.recordNothing();
          return note;
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      log.info({ admin_id: actor.id, user_id: id }, "user changed by an administrator");
      return { ...(await detailOf(id)), warning };
    },

    endSessions: async (actor: Actor, id: string, reason: string, withKeys: boolean) => {
      await require(id);
      const ended = await audit.change(
        actor,
        async (change) => {
          const target = lockedUser(change, id);
          const ended_sessions = await sessions.endAll(change.tx, id, "ended_by_admin");
          const deleted_api_keys = withKeys ? await apiKeys.removeAll(change.tx, id) : 0;
          await change.record({
            action: "user.sessions_ended",
            target: targetOf(target),
            reason,
            details: { ended_sessions, deleted_api_keys },
          });
          return { ended_sessions, deleted_api_keys };
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      return ended;
    },

    /** For users who lost their second factor. Throws `forbidden` for administrators, `nothing_to_change`. */
    resetSecondFactor: async (actor: Actor, id: string, reason: string) => {
      await require(id);
      return audit.change(
        actor,
        async (change) => {
          const target = lockedUser(change, id);
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
        },
        { holding: [id] },
      );
    },

    /** Signs the user out, stops everything and schedules the deletion after the grace period. Throws `forbidden` for administrators. */
    remove: async (actor: Actor, id: string, reason: string, notify_user = false) => {
      await require(id);
      const closed = await audit.change(
        actor,
        async (change) => {
          const target = lockedUser(change, id);
          refuseOnAdmins(actor, target, "delete");
          if (target.is_deleted) throw badRequest("This account is already scheduled for deletion.");
          const scheduled_for = await store.close(change.tx, id, reason, actor.id, deletionGraceDays);
          const ended_sessions = await sessions.endAll(change.tx, id, "deleted");
          await enqueueJob(change.tx, "quiet_account", { user_id: id }, { key: `quiet_account:${id}` });
          await change.record({
            action: "user.delete",
            target: targetOf(target),
            reason,
            details: { scheduled_for, ended_sessions, notify_user },
          });
          if (notify_user) await mail.queue(change.tx, accountClosedEmail(target, reason, scheduled_for));
          return { user_id: id, scheduled_for };
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      return closed;
    },
    restore: async (actor: Actor, id: string, reason: string): Promise<AdminUserDetail> => {
      await require(id);
      await audit.change(
        actor,
        async (change) => {
          const target = lockedUser(change, id);
          if (!target.is_deleted) throw badRequest("This account is not scheduled for deletion.");
          if (!(await store.keep(change.tx, id))) throw badRequest("The grace period has ended. The account is being deleted.");
          // Restart their deployments.
          await enqueueJob(change.tx, "quiet_account", { user_id: id }, { key: `quiet_account:${id}` });
          await change.record({ action: "user.restored", target: targetOf(target), reason, details: { deleted_at: target.deleted_at } });
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      return detailOf(id);
    },

    /** Throws `forbidden` for administrators: otherwise access to their mailbox would be enough to take over the account. */
    resetPassword: async (actor: Actor, id: string, reason: string) => {
      await require(id);
      const ended_sessions = await audit.change(
        actor,
        async (change) => {
          const target = lockedUser(change, id);
          refuseOnAdmins(actor, target, "reset the password of");
          if (!canSignIn(target)) throw badRequest("This account is suspended or deleted.");
          const ended = await recovery.force(change.tx, target);
          await change.record({ action: "user.password_reset", target: targetOf(target), reason, details: { ended_sessions: ended } });
          return ended;
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      return { ended_sessions, is_mailed: mail.isOn };
    },

    jobHandlers: {
      /** Retried until everything is stopped; restarts deployments when the user is active again. */
      [releaseJob]: async (payload: unknown) => {
        const { user_id } = payload as { user_id: string };
        const user = await users.find(user_id);
        if (!user) return;
        if (canSignIn(user)) return deployed.resume(user_id);
        await deployed.suspend(user_id);
        for (const projectId of await store.busyProjects(user_id)) await stopProject(projectId);
      },
    },
  };

  async function notify(
    tx: Queries,
    user: UserRow,
    { changes, suspendedFor, reason }: { changes: string[]; suspendedFor: string | undefined; reason: string | undefined },
  ): Promise<void> {
    if (suspendedFor !== undefined) await mail.queue(tx, accountSuspendedEmail(user, suspendedFor));
    else if (changes.length > 0) await mail.queue(tx, accountChangedEmail(user, changes, reason));
  }
}

export const presentAdminUser = (row: ListedUser): AdminUser => ({
  id: row.id,
  email: row.email,
  username: row.username,
  name: row.name,
  avatar_url: row.avatar_url,
  subscription_tier: row.subscription_tier,
  is_active: row.is_active,
  is_suspended: row.is_suspended,
  is_deleted: row.is_deleted,
  is_verified: row.is_verified,
  is_superuser: row.is_superuser,
  total_credits: row.daily_credits + row.bundled_credits + row.living_bonus + row.purchased_credits,
  bundled_credits: row.bundled_credits,
  purchased_credits: row.purchased_credits,
  total_spend_cents: row.total_spend_cents,
  project_count: row.project_count,
  is_creator: row.is_creator,
  last_active_at: row.last_active_at,
  created_at: row.created_at,
});
