import { outboxRoutes, type OutboxEmail } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { actorOf, type Audit } from "../../accounts/audit/index.ts";
import { sendCsv } from "../admin/index.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import { pageOf } from "../../../platform/pagination.ts";

type Row = Parameters<Mail["read"]>[0];
const presentOutboxEmail = (row: Omit<Row, "encrypted_content">): OutboxEmail => ({
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

const columns = [
  "id",
  "kind",
  "recipient",
  "status",
  "attempts",
  "last_error",
  "next_attempt_at",
  "created_at",
  "expires_at",
  "sent_at",
] as const satisfies readonly (keyof OutboxEmail)[];
async function* presented(pages: ReturnType<Mail["pages"]>) {
  for await (const rows of pages) yield rows.map(presentOutboxEmail);
}

const entryOf = ({ id, kind, recipient }: Row) => ({ target: { type: "server" as const, id, name: recipient }, details: { kind } });

/** Routes of outgoing email for administrators. */
export function mountOutbox(mount: Mount, { mail, audit }: { mail: Mail; audit: Pick<Audit, "change"> }): void {
  mount("outbox", outboxRoutes, {
    list: async (_, { query }) => {
      const page = pageOf(query);
      const { rows, total } = await mail.list(query, page);
      return page.envelope(rows.map(presentOutboxEmail), total);
    },
    export: (context, { query }, http) => sendCsv(context, http, "emails", columns, presented(mail.pages(query))),
    get: async (context, { params }) => {
      const row = await mail.find(params.id);
      if (!row) throw notFound("Email");
      const email = mail.read(row);
      // Emails may contain sign-in links, so reading one is logged first.
      if (email) await audit.change(actorOf(context), ({ record }) => record({ action: "mail.read", ...entryOf(row) }));
      return { ...presentOutboxEmail(row), subject: email?.subject ?? null, text: email?.text ?? null };
    },
    retry: async (context, { params }) => {
      if (!mail.isOn) throw new AppError("not_configured", "No mail server is configured. Set SMTP_HOST and SMTP_SENDER_EMAIL.");
      if (!(await mail.find(params.id))) throw notFound("Email");
      return audit.change(actorOf(context), async ({ tx, record }) => {
        const row = await mail.retry(tx, params.id);
        if (!row) throw conflict("conflict", "This email has already been sent.");
        await record({ action: "mail.retried", ...entryOf(row) });
        return presentOutboxEmail(row);
      });
    },
  });
}
