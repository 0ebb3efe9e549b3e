import { afterAll, beforeAll, expect, test } from "vitest";
import { startMailServer, type MailServer } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let mails: MailServer;
let app: TestApp;
beforeAll(async () => {
  mails = await startMailServer();
  app = await testApp({
    env: { SMTP_HOST: mails.host, SMTP_PORT: String(mails.port), SMTP_USE_TLS: "false", SMTP_SENDER_EMAIL: "studio@example.com" },
  });
});
afterAll(async () => {
  await app?.close();
  await mails?.close();
});

const sql = (text: string, values: unknown[]) => app.studio.database.pool.query(text, values);
const post = (path: string, json: unknown) => app.request(path, { method: "POST", json });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
/** A user with codes by email. */
async function careful(): Promise<TestUser> {
  const user = await app.signUp();
  await sql("update users set is_verified = true where id = $1", [user.id]);
  const answer = await app.request("/api/users/me", {
    method: "PATCH",
    user,
    json: { two_fa_enabled: true, current_password: user.password },
  });
  expect(answer.status).toBe(200);
  return user;
}
async function begin(user: TestUser): Promise<string> {
  const response = await post("/api/auth/login", { email: user.email, password: user.password });
  expect(response.headers.getSetCookie()).toEqual([]);
  const body = (await response.json()) as { access_token: null; requires_2fa: boolean; temp_token: string; method: string };
  expect(body).toMatchObject({ access_token: null, requires_2fa: true, method: "email" });
  return body.temp_token;
}
async function mailedCode(user: TestUser): Promise<string> {
  const mail = await mails.waitFor((m) => m.to.includes(user.email) && /sign-in code/.test(m.subject));
  mails.mails.splice(mails.mails.indexOf(mail), 1);
  return /\b(\d{6})\b/.exec(mail.text)?.[1] ?? "";
}
const verify = (temp_token: string, code: string) => post("/api/auth/2fa/verify", { temp_token, code });
const wrongFor = (code: string) => (code === "000000" ? "111111" : "000000");

test("the password alone does not sign in; the code starts the session; token and code work once", async () => {
  const user = await careful();
  const token = await begin(user);
  expect((await app.request("/api/users/me", { user: { token } })).status).toBe(401);
  const code = await mailedCode(user);
  const answer = await verify(token, code);
  expect(answer.status).toBe(200);
  expect(answer.headers.getSetCookie().join()).toContain("tesslate_auth=");
  const { access_token } = (await answer.json()) as { access_token: string };
  expect((await app.request("/api/users/me", { user: { token: access_token } })).status).toBe(200);
  expect(await codeOf(await verify(token, code))).toBe("two_fa_session_invalid");
});

test("of two concurrent requests with the right code one succeeds", async () => {
  const user = await careful();
  const token = await begin(user);
  const code = await mailedCode(user);
  const both = await Promise.all([verify(token, code), verify(token, code)]);
  expect(both.map((r) => r.status).sort()).toEqual([200, 401]);
});

test("of many concurrent requests for a new code one gets it, and the others do not wait", async () => {
  const user = await careful();
  const temp_token = await begin(user);
  await sql("update login_attempts set sent_at = now() - interval '2 minutes' where user_id = $1", [user.id]);
  // More than there are database connections: a request must not need a second one while it holds one.
  const crowd = await Promise.all(Array.from({ length: 24 }, () => post("/api/auth/2fa/resend", { temp_token })));
  expect(crowd.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(23).fill(429)]);
});

test("the fifth wrong try invalidates the code; the tenth over all codes ends the sign-in", async () => {
  const user = await careful();
  const token = await begin(user);
  const first = await mailedCode(user);
  for (let i = 0; i < 5; i++) expect(await codeOf(await verify(token, wrongFor(first)))).toBe("two_fa_code_invalid");
  expect(await codeOf(await verify(token, first))).toBe("two_fa_code_invalid");
  await sql("update login_attempts set sent_at = now() - interval '2 minutes' where user_id = $1", [user.id]);
  expect((await post("/api/auth/2fa/resend", { temp_token: token })).status).toBe(200);
  const second = await mailedCode(user);
  for (let i = 0; i < 4; i++) expect(await codeOf(await verify(token, wrongFor(second)))).toBe("two_fa_code_invalid");
  expect(await codeOf(await verify(token, second))).toBe("two_fa_session_invalid");
});

