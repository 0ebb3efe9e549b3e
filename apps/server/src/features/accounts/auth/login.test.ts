import { hash } from "@node-rs/argon2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { limitedApp } from "../../../testing/limited.ts";
import { openBrowser } from "../../../testing/browser.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp({ hasDearPasswords: true });
  ada = await app.signUp({ name: "Ada" });
});
afterAll(() => app.close());

const post = (path: string, json: unknown, headers: Record<string, string> = {}) => app.request(path, { method: "POST", json, headers });
const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown>;
let serial = 0;
const freshEmail = () => `person-${++serial}@example.com`;
const password = "correct horse battery";
const me = (token: string) => app.request("/api/users/me", { user: { token } });

describe("auth.login", () => {
  test("accepts email or username in any case, as JSON, and returns all keys and the cookies", async () => {
    for (const login of [ada.email, ada.email.toUpperCase(), ada.username, ` ${ada.username.toUpperCase()} `]) {
      const response = await post("/api/auth/login", { email: login, password: ada.password });
      expect(response.status).toBe(200);
      expect(await bodyOf(response)).toEqual({
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        token_type: "bearer",
        expires_in: 900,
        refresh_token: null,
        requires_2fa: false,
        temp_token: null,
        method: null,
        methods: [],
      });
      const cookies = response.headers.getSetCookie();
      expect(cookies).toHaveLength(2);
      expect(cookies[0]).toMatch(/^tesslate_auth=ey[^;]+; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/);
      expect(cookies[1]).toMatch(/^tesslate_refresh=[\w-]+; Max-Age=1209600; Path=\/api\/auth; HttpOnly; SameSite=Lax$/);
    }
  });

  test("accepts the password form of the Swagger page", async () => {
    const response = await app.request("/api/auth/login", {
      method: "POST",
      body: new URLSearchParams({ grant_type: "password", username: ada.email, password: ada.password }),
    });
    expect(response.status).toBe(200);
    expect((await me(String((await bodyOf(response))["access_token"]))).status).toBe(200);
  });

  test("the token has the claims that the contract lists", async () => {
    const [, payload = ""] = ada.token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, number>;
    expect(claims).toEqual({
      sub: ada.id,
      sid: expect.any(String),
      aud: ["fastapi-users:auth"],
      is_admin: false,
      iat: expect.any(Number),
      exp: (claims["iat"] ?? 0) + 900,
    });
  });

  test.each([
    ["nothing", {}],
    ["no login name", { password: "x" }],
    ["an empty password", { email: "a@example.com", password: "" }],
    ["a number as password", { email: "a@example.com", password: 1 }],
  ])("answers 422 to %s", async (_, body) => {
    expect((await post("/api/auth/login", body)).status).toBe(422);
  });

  test("wrong password, unknown user and every inactive account get the same answer", async () => {
    const dead = await Promise.all(
      ["is_active = false", "is_suspended = true", "is_deleted = true"].map(async (change) => {
        const user = await app.signUp();
        await app.studio.database.pool.query(`update users set ${change} where id = $1`, [user.id]);
        return { email: user.email, password: user.password };
      }),
    );
    const attempts = [
      { email: ada.email, password: "wrong password" },
      { email: "unknown@example.com", password: "wrong password" },
      ...dead,
    ];
    const answers: unknown[] = [];
    for (const attempt of attempts) {
      const response = await post("/api/auth/login", attempt);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.getSetCookie()).toEqual([]);
      answers.push(await bodyOf(response));
    }
    expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: "login_bad_credentials" });
  });

  test("an unknown user takes as long as a wrong password", async () => {
    // CPU time, which is nearly all hashing: wall time on a busy machine depends on other load.
    const least = async (email: string) => {
      const times: number[] = [];
      for (let i = 0; i < 7; i++) {
        const before = process.cpuUsage();
        await post("/api/auth/login", { email, password: "wrong password" });
        const { user, system } = process.cpuUsage(before);
        times.push(user + system);
      }
      return Math.min(...times);
    };
    // Without the dummy hash the answer for an unknown user would take a tenth of the time.
    expect((await least("unknown@example.com")) / (await least(ada.email))).toBeGreaterThan(0.5);
  });

  test("replaces an old hash with a stronger one", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set hashed_password = $2 where id = $1", [
      user.id,
      await hash(user.password, { memoryCost: 4096, timeCost: 1, parallelism: 1 }),
    ]);
    expect((await post("/api/auth/login", { email: user.email, password: user.password })).status).toBe(200);
    const { rows } = await app.studio.database.pool.query("select hashed_password from users where id = $1", [user.id]);
    expect(rows[0].hashed_password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await post("/api/auth/login", { email: user.email, password: user.password })).status).toBe(200);
  });

  test("a password or account change before the last step ends the sign-in; a rehash of the same password does not", async () => {
    const user = await app.signUp();
    const { pool } = app.studio.database;
    const { rows } = await pool.query("select hashed_password from users where id = $1", [user.id]);
    const [weaker, other] = await Promise.all(
      [user.password, "an entirely new one"].map((text) => hash(text, { memoryCost: 4096, timeCost: 1, parallelism: 1 })),
    );
    /** The answer to a sign-in whose last step follows this change. */
    const duringLogin = async (change: string, values: unknown[]) => {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await client.query("select 1 from users where id = $1 for no key update", [user.id]);
        const answer = post("/api/auth/login", { email: user.email, password: user.password });
        await lockWaiters(app);
        await client.query(`update users set ${change} where id = $1`, [user.id, ...values]);
        await client.query("commit");
        const response = await answer;
        return [response.status, (await bodyOf(response))["code"]];
      } finally {
        client.release();
      }
    };
    const refused = [401, "login_bad_credentials"];
    expect(await duringLogin("is_suspended = true", [])).toEqual(refused);
    await pool.query("update users set is_suspended = false where id = $1", [user.id]);
    expect(await duringLogin("hashed_password = $2", [other])).toEqual(refused);
    await pool.query("update users set hashed_password = $2 where id = $1", [user.id, rows[0].hashed_password]);
    expect(await duringLogin("hashed_password = $2", [weaker])).toEqual([200, undefined]);
    expect((await app.as(user).auth.sessions()).total).toBe(2);
  });

  test("an account with a second factor cannot sign in without it", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set two_fa_enabled = true where id = $1", [user.id]);
    const response = await post("/api/auth/login", { email: user.email, password: user.password });
    expect([response.status, (await bodyOf(response))["code"]]).toEqual([503, "not_configured"]);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test.each([
    ["register", "/api/auth/register", { email: "x@example.com", password: "long enough" }],
    ["login", "/api/auth/login", { email: "x@example.com", password: "long enough" }],
    ["refresh", "/api/auth/refresh", {}],
  ])("%s refuses other sites", async (_, path, body) => {
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://project.preview.localhost:${app.port}` },
      { origin: "http://localhost:1" },
      { "sec-fetch-site": "cross-site" },
    ] as Record<string, string>[]) {
      const response = await post(path, body, headers);
      expect([response.status, (await bodyOf(response))["code"]]).toEqual([403, "foreign_origin"]);
    }
    for (const headers of [{ origin: app.url }, { origin: `http://127.0.0.1:${app.port}` }, { "sec-fetch-site": "same-origin" }] as Record<
      string,
      string
    >[])
      expect((await post(path, body, headers)).status).not.toBe(403);
  });
});

