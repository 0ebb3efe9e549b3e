import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoginResponse, SecurityEvent } from "@tesslate/contract";
import { appCode, startMailServer, type MailServer } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { limitedApp } from "../../../testing/limited.ts";

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
const post = (path: string, json: unknown, user?: TestUser) => app.request(path, { method: "POST", json, ...(user && { user }) });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
/** A code that is wrong for every period near now, so that the clock does not matter. */
const wrongFor = (secret: string) => {
  const right = new Set([-2, -1, 0, 1, 2].map((n) => appCode(secret, n)));
  return ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !right.has(code)) ?? "";
};
const totpPath = "/api/auth/2fa/totp";

interface WithApp {
  user: TestUser;
  secret: string;
  recovery: string[];
}
async function withApp(): Promise<WithApp> {
  const user = await app.signUp();
  const { secret } = await app.as(user).secondFactor.beginTotp({ body: { current_password: user.password } });
  const { recovery_codes } = await app.as(user).secondFactor.confirmTotp({ body: { code: appCode(secret, -1) } });
  return { user, secret, recovery: recovery_codes };
}
const logIn = async (user: TestUser): Promise<LoginResponse> =>
  app.as().auth.login({ body: { email: user.email, password: user.password } });
const verify = (temp_token: string | null, given: object) => post("/api/auth/2fa/verify", { temp_token, ...given });

test("an app is set up with one of its codes; from then on the password alone does not sign in", async () => {
  const user = await app.signUp();
  const setup = await app.as(user).secondFactor.beginTotp({ body: { current_password: user.password } });
  expect(setup.otpauth_url).toMatch(/^otpauth:\/\/totp\/Tesslate/);
  expect(setup.otpauth_url).toContain(setup.secret);
  expect((await logIn(user)).requires_2fa).toBe(false);
  const refused = await post(`${totpPath}/confirm`, { code: wrongFor(setup.secret) }, user);
  expect([refused.status, await codeOf(refused)]).toEqual([400, "code_invalid"]);
  const { recovery_codes } = await app.as(user).secondFactor.confirmTotp({ body: { code: appCode(setup.secret) } });
  expect(new Set(recovery_codes).size).toBe(10);

  const answer = await logIn(user);
  expect(answer).toMatchObject({ access_token: null, requires_2fa: true, method: "totp", methods: ["totp", "recovery_code"] });
  expect(mails.mails.some((m) => m.to.includes(user.email) && /sign-in code/.test(m.subject))).toBe(false);
  const opened = await verify(answer.temp_token, { code: appCode(setup.secret, 1) });
  expect(opened.status).toBe(200);
  expect(opened.headers.getSetCookie().join()).toContain("tesslate_auth=");
  expect(await app.as(user).secondFactor.security()).toMatchObject({
    has_password: true,
    totp: { confirmed_at: expect.any(String), last_used_at: expect.any(String) },
    recovery_codes_left: 10,
  });
  await mails.waitFor((m) => m.to.includes(user.email) && m.text.includes("authenticator app was added"));

  const { rows } = await sql("select encode(sealed_secret, 'escape') as secret from totp_secrets where user_id = $1", [user.id]);
  expect(JSON.stringify(rows)).not.toContain(setup.secret);
  const codes = await sql("select row_to_json(c)::text as text from recovery_codes c where user_id = $1", [user.id]);
  for (const code of recovery_codes) expect(JSON.stringify(codes.rows)).not.toContain(code);
  for (const secret of [setup.secret, ...recovery_codes]) expect(app.logs()).not.toContain(secret);
});

