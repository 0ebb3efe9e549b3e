import { outboxRoutes, type OutboxLetter } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import { AppError, conflict, notFound } from "../../platform/errors.ts";
import type { Mail } from "../../platform/mail.ts";
import { pageOf } from "../../platform/pages.ts";

type Row = Parameters<Mail["read"]>[0];
const wireOf = (row: Omit<Row, "sealed_letter">): OutboxLetter => ({
  id: row.id,
  kind: row.kind,
  recipient: row.recipient,
  status: row.status,
  attempts: row.attempts,
  last_error: row.last_error,
  next_attempt_at: row.status === "queued" ? row.next_attempt_at : null,
  created_at: row.created_at,
  expires_at: row.expires_at,
  sent_at: row.sent_at,
});

/** Outgoing mail as the administrator sees it. */
export function mountOutbox(mount: Mount, { mail }: { mail: Mail }): void {
  mount("outbox", outboxRoutes, {
    list: async (_, { query }) => {
      const page = pageOf(query);
      const { rows, total } = await mail.list(query, page);
      return page.envelope(rows.map(wireOf), total);
    },
    get: async ({ user, log }, { params }) => {
      const row = await mail.find(params.id);
      if (!row) throw notFound("Letter");
      const said = mail.read(row);
      if (said) log.warn({ user_id: user.id, letter_id: row.id, kind: row.kind }, "administrator read a kept letter");
      return { ...wireOf(row), subject: said?.subject ?? null, text: said?.text ?? null };
    },
    retry: async (_, { params }) => {
      if (!mail.isOn) throw new AppError("not_configured", "No mail server is set up: SMTP_HOST and SMTP_SENDER_EMAIL are empty.");
      const row = await mail.retry(params.id);
      if (row) return wireOf(row);
      if (!(await mail.find(params.id))) throw notFound("Letter");
      throw conflict("conflict", "This letter was sent already.");
    },
  });
}