describe("rate limits", () => {
  test("of sign-in: 10 in 15 minutes per account and network; invalid bodies do not count; success resets", async () => {
    await using limited = await limitedApp();
    const user = await limited.signUp();
    const login = (password: string, email = user.email) =>
      limited.request("/api/auth/login", { method: "POST", json: { email, password } });
    for (let i = 0; i < 20; i++)
      expect((await limited.request("/api/auth/login", { method: "POST", json: { email: user.email } })).status).toBe(422);
    for (let i = 0; i < 9; i++) expect((await login("wrong")).status).toBe(401);
    expect((await login(user.password)).status).toBe(200);
    for (let i = 0; i < 5; i++) expect((await login("wrong")).status).toBe(401);
    // The same account under its username.
    for (let i = 0; i < 5; i++) expect((await login("wrong", user.username)).status).toBe(401);
    const refused = await login(user.password);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(800);
    expect(await bodyOf(refused)).toMatchObject({ code: "rate_limited" });
    const { rows } = await limited.studio.database.pool.query("select key from rate_limits");
    expect(JSON.stringify(rows)).not.toContain(user.email);
    await limited.studio.database.pool.query("update rate_limits set resets_at = now()");
    expect((await login(user.password)).status).toBe(200);
  });

  test("of sign-in: 50 in 15 minutes per network, for all accounts", async () => {
    await using limited = await limitedApp();
    const login = (i: number) =>
      limited.request("/api/auth/login", { method: "POST", json: { email: `unknown-${i}@example.com`, password: "wrong" } });
    const statuses = await Promise.all(Array.from({ length: 55 }, async (_, i) => (await login(i)).status));
    expect(statuses.filter((s) => s === 429)).toHaveLength(5);
  });

  test("of registration: 5 an hour per address", async () => {
    await using limited = await limitedApp();
    const register = (more: object = {}) =>
      limited.request("/api/auth/register", { method: "POST", json: { email: freshEmail(), password, ...more } });
    for (let i = 0; i < 8; i++) expect((await register({ username: "a--b" })).status).toBe(422);
    for (let i = 0; i < 5; i++) expect((await register()).status).toBe(201);
    expect((await register()).status).toBe(429);
  });

  test("behind a proxy use the address that the proxy saw, not the one the client claims", async () => {
    await using proxied = await testApp({ env: { RATE_LIMIT_FACTOR: "1", TRUST_PROXY: "true" } });
    const register = (forwarded: string) =>
      proxied.request("/api/auth/register", {
        method: "POST",
        json: { email: freshEmail(), password },
        headers: { "x-forwarded-for": forwarded },
      });
    for (let i = 0; i < 5; i++) expect((await register(`10.0.0.${i}, 203.0.113.9`)).status).toBe(201);
    expect((await register("10.9.9.9, 203.0.113.9")).status).toBe(429);
    expect((await register("203.0.113.9, 198.51.100.1")).status).toBe(201);
  });
});

