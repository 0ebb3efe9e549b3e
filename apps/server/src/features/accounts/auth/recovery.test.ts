import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMailServer, type MailServer } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let mails: MailServer;
let app: TestApp;
beforeAll(async () => {
  mails = await startMailServer();
  app = await testApp({ env: mailEnv(mails) });
});
afterAll(async () => {
  await app?.close();
  await mails?.close();
});
const mailEnv = ({ host, port }: MailServer) => ({
  SMTP_HOST: host,
  SMTP_PORT: String(port),
  SMTP_USE_TLS: "false",
  SMTP_SENDER_EMAIL: "studio@example.com",
});
const post = (path: string, json: unknown) => app.request(path, { method: "POST", json });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
const linkTo = async (email: string, subject: RegExp): Promise<string> => {
  const mail = await mails.waitFor((m) => m.to.includes(email) && subject.test(m.subject));
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  expect(mail.html).toContain("<html");
  return /token=(\S+)/.exec(mail.text)?.[1] ?? "";
};
const logIn = (email: string, password: string) => post("/api/auth/login", { email, password });

describe("a forgotten password", () => {
  test("is reset with the emailed link, once, and all sessions end", async () => {
    const user = await app.signUp();
    expect((await post("/api/auth/forgot-password", { email: ` ${user.email.toUpperCase()} ` })).status).toBe(200);
    expect((await mails.waitFor((m) => m.to.includes(user.email) && /new password/.test(m.subject))).text).not.toContain("Passkeys");
    const token = await linkTo(user.email, /new password/);
    const answer = await post("/api/auth/reset-password", { token, password: "an entirely new one" });
    expect(answer.status).toBe(200);
    expect((await app.request("/api/users/me", { user })).status).toBe(401);
    expect((await logIn(user.email, user.password)).status).toBe(401);
    expect((await logIn(user.email, "an entirely new one")).status).toBe(200);
    const again = await post("/api/auth/reset-password", { token, password: "yet another one" });
    expect(again.status).toBe(400);
    expect(await codeOf(again)).toBe("reset_password_bad_token");
  });

  test("a link is invalid after any change of the password, and of two concurrent uses one succeeds", async () => {
    const user = await app.signUp();
    await post("/api/auth/forgot-password", { email: user.email });
    const token = await linkTo(user.email, /new password/);
    const both = await Promise.all(
      ["first of the two", "second of the two"].map((password) => post("/api/auth/reset-password", { token, password })),
    );
    expect(both.map((r) => r.status).sort()).toEqual([200, 400]);
  });

  test("a link that was sent to a former address does not work", async () => {
    const user = await app.signUp();
    await post("/api/auth/forgot-password", { email: user.email });
    const token = await linkTo(user.email, /new password/);
    const email = `moved-${user.email}`;
    await app.as(user).users.updateMe({ body: { email, current_password: user.password } });
    await app.as().auth.verify({ body: { token: await linkTo(email, /Confirm/i) } });
    const refused = await post("/api/auth/reset-password", { token, password: "an entirely new one" });
    expect([refused.status, await codeOf(refused)]).toEqual([400, "reset_password_bad_token"]);
    expect((await logIn(email, user.password)).status).toBe(200);
  });

  test("the email says what a new password ends and names what remains", async () => {
    const user = await app.signUp();
    const { key } = await app.as(user).auth.createApiKey({ body: { name: "Nightly", scopes: ["read"] } });
    await app.studio.database.pool.query(
      "insert into passkeys (user_id, name, credential_id, public_key, counter, transports, is_synced) values ($1, 'Ada''s phone', $2, '', 0, '[]', false)",
      [user.id, user.id],
    );
    await post("/api/auth/forgot-password", { email: user.email });
    const mail = await mails.waitFor((m) => m.to.includes(user.email) && /new password/.test(m.subject));
    expect(mail.text).toContain(
      'signs you out everywhere. These stay active: passkeys "Ada\'s phone"; API keys "Nightly". Remove any you don\'t recognize',
    );
    const token = /token=(\S+)/.exec(mail.text)?.[1];
    expect((await post("/api/auth/reset-password", { token, password: "an entirely new one" })).status).toBe(200);
    expect((await app.request("/api/projects", { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    await mails.waitFor((m) => m.to.includes(user.email) && /API keys still work/.test(m.text));
  });

  test("weak passwords are refused and the link stays valid", async () => {
    const user = await app.signUp();
    await post("/api/auth/forgot-password", { email: user.email });
    const token = await linkTo(user.email, /new password/);
    const refused = await post("/api/auth/reset-password", { token, password: "short" });
    expect(refused.status).toBe(400);
    expect(await codeOf(refused)).toBe("reset_password_invalid_password");
    expect((await post("/api/auth/reset-password", { token, password: "long enough now" })).status).toBe(200);
  });

  test("known, unknown and disabled addresses get the same answer; only the known one gets mail", async () => {
    const [active, disabled] = [await app.signUp(), await app.signUp()];
    await app.studio.database.pool.query("update users set is_active = false where id = $1", [disabled.id]);
    const answers = await Promise.all(
      [active.email, disabled.email, "unknown@example.com"].map(async (email) => {
        const response = await post("/api/auth/forgot-password", { email });
        return [response.status, await response.text()];
      }),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    await linkTo(active.email, /new password/);
    expect(mails.mails.some((m) => m.to.includes(disabled.email) && /new password/.test(m.subject))).toBe(false);
  });

  test.each(["", "not.a.token", "eyJhbGciOiJub25lIn0.e30."])("the token %j is refused", async (token) => {
    const response = await post("/api/auth/reset-password", { token, password: "long enough now" });
    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe("reset_password_bad_token");
  });

  test("bad bodies are 422", async () => {
    expect((await post("/api/auth/forgot-password", { email: "nonsense" })).status).toBe(422);
    expect((await post("/api/auth/reset-password", { token: 1 })).status).toBe(422);
    expect((await post("/api/auth/verify", {})).status).toBe(422);
    expect((await post("/api/auth/request-verify-token", {})).status).toBe(422);
  });
});

describe("an address", () => {
  test("is confirmed once, by the link of the sign-up email", async () => {
    const user = await app.signUp();
    const token = await linkTo(user.email, /Confirm/);
    const answer = await post("/api/auth/verify", { token });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: user.id, is_verified: true });
    const again = await post("/api/auth/verify", { token });
    expect(await codeOf(again)).toBe("verify_user_already_verified");
  });

  test("can request another confirmation; a link of another purpose is refused", async () => {
    const user = await app.signUp();
    await linkTo(user.email, /Confirm/);
    await post("/api/auth/request-verify-token", { email: user.email });
    const token = await linkTo(user.email, /Confirm/);
    expect(await codeOf(await post("/api/auth/reset-password", { token, password: "long enough now" }))).toBe("reset_password_bad_token");
    expect((await post("/api/auth/verify", { token })).status).toBe(200);
  });

  const change = async (user: TestUser, email: string) => {
    const response = await app.request("/api/users/me", { method: "PATCH", user, json: { email, current_password: user.password } });
    return { status: response.status, ...((await response.json()) as { email?: string; pending_email?: string | null; code?: string }) };
  };
  test("changes once the new one is confirmed by a one-time link; the former address is notified of both steps", async () => {
    const user = await app.signUp();
    const former = await linkTo(user.email, /Confirm/);
    const email = `new-${user.email}`;
    expect(await change(user, email)).toMatchObject({ email: user.email, pending_email: email, is_verified: false });
    await mails.waitFor((m) => m.to.includes(user.email) && /Request to change/.test(m.subject) && m.text.includes(email));
    expect((await logIn(email, user.password)).status).toBe(401);
    expect((await logIn(user.email, user.password)).status).toBe(200);
    const token = await linkTo(email, /Confirm/);
    const both = await Promise.all([1, 2].map(() => post("/api/auth/verify", { token })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    expect(await app.as(user).users.me()).toMatchObject({ email, pending_email: null, is_verified: true });
    await mails.waitFor((m) => m.to.includes(user.email) && /was changed/.test(m.subject));
    for (const old of [former, token]) expect(await codeOf(await post("/api/auth/verify", { token: old }))).toBe("verify_user_bad_token");
    expect((await logIn(user.email, user.password)).status).toBe(401);
    expect((await app.as(user).secondFactor.events({ query: {} })).items.map(({ kind }) => kind)).toContain("email_changed");
    // After changing back and forth the first link is still used up.
    await change(user, user.email);
    await post("/api/auth/verify", { token: await linkTo(user.email, /Confirm your new/) });
    await change(user, email);
    expect(await codeOf(await post("/api/auth/verify", { token }))).toBe("verify_user_bad_token");
  });

  test("a pending change is cancelled by another request or a new password, or when the address is taken", async () => {
    const user = await app.signUp();
    const requestChange = async (email: string) => {
      expect(await change(user, email)).toMatchObject({ pending_email: email });
      return linkTo(email, /Confirm your new/);
    };
    const refused = async (token: string) => codeOf(await post("/api/auth/verify", { token }));
    const first = await requestChange(`first-${user.email}`);
    const second = await requestChange(`second-${user.email}`);
    expect(await refused(first)).toBe("verify_user_bad_token");
    // Requesting the current address cancels the change.
    expect(await change(user, user.email)).toMatchObject({ pending_email: null });
    expect(await refused(second)).toBe("verify_user_bad_token");
    const taken = await requestChange(`taken-${user.email}`);
    const other = await app.signUp({ email: `taken-${user.email}` });
    expect(await refused(taken)).toBe("update_user_email_already_exists");
    expect(await change(user, other.email)).toMatchObject({ status: 400, code: "update_user_email_already_exists" });
    const third = await requestChange(`third-${user.email}`);
    await app.as(user).users.updateMe({ body: { password: "an entirely new one", current_password: user.password } });
    expect(await refused(third)).toBe("verify_user_bad_token");
    expect(await app.as(user).users.me()).toMatchObject({ email: user.email });
  });
});

test("an email is delivered later if the mail server fails temporarily; the request does not fail", async () => {
  const user = await app.signUp();
  await linkTo(user.email, /Confirm/);
  mails.refuseRecipients("451 4.3.0 try later");
  expect((await post("/api/auth/forgot-password", { email: user.email })).status).toBe(200);
  await expect.poll(() => app.logs().includes("451 4.3.0 try later")).toBe(true);
  mails.refuseRecipients(null);
  await mails.waitFor((m) => m.to.includes(user.email) && /new password/.test(m.subject));
}, 25_000);

test("tokens are neither logged nor readable in the job queue", async () => {
  const user = await app.signUp();
  await linkTo(user.email, /Confirm/);
  mails.refuseRecipients("451 4.3.0 try later");
  await post("/api/auth/forgot-password", { email: user.email });
  const jobs = await expect
    .poll(
      async () =>
        (await app.studio.database.pool.query("select payload::text as payload from graphile_worker._private_jobs")).rows as {
          payload: string;
        }[],
    )
    .not.toEqual([])
    .then(
      async () =>
        (await app.studio.database.pool.query("select payload::text as payload from graphile_worker._private_jobs")).rows as {
          payload: string;
        }[],
    );
  expect(jobs.map((j) => j.payload).join()).not.toContain("eyJ");
  mails.refuseRecipients(null);
  const token = await linkTo(user.email, /new password/);
  expect(app.logs()).not.toContain(token);
}, 25_000);
