import { Reason } from "./admin.ts";
import { Session } from "./auth.ts";
import { EnvironmentStatus } from "./projects.ts";
import { route } from "./route.ts";
import {
  described,
  ModelCost,
  extend,
  IdParams,
  Literals,
  listOf,
  Nullable,
  pageQuery,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
import { Tier } from "./users.ts";

const tag = "admin-users";
const Count = Type.Integer({ minimum: 0 });

export const AdminUser = described(
  "A user as administrators see it.",
  Type.Object({
    id: Uuid,
    email: Type.String(),
    username: Type.String(),
    name: Type.String(),
    avatar_url: Nullable(Type.String()),
    subscription_tier: Tier,
    is_active: Type.Boolean(),
    is_suspended: Type.Boolean(),
    is_deleted: Type.Boolean(),
    is_verified: Type.Boolean(),
    is_superuser: Type.Boolean(),
    total_credits: Type.Integer(),
    bundled_credits: Type.Integer(),
    purchased_credits: Type.Integer(),
    total_spend_cents: Type.Integer(),
    project_count: Count,
    is_creator: described("Owns at least one agent", Type.Boolean()),
    last_active_at: Nullable(Timestamp),
    created_at: Timestamp,
  }),
);
export type AdminUser = Static<typeof AdminUser>;

export const AdminUserDetail = extend(AdminUser, {
  slug: Type.String(),
  bio: Nullable(Type.String()),
  twitter_handle: Nullable(Type.String()),
  github_username: Nullable(Type.String()),
  website_url: Nullable(Type.String()),
  stripe_customer_id: Nullable(Type.String()),
  stripe_subscription_id: Nullable(Type.String()),
  support_tier: Type.String(),
  suspended_at: Nullable(Timestamp),
  suspended_reason: Nullable(Type.String()),
  deleted_at: Nullable(Timestamp),
  deleted_reason: Nullable(Type.String()),
  daily_credits: Type.Integer(),
  signup_bonus_credits: Type.Integer(),
  signup_bonus_expires_at: Nullable(Timestamp),
  credits_reset_date: Nullable(Timestamp),
  referral_code: Nullable(Type.String()),
  referred_by: Nullable(Type.String()),
  two_fa_enabled: Type.Boolean(),
  has_password: Type.Boolean(),
  api_key_count: Count,
  session_count: Count,
  running_project_count: Count,
  deployed_projects_count: Count,
  usage_stats: Type.Object({
    total_tokens_input: Count,
    total_tokens_output: Count,
    total_cost_cents: ModelCost,
  }),
  recent_projects: described(
    "The five newest",
    Type.Array(
      Type.Object({ id: Uuid, name: Type.String(), slug: Type.String(), environment_status: EnvironmentStatus, created_at: Timestamp }),
    ),
  ),
  updated_at: Timestamp,
});
export type AdminUserDetail = Static<typeof AdminUserDetail>;

export const ChangedUser = extend(AdminUserDetail, {
  warning: Nullable(Type.String({ description: "What the change could not apply to, e.g. a subscription at Stripe" })),
});
export type ChangedUser = Static<typeof ChangedUser>;

export const UpdateAdminUser = described(
  "Changes to a user. All given ones apply together, or none.",
  Type.Object({
    is_suspended: Type.Optional(Type.Boolean({ description: "`true` needs a reason; ends sessions, runs and containers" })),
    subscription_tier: Type.Optional(Tier),
    credits_adjustment: Type.Optional(
      Type.Integer({
        minimum: -10_000_000,
        maximum: 10_000_000,
        description: "Added to the purchased credits; not 0; needs a reason of at most 500 characters",
      }),
    ),
    idempotency_key: Type.Optional(
      Type.String({
        minLength: 8,
        maxLength: 100,
        description: "A repeated adjustment with the same key changes nothing and returns the same answer",
      }),
    ),
    is_verified: Type.Optional(Type.Boolean()),
    is_superuser: Type.Optional(Type.Boolean()),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    username: Type.Optional(Type.String({ minLength: 3, maxLength: 50 })),
    reason: Type.Optional(Reason),
    notify_user: Type.Optional(Type.Boolean({ default: false, description: "Also notifies the person by email" })),
  }),
);
export type UpdateAdminUser = Static<typeof UpdateAdminUser>;

export const SuspendUsers = described(
  "Accounts to suspend or unsuspend together.",
  Type.Object({
    user_ids: Type.Array(Uuid, { minItems: 1, maxItems: 100 }),
    is_suspended: Type.Boolean(),
    reason: described("Required to suspend", Type.Optional(Reason)),
    notify_user: Type.Optional(Type.Boolean({ default: false, description: "Also notifies the people by email" })),
  }),
);
export type SuspendUsers = Static<typeof SuspendUsers>;
export const SuspendedUsers = Type.Object({
  changed: Type.Array(Uuid),
  skipped: described(
    "Accounts that were left as they are, and why: administrators, accounts that are in that state already, unknown ones",
    Type.Array(Type.Object({ user_id: Uuid, message: Type.String() })),
  ),
});
export type SuspendedUsers = Static<typeof SuspendedUsers>;

export const userSortColumns = [
  "created_at",
  "last_active_at",
  "email",
  "username",
  "name",
  "subscription_tier",
  "total_spend_cents",
  "purchased_credits",
  "project_count",
] as const;
const userFilter = {
  search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the email, username or name, or the id" })),
  tier: Type.Optional(Tier),
  status: Type.Optional(Literals("active", "suspended", "deleted", "inactive")),
  is_superuser: Type.Optional(Type.Boolean()),
  verified: Type.Optional(Type.Boolean()),
  created_after: Type.Optional(Timestamp),
  created_before: Type.Optional(Timestamp),
  last_active_after: Type.Optional(Timestamp),
  last_active_before: Type.Optional(Timestamp),
  has_projects: Type.Optional(Type.Boolean()),
  is_creator: Type.Optional(Type.Boolean()),
  sort_by: Type.Optional(Literals(...userSortColumns)),
  sort_order: Type.Optional(Literals("asc", "desc")),
};
const UserFilter = Type.Object(userFilter);
export type UserFilter = Static<typeof UserFilter>;

const WithReason = Type.Object({ reason: Reason });

export const adminUsersRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/users",
    tag,
    summary: "List users",
    description: "All accounts, deleted ones included, with filters and sorting.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...userFilter }),
    response: listOf(AdminUser),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/users/export",
    tag,
    summary: "Export users",
    description: "The filtered list of users as CSV, ordered by id.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(userFilter),
  }),
  get: route({
    method: "GET",
    path: "/api/admin/users/{id}",
    tag,
    summary: "Get user (admin)",
    description: "One account with its state, credits, usage and latest projects.",
    auth: "superuser",
    params: IdParams,
    response: AdminUserDetail,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/admin/users/{id}",
    tag,
    summary: "Update user (admin)",
    description:
      "Suspends or reactivates, changes the plan, adjusts credits, or changes administrator rights. All given changes apply together or not at all. Writes to the audit log; some changes need a `reason`.",
    auth: "superuser",
    params: IdParams,
    body: UpdateAdminUser,
    response: ChangedUser,
    errors: ["not_found", "nothing_to_change", "credits_below_zero", "bad_request", "username_taken", "conflict"],
  }),
  suspend: route({
    method: "POST",
    path: "/api/admin/users/suspensions",
    tag,
    summary: "Suspend or unsuspend users",
    description:
      "Suspends or unsuspends up to 100 accounts in one transaction, each as `PATCH /api/admin/users/{id}` would. Accounts that cannot be changed are skipped with the reason. Writes one row per account to the audit log.",
    auth: "superuser",
    body: SuspendUsers,
    response: SuspendedUsers,
  }),
  sessions: route({
    method: "GET",
    path: "/api/admin/users/{id}/sessions",
    tag,
    summary: "List sessions of user",
    description: "The active sessions of one account.",
    auth: "superuser",
    params: IdParams,
    query: Type.Object(pageQuery),
    response: listOf(Session),
    errors: ["not_found"],
  }),
  endSessions: route({
    method: "POST",
    path: "/api/admin/users/{id}/end-sessions",
    tag,
    summary: "End sessions of user",
    description: "Signs the account out everywhere; with `api_keys` it also deletes its API keys. Writes to the audit log.",
    auth: "superuser",
    params: IdParams,
    body: Type.Object({ reason: Reason, api_keys: Type.Optional(Type.Boolean({ default: false })) }),
    response: Type.Object({ ended_sessions: Count, deleted_api_keys: Count }),
    errors: ["not_found"],
  }),
  resetSecondFactor: route({
    method: "POST",
    path: "/api/admin/users/{id}/reset-second-factor",
    tag,
    summary: "Reset two-factor authentication",
    description:
      "Removes the authenticator app, recovery codes and email codes of an account, so that the password alone signs in. Writes to the audit log.",
    auth: "superuser",
    params: IdParams,
    body: WithReason,
    response: Type.Object({ had_totp: Type.Boolean(), had_email_codes: Type.Boolean() }),
    errors: ["not_found", "forbidden", "nothing_to_change"],
  }),
  impersonate: route({
    method: "POST",
    path: "/api/admin/users/{id}/impersonate",
    tag,
    summary: "Impersonate user",
    description:
      "Acts as another user for at most 30 minutes: the session cookie becomes theirs. Every write is logged with both names. Administrators cannot be impersonated, and actions reserved to the person are refused.",
    auth: "superuser",
    params: IdParams,
    body: WithReason,
    response: Type.Object({ user_id: Uuid, username: Type.String(), expires_at: Timestamp }),
    errors: ["not_found", "bad_request", "forbidden"],
  }),
  stopImpersonation: route({
    method: "POST",
    path: "/api/auth/stop-impersonation",
    tag,
    summary: "Stop impersonation",
    description: "Ends the impersonation. `POST /api/auth/refresh` then returns the administrator's own session.",
    auth: "user",
    keys: false,
    impersonation: "end",
    response: Type.Object({ user_id: Uuid }),
    errors: ["not_impersonating"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/admin/users/{id}",
    tag,
    summary: "Delete user (admin)",
    description: "Closes the account now and deletes it with everything in it after the grace period. Writes to the audit log.",
    auth: "superuser",
    status: 202,
    params: IdParams,
    body: Type.Object({ reason: Reason, notify_user: Type.Optional(Type.Boolean({ default: false })) }),
    response: Type.Object({ user_id: Uuid, scheduled_for: Timestamp }),
    errors: ["not_found", "bad_request", "forbidden"],
  }),
  restore: route({
    method: "POST",
    path: "/api/admin/users/{id}/restore",
    tag,
    summary: "Restore user (admin)",
    description: "Cancels the scheduled deletion of an account, even if the person requested it. Writes to the audit log.",
    auth: "superuser",
    params: IdParams,
    body: WithReason,
    response: AdminUserDetail,
    errors: ["not_found", "bad_request"],
  }),
  resetPassword: route({
    method: "POST",
    path: "/api/admin/users/{id}/reset-password",
    tag,
    summary: "Reset password of user",
    description:
      "Invalidates the password, ends all sessions and emails a link to set a new one. `is_mailed` is false where this server sends no email. Writes to the audit log.",
    auth: "superuser",
    params: IdParams,
    body: WithReason,
    response: Type.Object({ ended_sessions: Count, is_mailed: Type.Boolean({ description: "False: this server sends no email" }) }),
    errors: ["not_found", "bad_request", "forbidden"],
  }),
};