test("a new code invalidates the older one; at most one a minute and five in all", async () => {
  const user = await careful();
  const token = await begin(user);
  const first = await mailedCode(user);
  const tooSoon = await post("/api/auth/2fa/resend", { temp_token: token });
  expect(tooSoon.status).toBe(429);
  expect(Number(tooSoon.headers.get("retry-after"))).toBeGreaterThan(50);
  let latest = first;
  for (let i = 0; i < 5; i++) {
    await sql("update login_attempts set sent_at = now() - interval '2 minutes' where user_id = $1", [user.id]);
    expect((await post("/api/auth/2fa/resend", { temp_token: token })).status).toBe(200);
    latest = await mailedCode(user);
  }
  await sql("update login_attempts set sent_at = now() - interval '2 minutes' where user_id = $1", [user.id]);
  expect((await post("/api/auth/2fa/resend", { temp_token: token })).status).toBe(429);
  if (latest !== first) expect(await codeOf(await verify(token, first))).toBe("two_fa_code_invalid");
  expect((await verify(token, latest)).status).toBe(200);
});

test("codes and sign-ins expire; disabling the user ends them", async () => {
  const user = await careful();
  let token = await begin(user);
  let code = await mailedCode(user);
  await sql("update login_attempts set code_expires_at = now() - interval '1 second' where user_id = $1", [user.id]);
  expect(await codeOf(await verify(token, code))).toBe("two_fa_code_invalid");
  await sql("update login_attempts set expires_at = now() - interval '1 second' where user_id = $1", [user.id]);
  expect(await codeOf(await verify(token, code))).toBe("two_fa_session_invalid");
  token = await begin(user);
  code = await mailedCode(user);
  await sql("update users set is_active = false where id = $1", [user.id]);
  expect(await codeOf(await verify(token, code))).toBe("two_fa_session_invalid");
});

test("a new password, a suspension and signing out everywhere end a pending sign-in, also when the suspension is lifted", async () => {
  const [user, admin] = [await careful(), await app.signUp({ admin: true })];
  const suspended = (is_suspended: boolean) =>
    app.as(admin).adminUsers.update({ params: { id: user.id }, body: { is_suspended, reason: "x" } });
  const ends: (() => Promise<unknown>)[] = [
    () => app.as(user).auth.endOtherSessions(),
    async () => {
      const password = "an entirely new one";
      await app.as(user).users.updateMe({ body: { password, current_password: user.password } });
      user.password = password;
    },
    async () => {
      await suspended(true);
      await suspended(false);
    },
  ];
  for (const end of ends) {
    const token = await begin(user);
    const code = await mailedCode(user);
    await end();
    expect(await codeOf(await verify(token, code))).toBe("two_fa_session_invalid");
    expect(await codeOf(await post("/api/auth/2fa/resend", { temp_token: token }))).toBe("two_fa_session_invalid");
  }
});

test("unknown tokens and bad bodies are refused", async () => {
  expect(await codeOf(await verify("nonsense", "123456"))).toBe("two_fa_session_invalid");
  expect(await codeOf(await post("/api/auth/2fa/resend", { temp_token: "nonsense" }))).toBe("two_fa_session_invalid");
  expect((await verify("nonsense", "12345")).status).toBe(422);
  expect((await post("/api/auth/2fa/resend", {})).status).toBe(422);
});

test("codes are not stored in plain text", async () => {
  const user = await careful();
  await begin(user);
  const code = await mailedCode(user);
  const { rows } = await sql("select row_to_json(a)::text as text from login_attempts a where user_id = $1", [user.id]);
  expect(JSON.stringify(rows)).not.toContain(`"${code}"`);
});

test("codes are sent to a verified address only", async () => {
  const user = await app.signUp();
  const refused = await app.request("/api/users/me", {
    method: "PATCH",
    user,
    json: { two_fa_enabled: true, current_password: user.password },
  });
  expect(refused.status).toBe(409);
  expect(await codeOf(refused)).toBe("email_not_verified");
});

test("wrong codes are counted across sign-ins", async () => {
  await using limited = await testApp({
    env: {
      SMTP_HOST: mails.host,
      SMTP_PORT: String(mails.port),
      SMTP_USE_TLS: "false",
      SMTP_SENDER_EMAIL: "studio@example.com",
      RATE_LIMIT_FACTOR: "1",
      TWO_FA_ENABLED: "true",
    },
  });
  const email = "guessed@example.com";
  await limited.as().auth.register({ body: { email, password: "correct horse battery" } });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const login = await limited.request("/api/auth/login", { method: "POST", json: { email, password: "correct horse battery" } });
    const { temp_token } = (await login.json()) as { temp_token: string };
    for (let n = 0; n < 4; n++)
      statuses.push((await limited.request("/api/auth/2fa/verify", { method: "POST", json: { temp_token, code: "000000" } })).status);
  }
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.slice(10)).toEqual([429, 429]);
});
