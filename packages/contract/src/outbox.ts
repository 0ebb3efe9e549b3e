import { IdParams, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, extend, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "admin-operations";

export const EmailKind = Literals("verify", "reset", "code", "moved", "notice");
export type EmailKind = Static<typeof EmailKind>;
/** `kept`: written while no mail server was set up, for the administrator to hand over. `failed`: out of attempts. */
export const EmailStatus = Literals("queued", "sent", "failed", "kept");
export type EmailStatus = Static<typeof EmailStatus>;

export const OutboxEmail = Type.Object({
  id: Uuid,
  kind: EmailKind,
  recipient: Type.String(),
  status: EmailStatus,
  attempts: Type.Integer(),
  last_error: Nullable(Type.String()),
  next_attempt_at: Nullable(Timestamp),
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  sent_at: Nullable(Timestamp),
});
export type OutboxEmail = Static<typeof OutboxEmail>;
export const OutboxEmailDetail = extend(OutboxEmail, {
  subject: Nullable(Type.String()),
  text: Nullable(Type.String({ description: "Only of kept emails: what was or will be sent is for its recipient only" })),
});
export type OutboxEmailDetail = Static<typeof OutboxEmailDetail>;

const OutboxFilter = Type.Object({
  status: Type.Optional(EmailStatus),
  search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the recipient's address" })),
});

export const outboxRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/outbox",
    tag,
    summary: "List emails",
    description: "Outgoing email of the last days, newest first.",
    auth: "superuser",
    query: Type.Object({ ...pageQuery, ...OutboxFilter.properties }),
    response: listOf(OutboxEmail),
  }),
  export: route({
    method: "GET",
    path: "/api/admin/outbox/export",
    tag,
    summary: "Export emails",
    description: "The filtered list of emails as CSV, newest first, without their subjects and texts.",
    responseHeaders: ["Content-Disposition"],
    auth: "superuser",
    kind: "raw",
    contentType: "text/csv",
    query: OutboxFilter,
  }),
  get: route({
    method: "GET",
    path: "/api/admin/outbox/{id}",
    tag,
    summary: "Get email",
    description: "One outgoing email. Its text is shown only where no mail server is set up.",
    auth: "superuser",
    params: IdParams,
    response: OutboxEmailDetail,
    errors: ["not_found"],
  }),
  retry: route({
    method: "POST",
    path: "/api/admin/outbox/{id}/retry",
    tag,
    summary: "Resend email",
    description: "Sends a waiting, failed or kept email now.",
    auth: "superuser",
    params: IdParams,
    response: OutboxEmail,
    errors: ["not_found", "conflict", "not_configured"],
  }),
};
