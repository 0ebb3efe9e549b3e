import { described, JsonObject, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "admin-operations";

/** Why an administrator does something; written to the audit log. Never blank. */
export const Reason = Type.String({ minLength: 1, maxLength: 1000, pattern: "\\S", description: "Written to the audit log" });

/** Everything that administrators can do and that the audit log records. */
export const auditActions = [
  "project.stop",
  "project.delete",
  "server.files_restored",
  "agent.disable",
  "agent.restore",
  "agent.feature",
  "agent.unfeature",
  "agent.update",
  "base.disable",
  "base.restore",
  "base.feature",
  "base.unfeature",
  "theme.disable",
  "theme.restore",
  "theme.feature",
  "theme.unfeature",
  "review.remove",
  "task.cancel",
  "job.retry",
  "job.remove",
  "server.mail_tried",
  "server.preparation_started",
  "server.preparation_removed",
  "user.created",
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
  "feedback.answered",
  "feedback.answer_removed",
  "feedback.merged",
  "feedback.unmerged",
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
  "store.category_created",
  "store.category_updated",
  "store.categories_ordered",
  "store.collection_created",
  "store.collection_updated",
  "store.collections_ordered",
  "store.collection_deleted",
] as const;
export const AuditActionType = Literals(...auditActions);
export type AuditActionType = Static<typeof AuditActionType>;

export const auditTargets = ["user", "project", "agent", "base", "theme", "sandbox", "server", "feedback", "store"] as const;
export const AuditTargetType = Literals(...auditTargets);
export type AuditTargetType = Static<typeof AuditTargetType>;

export const AuditAction = described(
  "An action of an administrator. Entries are never changed.",
  Type.Object({
    id: Uuid,
    admin_id: Uuid,
    admin_name: described("The name at that time; it stays after the person is renamed or deleted", Type.String()),
    action_type: AuditActionType,
    target_type: AuditTargetType,
    target_id: Nullable(Type.String()),
    target_name: Nullable(Type.String()),
    reason: Nullable(Type.String()),
    extra_data: JsonObject,
    ip_address: Nullable(Type.String()),
    user_agent: Nullable(Type.String()),
    created_at: Timestamp,
  }),
);
export type AuditAction = Static<typeof AuditAction>;

export const auditFilter = {
  admin_id: Type.Optional(Uuid),
  action_type: Type.Optional(AuditActionType),
  target_type: Type.Optional(AuditTargetType),
  target_id: Type.Optional(Type.String({ maxLength: 200 })),
  search: Type.Optional(
    Type.String({ maxLength: 200, description: "Matches part of the administrator's or target's name, or of the reason" }),
  ),
  created_after: Type.Optional(Timestamp),
  created_before: Type.Optional(Timestamp),
};
export type AuditFilter = { [K in keyof typeof auditFilter]?: string };

export const adminAuditRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/audit-logs",
    tag,
    summary: "List audit log",
    description: "What administrators did, newest first. Continue with `before=next_before`.",
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
    summary: "Export audit log",
    description: "The filtered audit log as CSV, newest first.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: Type.Object(auditFilter),
  }),
};
