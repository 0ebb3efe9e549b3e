import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

export interface MailServerOptions {
  /** Default 0: any free port. */
  port?: number;
  /** When set, mail is accepted only after AUTH with these. */
  auth?: { user: string; password: string };
}

export interface ReceivedMail {
  from: string;
  to: string[];
  /** The message as received, dots unstuffed, lines ending in `\r\n`. */
  raw: string;
  /** Lower-cased names; folded lines joined. */
  headers: Record<string, string>;
  subject: string;
  /** The first text/plain part, decoded. */
  text: string;
  /** The first text/html part, decoded; empty when there is none. */
  html: string;
  /** The authenticated user, if any. */
  user: string | null;
}

export interface MailServer {
  host: string;
  port: number;
  /** In order of arrival. */
  mails: ReceivedMail[];
  /** Resolves with the first email, past or future, that `matches` (default: any). */
  waitFor(matches?: (mail: ReceivedMail) => boolean, timeoutMs?: number): Promise<ReceivedMail>;
  /** Rejects the next recipients with this reply, such as `550 no such user`; `null` ends it. */
  refuseRecipients(reply: string | null): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A mail server that speaks real SMTP, accepts everything and delivers nothing. No TLS. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  let refusal: string | null = null;

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    converse(socket, {
      auth: options.auth,
      refusal: () => refusal,
      deliver(mail) {
        mails.push(mail);
        for (const look of waiting) look();
      },
    });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");

  const close = async () => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };

  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    mails,
    async waitFor(matches = () => true, timeoutMs = 15_000) {
      const found = Promise.withResolvers<ReceivedMail>();
      const look = () => {
        const match = mails.find(matches);
        if (match) found.resolve(match);
      };
      const timer = setTimeout(() => found.reject(new Error(`no such mail arrived within ${timeoutMs} ms`)), timeoutMs);
      waiting.add(look);
      look();
      try {
        return await found.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(look);
      }
    },
    refuseRecipients(reply) {
      refusal = reply;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Post {
  auth: MailServerOptions["auth"];
  refusal(): string | null;
  deliver(mail: ReceivedMail): void;
}

/** One client's session, a command at a time. */
function converse(socket: Socket, post: Post) {
  const reply = (...lines: string[]) => socket.write(lines.map((line) => `${line}\r\n`).join(""));
  let user: string | null = null;
  let envelope: { from: string; to: string[] } | undefined;
  let data: string[] | undefined;
  /** Takes the next line instead of the command table: the steps of AUTH. */
  let expecting: ((line: string) => void) | undefined;

  const signIn = (name: string, password: string) => {
    if (post.auth && (post.auth.user !== name || post.auth.password !== password))
      return reply("535 5.7.8 Authentication credentials invalid");
    user = name;
    reply("235 2.7.0 Authentication successful");
  };
  const plain = (encoded: string) => {
    const [, name = "", password = ""] = decodeBase64(encoded).split("\0");
    signIn(name, password);
  };

  const onCommand = (line: string) => {
    const [, verb = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    switch (verb.toUpperCase()) {
      case "EHLO":
        return reply("250-testkit", "250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250 AUTH PLAIN LOGIN");
      case "HELO":
        return reply("250 testkit");
      case "AUTH": {
        const [mechanism = "", initial] = rest.split(" ");
        if (mechanism.toUpperCase() === "PLAIN") {
          if (initial) return plain(initial);
          expecting = plain;
          return reply("334 ");
        }
        if (mechanism.toUpperCase() !== "LOGIN") return reply("504 5.5.4 Unrecognized authentication type");
        expecting = (name) => {
          expecting = (password) => signIn(decodeBase64(name), decodeBase64(password));
          reply("334 UGFzc3dvcmQ6");
        };
        return reply("334 VXNlcm5hbWU6");
      }
      case "MAIL":
        if (post.auth && user === null) return reply("530 5.7.0 Authentication required");
        envelope = { from: addressIn(rest), to: [] };
        return reply("250 2.1.0 OK");
      case "RCPT": {
        if (!envelope) return reply("503 5.5.1 MAIL first");
        const refusal = post.refusal();
        if (refusal !== null) return reply(refusal);
        envelope.to.push(addressIn(rest));
        return reply("250 2.1.5 OK");
      }
      case "DATA":
        if (!envelope || envelope.to.length === 0) return reply("503 5.5.1 RCPT first");
        data = [];
        return reply("354 End data with <CR><LF>.<CR><LF>");
      case "RSET":
        envelope = undefined;
        return reply("250 2.0.0 OK");
      case "NOOP":
        return reply("250 2.0.0 OK");
      case "QUIT":
        reply("221 2.0.0 Bye");
        socket.end();
        return undefined;
      default:
        return reply("502 5.5.2 Command not recognized");
    }
  };

  const onLine = (line: string) => {
    if (data) {
      if (line !== ".") return void data.push(line.startsWith(".") ? line.slice(1) : line);
      post.deliver({ ...envelope!, user, ...readMessage(data.map((text) => `${text}\r\n`).join("")) });
      data = undefined;
      envelope = undefined;
      reply("250 2.0.0 OK: queued");
    } else if (expecting) {
      const take = expecting;
      expecting = undefined;
      take(line);
    } else onCommand(line);
  };

  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.subarray(0, end).toString("utf8");
      rest = rest.subarray(end + 2);
      onLine(line);
    }
  });
  reply("220 testkit ESMTP");
}

const decodeBase64 = (text: string) => Buffer.from(text, "base64").toString("utf8");
const addressIn = (text: string) => /<([^>]*)>/.exec(text)?.[1] ?? "";

/** Parses what tests need; not a general MIME parser. */
function readMessage(raw: string): Pick<ReceivedMail, "raw" | "headers" | "subject" | "text" | "html"> {
  const { headers } = splitEntity(raw);
  return {
    raw,
    headers,
    subject: decodeWords(headers.subject ?? ""),
    text: findPart(raw, "text/plain") ?? "",
    html: findPart(raw, "text/html") ?? "",
  };
}

function splitEntity(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf("\r\n\r\n");
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/\r\n[ \t]+/g, " ");
  const headers: Record<string, string> = {};
  for (const line of head.split("\r\n")) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name) headers[name.toLowerCase()] = value ?? "";
  }
  return { headers, body: end < 0 ? "" : raw.slice(end + 4) };
}

function findPart(raw: string, type: string): string | undefined {
  const { headers, body } = splitEntity(raw);
  const contentType = headers["content-type"] ?? "text/plain";
  const boundary = /^multipart\/.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary) {
    for (const part of body.split(`--${boundary}`).slice(1, -1)) {
      const found = findPart(part.replace(/^\r\n/, ""), type);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!contentType.toLowerCase().startsWith(type)) return undefined;
  const encoding = (headers["content-transfer-encoding"] ?? "").toLowerCase();
  if (encoding === "base64") return decodeBase64(body);
  return encoding === "quoted-printable" ? decodeQuoted(body.replace(/=\r\n/g, "")) : body;
}

const decodeQuoted = (text: string) =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");

/** Encoded words in a header (RFC 2047). */
const decodeWords = (text: string) =>
  text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, coded: string) =>
      kind.toLowerCase() === "b" ? decodeBase64(coded) : decodeQuoted(coded.replaceAll("_", " ")),
    );
