import { randomUUID } from "node:crypto";
import type { EmailKind } from "@tesslate/contract";
import { createTransport } from "nodemailer";
import type { Config } from "../config.ts";
import type { CryptoBox } from "./crypto.ts";
import type { Queries } from "./database.ts";
import { pagesOf } from "./csv.ts";
import { enqueueJob, type JobHandlers } from "./jobs.ts";
import type { Logger } from "./logger.ts";
import { emailAad, type EmailFilter, type ListedEmail, type MailStore } from "./mail.store.ts";
import type { EmailRow } from "../db/schema/platform.ts";

export interface Email {
  kind: EmailKind;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Lifetime of the content; an expired email is not sent. */
  validForMs?: number;
}

/**
 * Outgoing email. Emails are stored in the transaction that causes them and sent by a job, with retries for some hours while the
 * mail server is unreachable; requests neither wait for it nor fail with it. The text is encrypted, because it contains tokens
 * and codes, and deleted once sent. Without a mail server emails are kept in the administrator's outbox.
 */
export interface Mail {
  /** A mail server and a sender are configured. */
  readonly isOn: boolean;
  queue(tx: Queries, email: Email): Promise<void>;
  list: MailStore["list"];
  /** All matching emails, page by page, newest first. */
  pages(filter: EmailFilter): AsyncIterable<ListedEmail[]>;
  find(id: string): Promise<EmailRow | undefined>;
  /** Subject and text of an unsent email; `undefined` for any other. */
  read(row: EmailRow): Pick<Email, "subject" | "text"> | undefined;
  /** Sends an email once the transaction has committed. `undefined`: it does not exist or was sent. */
  retry(tx: Queries, id: string): Promise<EmailRow | undefined>;
  readonly jobHandlers: JobHandlers;
  close(): Promise<void>;
}

const exportedAtOnce = 500;
const sendMs = 30_000;
/** Longer than any attempt takes. */
const leaseSeconds = 180;
const waitsSeconds = [2, 10, 60, 300, 900, 3600, 7200, 14_400];

export function createMail({ config, store, box, log }: { config: Config["mail"]; store: MailStore; box: CryptoBox; log: Logger }): Mail {
  const isOn = config.host !== "" && config.sender !== "";
  const transport = isOn
    ? createTransport({
        host: config.host,
        port: config.port,
        // Port 465 uses implicit TLS; other ports require STARTTLS.
        secure: config.isTls && config.port === 465,
        requireTLS: config.isTls && config.port !== 465,
        ignoreTLS: !config.isTls,
        ...(config.username !== "" && { auth: { user: config.username, pass: config.password?.reveal() ?? "" } }),
        connectionTimeout: sendMs,
        greetingTimeout: sendMs,
        socketTimeout: sendMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    : undefined;
  const open = ({ id, encrypted_content }: EmailRow) =>
    JSON.parse(box.open(encrypted_content ?? Buffer.alloc(0), emailAad(id))) as Pick<Email, "subject" | "text" | "html">;
  const enqueue = (tx: Queries, id: string, delayMs = 0) =>
    enqueueJob(tx, "send_email", { id }, { key: `email:${id}`, maxAttempts: 1, delayMs });

  const send = async (id: string): Promise<void> => {
    const row = transport && (await store.claim(id, leaseSeconds));
    if (!row) return;
    const { kind, recipient, attempts } = row;
    if (row.isLate) {
      log.warn({ email_id: id, kind }, "email expired before it was sent");
      return store.giveUp(id, "Expired before it could be sent: its code or link is no longer valid.");
    }
    try {
      const { subject, text, html } = open(row);
      await transport.sendMail({ from: { name: "Tesslate Studio", address: config.sender }, to: recipient, subject, text, html });
    } catch (err) {
      const reason = (err instanceof Error ? err.message : String(err)).slice(0, 500);
      const wait = waitsSeconds[attempts - 1];
      log.warn({ err, email_id: id, kind, attempts }, "email not sent");
      // 5xx is a permanent failure.
      if (wait === undefined || isFinal(err)) return store.giveUp(id, reason);
      return store.transaction(async (tx) => {
        await store.postpone(tx, id, reason, wait);
        await enqueue(tx, id, wait * 1000);
      });
    }
    await store.sent(id);
    log.info({ email_id: id, kind }, "email sent");
  };

  return {
    isOn,
    queue: async (tx, { kind, to, subject, text, html, validForMs }) => {
      const id = randomUUID();
      await store.insert(tx, {
        id,
        kind,
        recipient: to,
        encrypted_content: box.seal(JSON.stringify({ subject, text, html }), emailAad(id)),
        status: isOn ? "queued" : "kept",
        validForSeconds: validForMs === undefined ? undefined : validForMs / 1000,
      });
      if (isOn) await enqueue(tx, id);
    },
    list: store.list,
    pages: (filter) => pagesOf((after) => store.listAfter(filter, after, exportedAtOnce)),
    find: store.find,
    read: (row) => (row.status === "kept" && row.encrypted_content ? open(row) : undefined),
    retry: async (tx, id) => {
      const row = await store.revive(tx, id);
      if (row) await enqueue(tx, id);
      return row;
    },
    jobHandlers: {
      send_email: (payload) => send((payload as { id: string }).id),
      /** Re-enqueues emails whose process crashed or that waited while email was disabled. */
      sweep_emails: async () => {
        if (isOn)
          await store.transaction(async (tx) => {
            for (const id of await store.overdue(tx)) await enqueue(tx, id);
          });
        await store.prune();
      },
    },
    close: async () => transport?.close(),
  };
}

const isFinal = (error: unknown): boolean => {
  const code = (error as { responseCode?: unknown }).responseCode;
  // Authentication errors (53x) can be fixed by the operator; errors about the message itself are permanent.
  return typeof code === "number" && code >= 550 && code < 560;
};
