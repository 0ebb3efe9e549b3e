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

/** A job: everything that goes on in the name of somebody who may not act any more ends. */
export const releaseJob = "release_user";

/** Everybody's accounts, for administrators (marketplace-billing-admin 6.2 to 6.4). */
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
  /** Ends what runs in a project, the agent first. */
  stopProject: (projectId: string) => Promise<void>;
  /** What somebody deployed on this server: stopped, and started again. */
  deployed: { rest(userId: string): Promise<void>; resume(userId: string): Promise<void> };
  log: Logger;
}) {
  const require = async (id: string): Promise<ListedUser> => {
    const row = await store.find(id);
    if (!row) throw notFound("User");
    return row;
  };
  const targetOf = ({ id, username }: UserRow) => ({ type: "user" as const, id, name: username });
  const heldIn = ({ users: held }: AuditedChange, id: string): UserRow => {
    const row = held.get(id);
    if (!row) throw notFound("User");
    return row;
  };
  /** What cannot be done to oneself or to another administrator, so that nobody is left without one. */
  const refuseOnAdmins = (actor: Actor, target: UserRow, what: string) => {
    if (target.id === actor.id) throw forbidden("forbidden", `You cannot ${what} yourself.`);
    if (target.is_superuser) throw forbidden("forbidden", `You cannot ${what} an administrator. Take that away from them first.`);
  };

  const suspend = async (change: AuditedChange, actor: Actor, target: UserRow, reason: string | undefined) => {
    if (reason === undefined) throw invalid(["body", "reason"], "Say why", "missing");
    refuseOnAdmins(actor, target, "suspend");
    if (target.is_suspended) throw badRequest("This account is suspended already.");
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
    // Whoever demotes another is an administrator until this transaction ends: one is always left.
    if (!is_superuser && target.id === actor.id) throw forbidden("forbidden", "You cannot take administration away from yourself.");
    if (is_superuser && !canSignIn(target)) throw badRequest("Somebody who may not sign in cannot be an administrator.");
    await store.setFlags(change.tx, target.id, { is_superuser });
    await sessions.endImpersonations(change.tx, target.id);
    await change.record({ action: is_superuser ? "user.promoted" : "user.demoted", target: targetOf(target), reason: reason ?? null });
    return true;
  };

  const detailOf = async (id: string): Promise<AdminUserDetail> => {
    const [row, facts, recent_projects] = await Promise.all([require(id), store.facts(id), store.recentProjects(id)]);
    const { tokens_input, tokens_output, cost_total, ...counts } = facts;
    return {
      ...wireOf(row),
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
      return page.envelope(rows.map(wireOf), total);
    },
    /** Everybody who fits, page by page. */
    pages: (filter: UserFilter): AsyncIterable<AdminUser[]> =>
      pagesOf<AdminUser>(async (after) => (await store.listAfter(filter, after?.id, 500)).map(wireOf)),
    get: detailOf,
    sessions: async (id: string, query: PageQuery): Promise<List<Session>> => {
      await require(id);
      return sessions.list(id, undefined, query);
    },

    /** Applies what the body names together, or nothing. Each part has a row of its own in the audit log. */
    update: async (actor: Actor, id: string, body: UpdateAdminUser): Promise<ChangedUser> => {
      const { is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username, notify_user = false } = body;
      const reason = body.reason?.trim();
      const wanted = [is_suspended, subscription_tier, credits_adjustment, is_verified, is_superuser, name, username];
      if (wanted.every((value) => value === undefined)) throw badRequest("There is nothing to change.", "nothing_to_change");
      if (is_suspended === true && is_superuser === true) throw badRequest("An administrator cannot be suspended.");
      if (credits_adjustment === 0) throw invalid(["body", "credits_adjustment"], "Must not be 0");
      if (credits_adjustment !== undefined && reason === undefined) throw invalid(["body", "reason"], "Say why", "missing");
      if (credits_adjustment !== undefined && (reason?.length ?? 0) > 500) throw invalid(["body", "reason"], "At most 500 characters");
      await require(id);

      const warning = await audit.change(
        actor,
        async (change): Promise<string | null> => {
          const target = heldIn(change, id);
          const told: string[] = [];
          let note: string | null = null;
          if (credits_adjustment !== undefined) {
            const { before, after, isRepeat } = await credits.adjust(change.tx, {
              user_id: id,
              amount: credits_adjustment,
              reason: reason ?? "",
              made_by_id: actor.id,
              key: body.idempotency_key,
            });
            // The key stands for the whole request: what else it asked for was done with it.
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
            told.push(`${credits_adjustment > 0 ? "added" : "took"} ${Math.abs(credits_adjustment)} credits`);
          }
          if (subscription_tier !== undefined && subscription_tier !== target.subscription_tier) {
            await credits.changeTier(change.tx, id, subscription_tier);
            await change.record({
              action: "user.tier_changed",
              target: targetOf(target),
              reason: reason ?? null,
              details: { old_tier: target.subscription_tier, new_tier: subscription_tier, notify_user },
            });
            told.push(`moved you to the plan ${subscription_tier}`);
            if (target.stripe_subscription_id !== null)
              note = "This account has a subscription at Stripe, which goes on as it was. Change or cancel it there.";
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
            if (names.name !== undefined) told.push("changed your name");
            if (names.username !== undefined) told.push("changed your username");
            if (flags.is_verified !== undefined)
              told.push(flags.is_verified ? "confirmed your address" : "asks for your address to be confirmed again");
          }
          if (is_superuser !== undefined && (await changeRole(change, actor, target, is_superuser, reason)))
            told.push(is_superuser ? "made you an administrator" : "took administration away from you");
          if (is_suspended === true) await suspend(change, actor, target, reason);
          if (is_suspended === false) {
            await unsuspend(change, target, reason);
            told.push("lifted the suspension of your account");
          }
          if (notify_user) await tell(change.tx, target, { told, suspendedFor: is_suspended === true ? reason : undefined, reason });
          // Everything was as the body wants it already.
          if (told.length === 0 && is_suspended === undefined) change.recordNothing();
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
          const target = heldIn(change, id);
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

    /** For who lost their phone. Throws `forbidden` for administrators, `nothing_to_change`. */
    resetSecondFactor: async (actor: Actor, id: string, reason: string) => {
      await require(id);
      return audit.change(
        actor,
        async (change) => {
          const target = heldIn(change, id);
          refuseOnAdmins(actor, target, "take the second step from");
          const had_totp = await totp.clear(change.tx, target);
          const had_email_codes = target.two_fa_enabled;
          if (!had_totp && !had_email_codes) throw badRequest("This account asks for no second step.", "nothing_to_change");
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

    /** Signed out at once, what runs ends; after the period of grace everything is erased. Throws `forbidden` for administrators. */
    remove: async (actor: Actor, id: string, reason: string, notify_user = false) => {
      await require(id);
      const closed = await audit.change(
        actor,
        async (change) => {
          const target = heldIn(change, id);
          refuseOnAdmins(actor, target, "delete");
          if (target.is_deleted) throw badRequest("This account is closed already.");
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
          const target = heldIn(change, id);
          if (!target.is_deleted) throw badRequest("This account is not closed.");
          if (!(await store.keep(change.tx, id))) throw badRequest("Its time is over: the account is being erased.");
          // What they deployed is there again, as when they keep the account themselves.
          await enqueueJob(change.tx, "quiet_account", { user_id: id }, { key: `quiet_account:${id}` });
          await change.record({ action: "user.restored", target: targetOf(target), reason, details: { deleted_at: target.deleted_at } });
        },
        { holding: [id] },
      );
      await sessions.forgetUser(id);
      return detailOf(id);
    },

    /** Throws `forbidden` for administrators, whose account would be anybody's who reads their mail; they do it themselves. */
    resetPassword: async (actor: Actor, id: string, reason: string) => {
      await require(id);
      const ended_sessions = await audit.change(
        actor,
        async (change) => {
          const target = heldIn(change, id);
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
      /** Comes again until all of it has ended; when the person may act again, what they deployed is there again. */
      [releaseJob]: async (payload: unknown) => {
        const { user_id } = payload as { user_id: string };
        const user = await users.find(user_id);
        if (!user) return;
        if (canSignIn(user)) return deployed.resume(user_id);
        await deployed.rest(user_id);
        for (const projectId of await store.busyProjects(user_id)) await stopProject(projectId);
      },
    },
  };

  async function tell(
    tx: Queries,
    user: UserRow,
    { told, suspendedFor, reason }: { told: string[]; suspendedFor: string | undefined; reason: string | undefined },
  ): Promise<void> {
    if (suspendedFor !== undefined) await mail.queue(tx, accountSuspendedEmail(user, suspendedFor));
    else if (told.length > 0) await mail.queue(tx, accountChangedEmail(user, told, reason));
  }
}

export const wireOf = (row: ListedUser): AdminUser => ({
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
