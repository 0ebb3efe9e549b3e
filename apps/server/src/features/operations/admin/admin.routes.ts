import { adminAuditRoutes, adminUsersRoutes, type AdminUser, type AuditAction } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { actorOf, type Audit } from "../../accounts/audit/index.ts";
import type { AuthCookies } from "../../accounts/auth/index.ts";
import type { Impersonation } from "./impersonation.ts";
import { sendCsv } from "./send-csv.ts";
import type { AdminUsers } from "./users.service.ts";

const auditColumns: (keyof AuditAction)[] = [
  "created_at",
  "admin_name",
  "admin_id",
  "action_type",
  "target_type",
  "target_name",
  "target_id",
  "reason",
  "extra_data",
  "ip_address",
  "user_agent",
];
const userColumns: (keyof AdminUser)[] = [
  "id",
  "email",
  "username",
  "name",
  "subscription_tier",
  "is_active",
  "is_suspended",
  "is_deleted",
  "is_verified",
  "is_superuser",
  "is_creator",
  "total_credits",
  "bundled_credits",
  "purchased_credits",
  "total_spend_cents",
  "project_count",
  "last_active_at",
  "created_at",
];

/** Routes of the audit log, user administration and impersonation. */
export function mountAdmin(
  mount: Mount,
  { audit, users, impersonation, cookies }: { audit: Audit; users: AdminUsers; impersonation: Impersonation; cookies: AuthCookies },
): void {
  mount("adminAudit", adminAuditRoutes, {
    list: (_, { query }) => audit.list(query),
    export: (context, { query }, http) => sendCsv(context, http, "audit-log", auditColumns, audit.pages(query)),
  });
  mount("adminUsers", adminUsersRoutes, {
    list: (_, { query }) => users.list(query),
    export: (context, { query }, http) => sendCsv(context, http, "users", userColumns, users.pages(query)),
    suspend: (context, { body }) => users.suspend(actorOf(context), body),
    get: (_, { params }) => users.get(params.id),
    update: async (context, { params, body }) => {
      const warning = await users.update(actorOf(context), params.id, body);
      return { ...(await users.get(params.id)), warning };
    },
    sessions: (_, { params, query }) => users.sessions(params.id, query),
    endSessions: (context, { params, body }) => users.endSessions(actorOf(context), params.id, body.reason, body.api_keys ?? false),
    resetSecondFactor: (context, { params, body }) => users.resetSecondFactor(actorOf(context), params.id, body.reason),
    impersonate: async (context, { params, body }) => {
      const { token, ...started } = await impersonation.start(actorOf(context), context.user.session_id, params.id, body.reason);
      // The refresh token keeps the administrator's own session.
      cookies.setAccess(context, token, Date.parse(started.expires_at) - Date.now());
      return started;
    },
    stopImpersonation: async (context) => {
      const stopped = await impersonation.stop(context.user, { ip: context.ip, user_agent: context.headers["user-agent"] });
      cookies.clearAccess(context);
      return stopped;
    },
    remove: (context, { params, body }) => users.remove(actorOf(context), params.id, body.reason, body.notify_user),
    restore: (context, { params, body }) => users.restore(actorOf(context), params.id, body.reason),
    resetPassword: (context, { params, body }) => users.resetPassword(actorOf(context), params.id, body.reason),
  });
}