test("no secret of an account is logged", async () => {
  const secret = "a very secret passphrase 4711";
  const email = freshEmail();
  const browser = openBrowser(app);
  await browser.request("POST", "/api/auth/register", { json: { email, password: secret } });
  await browser.request("POST", "/api/auth/register", { json: { email, password: secret, setup_token: "sesame-sesame-sesame" } });
  await browser.signIn(email, `${secret}!`);
  const { access_token } = (await (await browser.signIn(email, secret)).json()) as { access_token: string };
  const csrf = await browser.fetchCsrf();
  const { ticket } = (await (await browser.request("POST", "/api/auth/ws-ticket")).json()) as { ticket: string };
  const first = browser.cookies.get("tesslate_refresh")?.value ?? "";
  await browser.request("POST", "/api/auth/refresh");
  const second = browser.cookies.get("tesslate_refresh")?.value ?? "";
  await browser.request("PATCH", "/api/users/me", { json: { password: "another secret one", current_password: secret } });
  await browser.request("POST", "/api/auth/login?password=in-the-address", { json: { email: 1 } });
  await browser.request("POST", "/api/auth/logout");
  const log = app.logs();
  expect(log).toContain('"msg":"request"');
  for (const planted of [
    secret,
    "another secret one",
    "sesame-sesame-sesame",
    access_token,
    csrf,
    ticket,
    first,
    second,
    "in-the-address",
    "argon2id",
  ])
    expect(log.includes(planted), planted.slice(0, 12)).toBe(false);
});