test("a code works once: not again, not an older one, not for two concurrent requests", async () => {
  const { user, secret } = await withApp();
  const now = appCode(secret);
  const [one, two, three] = [await logIn(user), await logIn(user), await logIn(user)];
  const both = await Promise.all([verify(one.temp_token, { code: now }), verify(two.temp_token, { code: now })]);
  expect(both.map((r) => r.status).sort()).toEqual([200, 401]);
  expect(await codeOf(await verify(three.temp_token, { code: now }))).toBe("two_fa_code_invalid");
  expect(await codeOf(await verify(three.temp_token, { code: appCode(secret, -1) }))).toBe("two_fa_code_invalid");
  expect(await codeOf(await verify(three.temp_token, { code: appCode(secret, 5) }))).toBe("two_fa_code_invalid");
  expect((await verify(three.temp_token, { code: appCode(secret, 1) })).status).toBe(200);
});

test("with a stolen session at most a hundred codes a day can be guessed", async () => {
  await using limited = await limitedApp();
  const user = await limited.signUp();
  const { secret } = await limited.as(user).secondFactor.beginTotp({ body: { current_password: user.password } });
  await limited.as(user).secondFactor.confirmTotp({ body: { code: appCode(secret, -1) } });
  const guess = () => limited.request("/api/auth/2fa/recovery-codes", { method: "POST", user, json: { code: wrongFor(secret) } });
  for (let quarter = 0; quarter < 10; quarter++) {
    for (let n = 0; n < 10; n++) expect(await codeOf(await guess())).toBe("code_invalid");
    // The limit per quarter of an hour is reset.
    await limited.studio.database.pool.query("update rate_limits set resets_at = now() where resets_at < now() + interval '1 hour'");
  }
  const refused = await guess();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3600);
});

test("a recovery code works once, in any spelling; new codes invalidate the old ones", async () => {
  const { user, recovery } = await withApp();
  const [first = "", second = ""] = recovery;
  const typed = ` ${first.toUpperCase().replace("-", " ")} `;
  expect((await verify((await logIn(user)).temp_token, { recovery_code: typed })).status).toBe(200);
  const again = await logIn(user);
  expect(await codeOf(await verify(again.temp_token, { recovery_code: first }))).toBe("two_fa_code_invalid");
  expect((await app.as(user).secondFactor.security()).recovery_codes_left).toBe(9);
  const fresh = await app.as(user).secondFactor.makeRecoveryCodes({ body: { current_password: user.password } });
  expect(await codeOf(await verify(again.temp_token, { recovery_code: second }))).toBe("two_fa_code_invalid");
  const other = await withApp();
  expect(await codeOf(await verify(again.temp_token, { recovery_code: other.recovery[0] }))).toBe("two_fa_code_invalid");
  expect((await verify(again.temp_token, { recovery_code: fresh.recovery_codes[0] })).status).toBe(200);
  const both = [await logIn(user), await logIn(user)].map(({ temp_token }) =>
    verify(temp_token, { recovery_code: fresh.recovery_codes[1] }),
  );
  expect((await Promise.all(both)).map((r) => r.status).sort()).toEqual([200, 401]);
});

test("changes need the password or a code of the app, not only an open session", async () => {
  const { user, secret } = await withApp();
  const remove = (json: object) => app.request(totpPath, { method: "DELETE", user, json });
  for (const [json, code] of [
    [{}, "current_password_required"],
    [{ current_password: "a wrong guess" }, "current_password_wrong"],
    [{ code: wrongFor(secret) }, "code_invalid"],
    [{ code: appCode(secret, -1) }, "code_invalid"],
  ] as const) {
    expect(await codeOf(await remove(json))).toBe(code);
    expect(await codeOf(await post("/api/auth/2fa/recovery-codes", json, user))).toBe(code);
  }
  expect((await post("/api/auth/2fa/recovery-codes", { code: appCode(secret) }, user)).status).toBe(201);
  expect((await remove({ code: appCode(secret, 1) })).status).toBe(204);
  expect((await logIn(user)).requires_2fa).toBe(false);
  expect(await app.as(user).secondFactor.security()).toMatchObject({ totp: null, recovery_codes_left: 0 });
  expect((await remove({ current_password: user.password })).status).toBe(404);
  const none = await post("/api/auth/2fa/recovery-codes", { current_password: user.password }, user);
  expect([none.status, await codeOf(none)]).toEqual([409, "two_fa_not_on"]);
});

