import { randomUUID } from "node:crypto";
import { beforeAll, expect, test, vi } from "vitest";
import type { OutboxEmail, OutboxEmailDetail } from "@tesslate/contract";
import { freePort, startMailServer } from "@tesslate/testkit";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { reencrypt } from "../../../platform/encrypted-column.ts";
import { encryptedColumns } from "../../../encrypted-columns.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let [root, ada] = [undefined, undefined] as unknown as [TestUser, TestUser];
beforeAll(async () => {
  app = await testApp();
  [root, ada] = [await app.signUp({ admin: true }), await app.signUp()];
});

const smtp = (port: number) => ({
  SMTP_HOST: "127.0.0.1",
  SMTP_PORT: String(port),
  SMTP_USE_TLS: "false",
  SMTP_SENDER_EMAIL: "studio@example.com",
});
const emailsTo = async (of: TestApp, email: string, admin = root): Promise<OutboxEmail[]> =>
  (await of.as(admin).outbox.list()).items.filter((l) => l.recipient === email);
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

test("without a mail server emails are stored, and an administrator can read them", async () => {
  await app.as().auth.forgotPassword({ body: { email: ada.email } });
  const kept = async () => (await emailsTo(app, ada.email)).find((l) => l.kind === "reset");
  await expect.poll(kept).toMatchObject({ status: "kept", attempts: 0, sent_at: null, next_attempt_at: null });
  const id = (await kept())?.id ?? "";
  const storedEmail: OutboxEmailDetail = await app.as(root).outbox.get({ params: { id } });
  expect(storedEmail.subject).toBe("Set a new password");
  expect((await app.as(root).adminAudit.list({ query: { target_id: id } })).items).toMatchObject([
    { action_type: "mail.read", target_name: ada.email, extra_data: { kind: "reset" } },
  ]);
  const token = /token=(\S+)/.exec(storedEmail.text ?? "")?.[1] ?? "";
  expect(app.logs()).not.toContain(token);
  await app.as().auth.resetPassword({ body: { token, password: "handed over by hand" } });
  expect((await app.as().auth.login({ body: { email: ada.email, password: "handed over by hand" } })).access_token).toBeTruthy();
  expect((await app.as(root).outbox.list({ query: { status: "sent" } })).total).toBe(0);
  const retried = await app.request(`/api/admin/outbox/${id}/retry`, { method: "POST", user: root });
  expect([retried.status, await codeOf(retried)]).toEqual([503, "not_configured"]);
});

test("emails are exported as CSV, without their texts", async () => {
  const people = [await app.signUp(), await app.signUp()];
  for (const { email } of people) await app.as().auth.forgotPassword({ body: { email } });
  await expect.poll(async () => (await Promise.all(people.map(({ email }) => emailsTo(app, email)))).flat().length).toBeGreaterThan(1);
  const exported = async (query: string) => {
    const response = await app.request(`/api/admin/outbox/export?${query}`, { user: root });
    const [head, ...lines] = (await response.text()).trim().split("\r\n");
    return { headers: response.headers, head, lines };
  };
  const { headers, head } = await exported("status=kept");
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(headers.get("content-disposition")).toMatch(/emails-\d{4}-\d\d-\d\d\.csv/);
  expect(head).toBe("id,kind,recipient,status,attempts,last_error,next_attempt_at,created_at,expires_at,sent_at");
  // Emails of the sign-ups may still arrive.
  await vi.waitFor(async () => {
    const { total } = await app.as(root).outbox.list({ query: { status: "kept" } });
    expect((await exported("status=kept")).lines).toHaveLength(total);
  });
  const [first] = people;
  const { lines } = await exported(`search=${encodeURIComponent(first?.email ?? "")}`);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !line.includes(first?.email ?? ""))).toEqual([]);
  expect((await app.request("/api/admin/outbox/export?status=opened", { user: root })).status).toBe(422);
});

