import { JsonObject, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "admin";

/** Why an administrator does something; it goes into the audit log. Never blank. */
export const Reason = Type.String({ minLength: 1, maxLength: 1000, pattern: "\\S", description: "Goes into the audit log" });

/** Everything an administrator can be found to have done (marketplace-billing-admin 6). */
export const auditActions = [
  "project.stop",
  "project.delete",
  "agent.disable",
  "agent.restore",
  "agent.feature",
  "agent.unfeature",
  "agent.update",
  "base.disable",
  "base.restore",
  "base.feature",
  "base.unfeature",
  "review.remove",
  "task.cancel",
  "job.retry",
  "job.remove",
  "server.mail_tried",
  "user.suspend",
  "user.unsuspend",
  "user.delete",
  "user.restored",
  "user.updated",
  "user.tier_changed",
  "user.credits_adjusted",
  "user.promoted",
  "user.demoted",
  "feedback.status_changed",
  "feedback.hidden",
  "feedback.shown",
  "feedback.removed",
  "feedback.comment_removed",
  "user.sessions_ended",
  "user.password_reset",
  "user.second_factor_reset",
  "mail.read",
  "mail.retried",
  "user.impersonated",
  "user.impersonation_stopped",
  "impersonation.write",
  "server.models_configured",
  "payout.paid",
] as const;
export const AuditActionType = Literals(...auditActions);
export type AuditActionType = Static<typeof AuditActionType>;

export const auditTargets = ["user", "project", "agent", "base", "sandbox", "server", "feedback"] as const;
export const AuditTargetType = Literals(...auditTargets);
export type AuditTargetType = Static<typeof AuditTargetType>;

/** One thing an administrator did. Rows are added and never changed. */
export const AuditAction = Type.Object({
  id: Uuid,
  admin_id: Uuid,
  /** As they were called then: people are renamed and deleted, what they did stays readable. */
  admin_name: Type.String(),
  action_type: AuditActionType,
  target_type: AuditTargetType,
  target_id: Nullable(Type.String()),
  target_name: Nullable(Type.String()),
  reason: Nullable(Type.String()),
  extra_data: JsonObject,
  ip_address: Nullable(Type.String()),
  user_agent: Nullable(Type.String()),
  created_at: Timestamp,
});
export type AuditAction = Static<typeof AuditAction>;

export const auditFilter = {
  admin_id: Type.Optional(Uuid),
  action_type: Type.Optional(AuditActionType),
  target_type: Type.Optional(AuditTargetType),
  target_id: Type.Optional(Type.String({ maxLength: 200 })),
  search: Type.Optional(Type.String({ maxLength: 200, description: "Part of a name of either side, or of the reason" })),
  created_after: Type.Optional(Timestamp),
  created_before: Type.Optional(Timestamp),
};
export type AuditFilter = { [K in keyof typeof auditFilter]?: string };

/** marketplace-billing-admin 6 and 13: the audit log. */
export const adminAuditRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/audit-logs",
    tag,
    summary: "What administrators did, the newest first",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      ...auditFilter,
      before: Type.Optional(Uuid),
    }),
    response: Type.Object({
      ...listOf(AuditAction).properties,
      next_before: Nullable(Uuid),
    }),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/audit-logs/export",
    tag,
    summary: "The same as a file, whole, the newest first",
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(auditFilter),
  }),
};