test("setting up again replaces the pending secret; setting up or confirming an active one is rejected", async () => {
  const user = await app.signUp();
  expect(await codeOf(await post(`${totpPath}/confirm`, { code: "123456" }, user))).toBe("two_fa_not_begun");
  const begin = () => app.as(user).secondFactor.beginTotp({ body: { current_password: user.password } });
  const former = await begin();
  const { secret } = await begin();
  const refused = await post(`${totpPath}/confirm`, { code: appCode(former.secret) }, user);
  if (appCode(former.secret) !== appCode(secret)) expect(await codeOf(refused)).toBe("code_invalid");
  const both = await Promise.all([0, 0].map(() => post(`${totpPath}/confirm`, { code: appCode(secret) }, user)));
  expect(both.map((r) => r.status).sort()).toEqual([200, 409]);
  expect(await codeOf(await post(totpPath, { current_password: user.password }, user))).toBe("two_fa_already_on");
});

test("a user with the app and email codes may use either; a user with the app alone gets no email code", async () => {
  const { user, secret } = await withApp();
  const alone = await logIn(user);
  expect((await post("/api/auth/2fa/resend", { temp_token: alone.temp_token })).status).toBe(400);
  await sql("update users set two_fa_enabled = true, is_verified = true where id = $1", [user.id]);
  const answer = await logIn(user);
  expect(answer).toMatchObject({ method: "totp", methods: ["totp", "email", "recovery_code"] });
  expect((await post("/api/auth/2fa/resend", { temp_token: answer.temp_token })).status).toBe(200);
  const mail = await mails.waitFor((m) => m.to.includes(user.email) && /sign-in code/.test(m.subject));
  expect((await verify(answer.temp_token, { code: /\b(\d{6})\b/.exec(mail.text)?.[1] })).status).toBe(200);
  expect((await verify((await logIn(user)).temp_token, { code: appCode(secret) })).status).toBe(200);
});

test("guessing ends the sign-in, notifies the owner and is recorded in the account's security log", async () => {
  const { user, secret } = await withApp();
  const { temp_token } = await logIn(user);
  for (let i = 0; i < 10; i++) expect(await codeOf(await verify(temp_token, { code: wrongFor(secret) }))).toBe("two_fa_code_invalid");
  expect(await codeOf(await verify(temp_token, { code: appCode(secret) }))).toBe("two_fa_session_invalid");
  await mails.waitFor((m) => m.to.includes(user.email) && m.text.includes("ten wrong codes"));
  const { items, total } = await app.as(user).secondFactor.events({ query: { limit: 3 } });
  expect(total).toBe(12);
  expect(items[0]).toMatchObject({ kind: "second_step_wrong", ip: expect.any(String) });
  const all: SecurityEvent[] = (await app.as(user).secondFactor.events({ query: { limit: 100 } })).items;
  expect(all.map((e) => e.kind)).toEqual(expect.arrayContaining(["signed_in", "totp_on"]));
  const otherUser = await app.signUp();
  expect((await app.as(otherUser).secondFactor.events()).items.map((e) => e.kind)).toEqual(["signed_in"]);
});

test("a server that requires a second factor accepts the app, also without a mail server", async () => {
  await using strict = await testApp({ database: app.database, configure: (config) => (config.auth.twoFactor.isForAll = true) });
  const { user, secret } = await withApp();
  const answer = await strict.as().auth.login({ body: { email: user.email, password: user.password } });
  expect(answer.methods).toEqual(["totp", "recovery_code"]);
  const opened = await strict.request("/api/auth/2fa/verify", {
    method: "POST",
    json: { temp_token: answer.temp_token, code: appCode(secret) },
  });
  expect(opened.status).toBe(200);
});

