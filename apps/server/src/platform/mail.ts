import { createTransport } from "nodemailer";
import type { Config } from "../config.ts";
import type { CryptoBox } from "./crypto.ts";
import type { Queries } from "./database.ts";
import { enqueueJob, type JobHandlers } from "./jobs.ts";
import type { Logger } from "./logger.ts";

export interface Letter {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/**
 * Outgoing mail. Letters are queued in the transaction that gives rise to them and sent afterwards, again and again for some hours while the
 * mail server is away; no request waits for it or fails with it. They wait sealed, because they carry tokens and codes.
 */
export interface Mail {
  /** A mail server and a sender are configured. */
  readonly isOn: boolean;
  /** Does nothing while mail is off. */
  queue(tx: Queries, letter: Letter): Promise<void>;
  readonly jobHandlers: JobHandlers;
  close(): Promise<void>;
}

const aad = "mail";
const sendMs = 30_000;

export function createMail({ config, box, log }: { config: Config["mail"]; box: CryptoBox; log: Logger }): Mail {
  const isOn = config.host !== "" && config.sender !== "";
  const transport = isOn
    ? createTransport({
        host: config.host,
        port: config.port,
        // 465 speaks TLS from the first byte; elsewhere the connection is upgraded, and never used without.
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
  return {
    isOn,
    queue: async (tx, letter) => {
      if (!isOn) return;
      await enqueueJob(tx, "send_mail", { sealed: box.seal(JSON.stringify(letter), aad).toString("base64") }, { maxAttempts: 10 });
    },
    jobHandlers: {
      send_mail: async (payload) => {
        if (!transport) return;
        const { sealed } = payload as { sealed: string };
        const { to, subject, text, html } = JSON.parse(box.open(Buffer.from(sealed, "base64"), aad)) as Letter;
        await transport.sendMail({ from: { name: "Tesslate Studio", address: config.sender }, to, subject, text, html });
        log.info({ subject }, "mail sent");
      },
    },
    close: async () => transport?.close(),
  };
}