test("only administrators see the outbox", async () => {
  const user = await app.signUp();
  const id = randomUUID();
  for (const [path, method] of [
    ["", "GET"],
    ["/export", "GET"],
    [`/${id}`, "GET"],
    [`/${id}/retry`, "POST"],
  ] as const) {
    expect((await app.request(`/api/admin/outbox${path}`, { method })).status).toBe(401);
    expect((await app.request(`/api/admin/outbox${path}`, { method, user })).status).toBe(403);
  }
  expect((await app.request(`/api/admin/outbox/${id}`, { user: root })).status).toBe(404);
  expect((await app.request("/api/admin/outbox/nonsense", { user: root })).status).toBe(422);
  expect((await app.request("/api/admin/outbox?status=opened", { user: root })).status).toBe(422);
});

test("an email survives an unreachable mail server, a restart and a key rotation; then it is sent and its text deleted", async () => {
  const port = await freePort();
  await using first = await testApp({ env: smtp(port) });
  const admin = await first.signUp({ admin: true });
  const email = `waiting-${randomUUID()}@example.com`;
  await first.as().auth.register({ body: { email, password: "correct horse battery" } });
  const storedEmail = async (of: TestApp) => (await emailsTo(of, email, admin))[0];
  await expect
    .poll(() => storedEmail(first))
    .toMatchObject({ kind: "verify", status: "queued", last_error: expect.stringContaining("ECONNREFUSED") });
  const id = (await storedEmail(first))?.id ?? "";
  // With a mail server, only the recipient can read the text.
  expect(await first.as(admin).outbox.get({ params: { id } })).toMatchObject({ subject: null, text: null });

  const key = "a fresh key of thirty-two characters";
  const box = createCryptoBox("a secret key of the tests, 32+ characters", { current: key });
  expect((await reencrypt({ db: first.db, box, columns: encryptedColumns })).unreadable).toEqual([]);
  const stored = async (of: TestApp) =>
    (await of.studio.database.pool.query("select * from emails where id = $1", [id])).rows[0] as { sealed_content: Buffer | null };
  expect((await stored(first)).sealed_content?.subarray(0, 6)).toEqual(box.header);
  await first.studio.close();

  await using mails = await startMailServer({ port });
  await using second = await testApp({
    env: { ...smtp(port), DEPLOYMENT_ENCRYPTION_KEY: key },
    database: first.database,
  });
  // Retry now, unless it is being sent already.
  expect([200, 409]).toContain((await second.request(`/api/admin/outbox/${id}/retry`, { method: "POST", user: admin })).status);
  const mail = await mails.waitFor((m) => m.to.includes(email));
  expect(mail.text).toContain("/verify?token=");
  expect(mail.html).toContain("<html");
  await expect.poll(() => storedEmail(second)).toMatchObject({ status: "sent", last_error: null, sent_at: expect.any(String) });
  expect((await stored(second)).sealed_content).toBeNull();
  expect(await codeOf(await second.request(`/api/admin/outbox/${id}/retry`, { method: "POST", user: admin }))).toBe("conflict");
});

test("a permanent rejection by the mail server ends the attempts; an administrator can retry; an expired email is not sent", async () => {
  await using mails = await startMailServer();
  await using sending = await testApp({ env: smtp(mails.port) });
  const admin = await sending.signUp({ admin: true });
  mails.refuseRecipients("550 5.1.1 no such user");
  const email = `refused-${randomUUID()}@example.com`;
  await sending.as().auth.register({ body: { email, password: "correct horse battery" } });
  const storedEmail = async () => (await emailsTo(sending, email, admin))[0];
  await expect.poll(storedEmail).toMatchObject({ status: "failed", attempts: 1, last_error: expect.stringContaining("no such user") });
  mails.refuseRecipients(null);
  const id = (await storedEmail())?.id ?? "";
  await sending.as(admin).outbox.retry({ params: { id } });
  await mails.waitFor((m) => m.to.includes(email));

  mails.refuseRecipients("451 4.3.0 try later");
  await sending.as().auth.requestVerifyToken({ body: { email } });
  await expect.poll(storedEmail).toMatchObject({ status: "queued", last_error: expect.stringContaining("try later") });
  const late = (await storedEmail())?.id ?? "";
  await sending.studio.database.pool.query("update emails set expires_at = now() where id = $1", [late]);
  mails.refuseRecipients(null);
  await sending.as(admin).outbox.retry({ params: { id: late } });
  await expect.poll(storedEmail).toMatchObject({ status: "failed", last_error: expect.stringContaining("could be sent") });
  expect(mails.mails.filter((m) => m.to.includes(email))).toHaveLength(1);
});