test("only an administrator can remove the second factor of a user who lost their phone", async () => {
  const { user, secret } = await withApp();
  await sql("update users set two_fa_enabled = true, is_verified = true where id = $1", [user.id]);
  const admin = await app.signUp({ admin: true });
  const reset = (by: TestUser, of: TestUser, json: object = { reason: "lost their phone" }) =>
    post(`/api/admin/users/${of.id}/reset-second-factor`, json, by);
  expect((await reset(user, user)).status).toBe(403);
  expect((await reset(admin, user, {})).status).toBe(422);
  expect(await codeOf(await reset(admin, admin))).toBe("forbidden");
  const waiting = await logIn(user);
  const done = await reset(admin, user);
  expect([done.status, await done.json()]).toEqual([200, { had_totp: true, had_email_codes: true }]);
  expect(await codeOf(await verify(waiting.temp_token, { code: appCode(secret, 1) }))).toBe("two_fa_code_invalid");
  expect(await logIn(user)).toMatchObject({ requires_2fa: false, access_token: expect.any(String) });
  expect(await codeOf(await reset(admin, user))).toBe("nothing_to_change");
  const { items } = await app.as(admin).adminAudit.list({ query: { target_id: user.id } });
  expect(items[0]).toMatchObject({ action_type: "user.second_factor_reset", reason: "lost their phone" });
});

test("concurrent requests for recovery codes leave ten valid ones", async () => {
  const { user } = await withApp();
  const make = () => post("/api/auth/2fa/recovery-codes", { current_password: user.password }, user);
  const client = await app.studio.database.pool.connect();
  try {
    await client.query("begin");
    await client.query("select 1 from recovery_codes where user_id = $1 for update", [user.id]);
    const both = [make(), make()];
    await lockWaiters(app, 2);
    await client.query("commit");
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([201, 201]);
  } finally {
    client.release();
  }
  expect((await app.as(user).secondFactor.security()).recovery_codes_left).toBe(10);
});

test("a change is not made if the session ends after the proof was checked", async () => {
  const { user } = await withApp();
  const {
    rows: [passkey],
  } = await sql(
    "insert into passkeys (user_id, name, credential_id, public_key, counter, transports, is_synced) values ($1, 'Phone', $2, '', 0, '[]', false) returning id",
    [user.id, user.id],
  );
  const {
    rows: [linked],
  } = await sql("insert into oauth_accounts (user_id, provider, account_id, account_email) values ($1, 'google', $2, '') returning id", [
    user.id,
    user.id,
  ]);
  const json = { current_password: user.password };
  const remove = (path: string) => app.request(path, { method: "DELETE", user, json });
  const client = await app.studio.database.pool.connect();
  try {
    for (const action of [
      () => post("/api/auth/2fa/recovery-codes", json, user),
      () => remove(totpPath),
      () => remove(`/api/auth/passkeys/${String(passkey?.id)}`),
      () => remove(`/api/auth/linked-accounts/${String(linked?.id)}`),
    ]) {
      await client.query("begin");
      await client.query("select 1 from users where id = $1 for no key update", [user.id]);
      const answer = action();
      await lockWaiters(app);
      await client.query("update sessions set revoked_at = now() where user_id = $1", [user.id]);
      await client.query("commit");
      expect((await answer).status).toBe(401);
      await client.query("update sessions set revoked_at = null where user_id = $1", [user.id]);
    }
  } finally {
    client.release();
  }
  expect(await app.as(user).secondFactor.security()).toMatchObject({ totp: { confirmed_at: expect.any(String) }, passkeys: 1 });
  expect((await app.as(user).linkedAccounts.list()).total).toBe(1);
});

test("bad bodies are 422", async () => {
  const { user } = await withApp();
  const { temp_token } = await logIn(user);
  for (const given of [{}, { code: "12345" }, { recovery_code: "short" }, { code: 123456 }])
    expect((await verify(temp_token, given)).status).toBe(422);
  expect((await post(`${totpPath}/confirm`, { code: "1234567" }, user)).status).toBe(422);
  expect((await app.request(totpPath, { method: "DELETE", user, json: { current_password: 5 } })).status).toBe(422);
});
