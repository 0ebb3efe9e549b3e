import { IdParams, listOf, Literals, Nullable, pageQuery, Timestamp, Type, Uuid, extend, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "admin";

export const LetterKind = Literals("verify", "reset", "code", "moved", "notice");
export type LetterKind = Static<typeof LetterKind>;
/** `kept`: written while no mail server was set up, so the administrator can hand it over. `failed`: given up. */
export const LetterStatus = Literals("queued", "sent", "failed", "kept");
export type LetterStatus = Static<typeof LetterStatus>;

export const OutboxLetter = Type.Object({
  id: Uuid,
  kind: LetterKind,
  recipient: Type.String(),
  status: LetterStatus,
  attempts: Type.Integer(),
  last_error: Nullable(Type.String()),
  next_attempt_at: Nullable(Timestamp),
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  sent_at: Nullable(Timestamp),
});
export type OutboxLetter = Static<typeof OutboxLetter>;
export const OutboxLetterText = extend(OutboxLetter, {
  subject: Nullable(Type.String()),
  text: Nullable(Type.String({ description: "Only of a kept letter: what was or will be mailed is for its recipient alone" })),
});
export type OutboxLetterText = Static<typeof OutboxLetterText>;

/** Outgoing mail as the administrator sees it. */
export const outboxRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/outbox",
    tag,
    summary: "Outgoing mail of the last days, the newest first",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      status: Type.Optional(LetterStatus),
      search: Type.Optional(Type.String({ maxLength: 200, description: "Part of the recipient's address" })),
    }),
    response: listOf(OutboxLetter),
  }),
  get: route({
    method: "GET",
    path: "/api/admin/outbox/{id}",
    tag,
    summary: "One letter; what it says only where there is no mail server to bring it",
    auth: "superuser",
    params: IdParams,
    response: OutboxLetterText,
    errors: ["not_found"],
  }),
  retry: route({
    method: "POST",
    path: "/api/admin/outbox/{id}/retry",
    tag,
    summary: "Send a letter now that waits, was given up or was kept",
    auth: "superuser",
    params: IdParams,
    response: OutboxLetter,
    errors: ["not_found", "conflict", "not_configured"],
  }),
};
