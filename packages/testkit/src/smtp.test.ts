import { createTransport } from "nodemailer";
import { afterEach, describe, expect, test } from "vitest";
import { startMailServer, type MailServer, type MailServerOptions } from "./smtp.ts";

let server: MailServer;
const start = async (options: MailServerOptions = {}) => (server = await startMailServer(options));
afterEach(() => server?.close());

const transport = (auth?: { user: string; pass: string }, more: object = {}) =>
  createTransport({ host: server.host, port: server.port, secure: false, ignoreTLS: true, auth, ...more });
const email = {
  from: "Studio <studio@example.test>",
  to: "a@example.test, B <b@example.test>",
  subject: "Your code",
  text: "It is 123456.\n",
};

test("accepts an email and records envelope, headers and text", async () => {
  await start();
  await transport().sendMail(email);
  expect(server.mails).toMatchObject([
    {
      from: "studio@example.test",
      to: ["a@example.test", "b@example.test"],
      subject: "Your code",
      text: "It is 123456.\r\n",
      html: "",
      user: null,
    },
  ]);
  expect(server.mails[0]?.headers.from).toBe("Studio <studio@example.test>");
});

test("parses text and html of a multipart email, and words beyond ASCII", async () => {
  await start();
  await transport().sendMail({
    ...email,
    subject: "Grüße, 你好 und so weiter, eine lange Zeile, die gefaltet wird",
    text: "Grüße €\n",
    html: "<p>Grüße</p>",
  });
  const mail = await server.waitFor();
  expect(mail.subject).toBe("Grüße, 你好 und so weiter, eine lange Zeile, die gefaltet wird");
  expect(mail.text.trim()).toBe("Grüße €");
  expect(mail.html.trim()).toBe("<p>Grüße</p>");
});

test("leading dots are kept", async () => {
  await start();
  await transport().sendMail({ ...email, text: ".one\n..two\n.\nthree\n" });
  expect((await server.waitFor()).text).toBe(".one\r\n..two\r\n.\r\nthree\r\n");
});

test("several emails over one connection, found by their text", async () => {
  await start();
  const pool = transport(undefined, { pool: true, maxConnections: 1 });
  const waiting = server.waitFor((mail) => mail.subject === "third");
  for (const subject of ["first", "second", "third"]) await pool.sendMail({ ...email, subject });
  expect((await waiting).subject).toBe("third");
  expect(server.mails.length).toBe(3);
  pool.close();
});

describe("with a password", () => {
  const auth = { user: "studio", password: "right" };
  test.each(["PLAIN", "LOGIN"])("accepts the right credentials by %s", async (authMethod) => {
    await start({ auth });
    await transport({ user: "studio", pass: "right" }, { authMethod }).sendMail(email);
    expect(server.mails[0]?.user).toBe("studio");
  });
  test.each(["PLAIN", "LOGIN"])("rejects wrong ones by %s", async (authMethod) => {
    await start({ auth });
    await expect(transport({ user: "studio", pass: "wrong" }, { authMethod }).sendMail(email)).rejects.toMatchObject({
      responseCode: 535,
    });
    expect(server.mails).toEqual([]);
  });
  test("rejects mail without authentication", async () => {
    await start({ auth });
    await expect(transport().sendMail(email)).rejects.toMatchObject({ responseCode: 530 });
  });
});

test("rejects recipients on request, and stops on request", async () => {
  await start();
  server.refuseRecipients("550 5.1.1 no such user");
  await expect(transport().sendMail(email)).rejects.toMatchObject({ responseCode: 550 });
  server.refuseRecipients(null);
  await transport().sendMail(email);
  expect(server.mails.length).toBe(1);
});
