import { Reason } from "./admin.ts";
import { Session } from "./auth.ts";
import { EnvironmentStatus } from "./projects.ts";
import { route } from "./route.ts";
import { ModelCost, extend, IdParams, Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { Tier } from "./users.ts";

const tag = "admin";
const Count = Type.Integer({ minimum: 0 });

/** marketplace-billing-admin 6.2. */
export const AdminUser = Type.Object({
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
  /** Owns at least one agent. */
  is_creator: Type.Boolean(),
  last_active_at: Nullable(Timestamp),
  created_at: Timestamp,
});
export type AdminUser = Static<typeof AdminUser>;

/** marketplace-billing-admin 6.3. */
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
  /** The five newest. */
  recent_projects: Type.Array(
    Type.Object({ id: Uuid, name: Type.String(), slug: Type.String(), environment_status: EnvironmentStatus, created_at: Timestamp }),
  ),
  updated_at: Timestamp,
});
export type AdminUserDetail = Static<typeof AdminUserDetail>;

const Changed = extend(AdminUserDetail, { warning: Nullable(Type.String({ description: "Something the change did not reach" })) });
export type ChangedUser = Static<typeof Changed>;

/** marketplace-billing-admin 6.4. Any subset, applied together. */
export const UpdateAdminUser = Type.Object({
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
      description: "A second adjustment with the same key changes nothing and answers as the first",
    }),
  ),
  is_verified: Type.Optional(Type.Boolean()),
  is_superuser: Type.Optional(Type.Boolean()),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  username: Type.Optional(Type.String({ minLength: 3, maxLength: 50 })),
  reason: Type.Optional(Reason),
  notify_user: Type.Optional(Type.Boolean({ default: false, description: "Also tells the person, by mail" })),
});
export type UpdateAdminUser = Static<typeof UpdateAdminUser>;

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
  search: Type.Optional(Type.String({ maxLength: 200, description: "Part of e-mail, username or name; or the id" })),
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

/** marketplace-billing-admin 6.2 to 6.4 and 13. */
export const adminUsersRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/users",
    tag,
    summary: "Everybody who has an account, or had one",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...userFilter }),
    response: listOf(AdminUser),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/users/export",
    tag,
    summary: "The same as a file, whole, by id",
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(userFilter),
  }),
  get: route({
    method: "GET",
    path: "/api/admin/users/{id}",
    tag,
    summary: "One user: state, credits, usage, newest projects",
    auth: "superuser",
    params: IdParams,
    response: AdminUserDetail,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/admin/users/{id}",
    tag,
    summary: "Suspend, change the plan, adjust credits, make an administrator; all that is named, or nothing",
    auth: "superuser",
    params: IdParams,
    body: UpdateAdminUser,
    response: Changed,
    errors: ["not_found", "nothing_to_change", "credits_below_zero", "bad_request", "username_taken", "conflict"],
  }),
  sessions: route({
    method: "GET",
    path: "/api/admin/users/{id}/sessions",
    tag,
    summary: "Where a user is signed in",
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
    summary: "Sign a user out everywhere; API keys go too when asked for",
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
    summary: "Let somebody in by password alone who lost their phone: no app, no recovery codes, no codes by mail any more",
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
    summary: "Act as a user, for half an hour at most; the session cookie becomes theirs, every write is written down with both names",
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
    summary: "Stop acting as a user; `POST /api/auth/refresh` gives the administrator's own session back",
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
    summary: "Close an account; after the period of grace it is deleted with everything in it",
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
    summary: "Keep an account after all that waits to be deleted, whoever closed it",
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
    summary: "Void a user's password, sign them out everywhere and send them a link to set a new one",
    auth: "superuser",
    params: IdParams,
    body: WithReason,
    response: Type.Object({ ended_sessions: Count, is_mailed: Type.Boolean({ description: "False: this server sends no mail" }) }),
    errors: ["not_found", "bad_request", "forbidden"],
  }),
};
