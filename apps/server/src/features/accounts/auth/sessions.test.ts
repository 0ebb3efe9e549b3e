import { createHmac } from "node:crypto";
import { createSigner } from "fast-jwt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { openBrowser } from "../../../testing/browser.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { createRefreshTokens } from "./tokens.ts";

let app: TestApp;
/** Another process on the same database. */
let other: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp();
  other = await testApp({ database: app.database });
  ada = await app.signUp({ name: "Ada" });
});
afterAll(() => other?.close());

const post = (path: string, json: unknown, headers: Record<string, string> = {}) => app.request(path, { method: "POST", json, headers });
const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown>;
const me = (token: string) => app.request("/api/users/me", { user: { token } });

describe("the caller", () => {
  const forgeries = (): [string, string][] => {
    const [head = "", payload = "", signature = ""] = ada.token.split(".");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const key = createCryptoBox("a secret key of the tests, 32+ characters").deriveKey("access tokens");
    const signed = (header: object, body: object, secret: Buffer | string = key) => {
      const text = `${encode(header)}.${encode(body)}`;
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    };
    const HS256 = { alg: "HS256", typ: "JWT" };
    return [
      ["no algorithm", `${encode({ alg: "none" })}.${payload}.`],
      ["another algorithm", createSigner({ key, algorithm: "HS512" })(claims)],
      ["another key", signed(HS256, claims, "another key")],
      ["a changed subject", `${head}.${encode({ ...claims, sub: "00000000-0000-4000-8000-000000000000" })}.${signature}`],
      ["a truncated signature", ada.token.slice(0, -2)],
      ["another audience", signed(HS256, { ...claims, aud: ["fastapi-users:reset"] })],
      ["no audience", signed(HS256, { ...claims, aud: undefined })],
      ["no expiry", signed(HS256, { ...claims, exp: undefined })],
      ["an expiry in the past", signed(HS256, { ...claims, exp: Math.floor(Date.now() / 1000) - 1 })],
      ["no session", signed(HS256, { ...claims, sid: undefined })],
      ["an unknown session", signed(HS256, { ...claims, sid: "00000000-0000-4000-8000-000000000000" })],
      ["a session id that is no UUID", signed(HS256, { ...claims, sid: "' or true --" })],
      ["another user's session", signed(HS256, { ...claims, sub: "00000000-0000-4000-8000-000000000000" })],
      ["nothing", ""],
      ["garbage", "garbage"],
      ["garbage with dots", "a.b.c"],
    ];
  };
  test("no token, a forged, an expired or a foreign one is 401", async () => {
    expect((await app.request("/api/users/me")).status).toBe(401);
    for (const [name, token] of forgeries()) {
      const response = await me(token);
      expect([name, response.status]).toEqual([name, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect([name, (await bodyOf(response))["code"]]).toEqual([name, name === "an expiry in the past" ? "token_expired" : "unauthorized"]);
    }
    expect((await me(ada.token)).status).toBe(200);
  });

  test("with a bearer token the cookie is ignored", async () => {
    const browser = openBrowser(app);
    await browser.signIn(ada.email, ada.password);
    expect((await browser.request("GET", "/api/users/me")).status).toBe(200);
    for (const authorization of ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"])
      expect((await browser.request("GET", "/api/users/me", { headers: { authorization } })).status).toBe(401);
  });

  test("the role is read from the row, whatever the token says", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set is_superuser = true where id = $1", [user.id]);
    await app.studio.sessions.forgetUser(user.id);
    expect(await app.as(user).users.me()).toMatchObject({ is_superuser: true });
  });

  test("after the first call a caller is known without a query", async () => {
    const user = await app.signUp();
    await me(user.token);
    const { pool } = app.studio.database;
    const original = pool.query.bind(pool) as (...args: unknown[]) => unknown;
    let queries = 0;
    const counted = (...args: unknown[]) => {
      // Background jobs query other tables at the same time.
      const text = typeof args[0] === "string" ? args[0] : (args[0] as { text?: string }).text;
      if (/"(sessions|users)"/.test(text ?? "")) queries += 1;
      return original(...args);
    };
    Object.defineProperty(pool, "query", { value: counted, configurable: true, writable: true });
    try {
      // A route that needs a caller and, for a malformed id, no query of its own.
      expect((await app.request("/api/tasks/nonsense", { user })).status).toBe(422);
      expect(queries).toBe(0);
      await me(user.token);
      expect(queries).toBe(1);
    } finally {
      Object.defineProperty(pool, "query", { value: original, configurable: true, writable: true });
    }
  });

  test("a suspended, disabled or deleted user is signed out at once, in every process", async () => {
    for (const change of ["is_suspended = true", "is_active = false", "is_deleted = true"]) {
      const user = await app.signUp();
      expect((await other.request("/api/users/me", { user })).status).toBe(200);
      await app.studio.database.pool.query(`update users set ${change} where id = $1`, [user.id]);
      await app.studio.sessions.forgetUser(user.id);
      expect((await me(user.token)).status).toBe(401);
      await expect.poll(async () => (await other.request("/api/users/me", { user })).status).toBe(401);
      const refused = await post("/api/auth/login", { email: user.email, password: user.password });
      expect(refused.status).toBe(401);
    }
  });

  test("while notifications are down no cache is used", async () => {
    const user = await app.signUp();
    expect((await other.request("/api/users/me", { user })).status).toBe(200);
    await app.studio.database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tesslate-studio bus'",
    );
    await app.request("/api/auth/logout", { method: "POST", user });
    await expect.poll(async () => (await other.request("/api/users/me", { user })).status).toBe(401);
  });

  test("activity is recorded at most once a minute", async () => {
    const user = await app.signUp();
    const { pool } = app.studio.database;
    await pool.query("update sessions set last_used_at = now() - interval '2 minutes' where user_id = $1", [user.id]);
    await pool.query("update users set last_active_at = null where id = $1", [user.id]);
    await app.studio.sessions.forgetUser(user.id);
    await me(user.token);
    const noted = async () =>
      (await pool.query("select last_active_at from users where id = $1", [user.id])).rows[0].last_active_at as Date | null;
    await expect.poll(noted).not.toBe(null);
    const first = await noted();
    for (let i = 0; i < 5; i++) await me(user.token);
    expect(await noted()).toEqual(first);
  });
});

describe("streams and sockets of a session", () => {
  const sidOf = ({ token }: { token: string }) => (JSON.parse(atob(token.split(".")[1] ?? "")) as { sid: string }).sid;
  const watched = (user: TestUser) =>
    new Promise<void>((ended) => {
      app.studio.sessions.watch(sidOf(user), user.id, ended);
    });

  test("end with the session, also when it was revoked during the upgrade", async () => {
    const user = await app.signUp();
    await me(user.token);
    await app.studio.database.pool.query("update sessions set expires_at = now() + interval '1 second' where id = $1", [sidOf(user)]);
    await app.studio.sessions.forgetUser(user.id);
    await watched(user);
    expect((await me(user.token)).status).toBe(401);
    // With a revoked session they end at once.
    await watched(user);
  });
});

describe("auth.logout", () => {
  test("ends the session at once, here and in another process, and clears the cookies", async () => {
    const browser = openBrowser(app);
    const { access_token } = (await (await browser.signIn(ada.email, ada.password)).json()) as { access_token: string };
    expect((await other.request("/api/users/me", { user: { token: access_token } })).status).toBe(200);
    const response = await browser.request("POST", "/api/auth/logout");
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toEqual({ message: expect.any(String) });
    expect([...browser.cookies.keys()]).toEqual([]);
    expect((await me(access_token)).status).toBe(401);
    await expect.poll(async () => (await other.request("/api/users/me", { user: { token: access_token } })).status).toBe(401);
    expect((await me(ada.token)).status).toBe(200);
  });

  test("signs out with an expired access token, by the refresh cookie", async () => {
    const browser = openBrowser(app);
    const { access_token } = (await (await browser.signIn(ada.email, ada.password)).json()) as { access_token: string };
    const refresh = browser.cookies.get("tesslate_refresh")?.value ?? "";
    browser.cookies.delete("tesslate_auth");
    const foreign = await browser.request("POST", "/api/auth/logout", { headers: { origin: "https://evil.example" } });
    expect([foreign.status, (await bodyOf(foreign))["code"]]).toEqual([403, "foreign_origin"]);
    expect((await browser.request("POST", "/api/auth/logout")).status).toBe(200);
    expect([...browser.cookies.keys()]).toEqual([]);
    expect((await me(access_token)).status).toBe(401);
    // It gives no other access and is used up.
    const headers = { cookie: `tesslate_refresh=${refresh}` };
    expect((await app.request("/api/auth/sessions", { headers })).status).toBe(401);
    expect((await app.request("/api/auth/logout", { method: "POST", headers })).status).toBe(401);
  });

  test("signing out requires a session, and another site cannot sign a user out", async () => {
    expect((await post("/api/auth/logout", undefined)).status).toBe(401);
    const browser = openBrowser(app);
    await browser.signIn(ada.email, ada.password);
    const response = await browser.request("POST", "/api/auth/logout", { headers: { origin: "https://evil.example" } });
    expect([response.status, (await bodyOf(response))["code"]]).toEqual([403, "foreign_origin"]);
    expect((await browser.request("GET", "/api/users/me")).status).toBe(200);
  });
});

describe("auth.refresh", () => {
  const signIn = async (a: TestApp = app) => {
    const browser = openBrowser(a);
    await browser.signIn(ada.email, ada.password);
    return browser;
  };
  const withToken = (token: string, a: TestApp = app) =>
    a.request("/api/auth/refresh", { method: "POST", headers: { cookie: `tesslate_refresh=${token}` } });
  const refreshOf = (browser: ReturnType<typeof openBrowser>) => browser.cookies.get("tesslate_refresh")?.value ?? "";

  test("issues a new access token and a new refresh cookie", async () => {
    const browser = await signIn();
    const before = refreshOf(browser);
    const response = await browser.request("POST", "/api/auth/refresh");
    expect(response.status).toBe(200);
    const body = await bodyOf(response);
    expect(body).toEqual({ access_token: expect.any(String), token_type: "bearer", expires_in: 900, refresh_token: null });
    expect((await me(String(body["access_token"]))).status).toBe(200);
    expect(refreshOf(browser)).not.toBe(before);
    expect(browser.cookies.get("tesslate_auth")?.value).toBe(body["access_token"]);
    const { rows } = await app.studio.database.pool.query("select refresh_hash from sessions where user_id = $1", [ada.id]);
    expect(JSON.stringify(rows)).not.toContain(refreshOf(browser));
  });

  test("a program without cookies continues with the refresh token of the response", async () => {
    const send = (path: string, body: object, init: RequestInit = {}) =>
      app.request(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" }, ...init });
    const login = await send("/api/auth/login", { email: ada.email, password: ada.password, with_refresh_token: true });
    expect(login.headers.getSetCookie()).toEqual([]);
    const first = await bodyOf(login);
    expect(first).toMatchObject({ access_token: expect.any(String), expires_in: 900, refresh_token: expect.any(String) });
    const renewed = await send("/api/auth/refresh", { refresh_token: first["refresh_token"] });
    expect([renewed.status, renewed.headers.getSetCookie()]).toEqual([200, []]);
    const second = await bodyOf(renewed);
    expect(second).toMatchObject({ token_type: "bearer", expires_in: 900, refresh_token: expect.any(String) });
    expect(second["refresh_token"]).not.toBe(first["refresh_token"]);
    expect((await me(String(second["access_token"]))).status).toBe(200);
    // The rules of the cookie apply: later use of a copy ends the session.
    await send("/api/auth/refresh", { refresh_token: second["refresh_token"] });
    const reuse = await send("/api/auth/refresh", { refresh_token: first["refresh_token"] });
    expect([reuse.status, (await bodyOf(reuse))["code"]]).toEqual([401, "refresh_invalid"]);
    expect((await me(String(second["access_token"]))).status).toBe(401);
    // The OAuth2 password form requests it by its scope.
    const form = new URLSearchParams({ grant_type: "password", username: ada.email, password: ada.password, scope: "offline_access" });
    const byForm = await bodyOf(await app.request("/api/auth/login", { method: "POST", body: form }));
    expect(byForm["refresh_token"]).toEqual(expect.any(String));
  });

  test("concurrent tabs all get the same next token", async () => {
    const browser = await signIn();
    const answers = await Promise.all(Array.from({ length: 6 }, () => withToken(refreshOf(browser))));
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 200, 200, 200]);
    const cookies = answers.map((a) => /tesslate_refresh=([^;]+)/.exec(a.headers.getSetCookie().join("\n"))?.[1] ?? "");
    expect(new Set(cookies).size).toBe(1);
    expect((await withToken(cookies[0] ?? "")).status).toBe(200);
  });

  test("an older token after the grace period revokes the session", async () => {
    const browser = await signIn();
    const stolen = refreshOf(browser);
    const { access_token } = (await (await browser.request("POST", "/api/auth/refresh")).json()) as { access_token: string };
    await app.studio.database.pool.query("update sessions set rotated_at = now() - interval '31 seconds' where user_id = $1", [ada.id]);
    const reuse = await withToken(stolen);
    expect([reuse.status, (await bodyOf(reuse))["code"]]).toEqual([401, "refresh_invalid"]);
    expect(reuse.headers.getSetCookie().join()).toMatch(/tesslate_auth=;.*tesslate_refresh=;/);
    expect((await me(access_token)).status).toBe(401);
    expect((await withToken(refreshOf(browser))).status).toBe(401);
    expect((await me(ada.token)).status).toBe(200);
    expect(app.logs()).toContain("refresh token reused");
  });

  test("a token two generations old revokes the session even within the grace period", async () => {
    const browser = await signIn();
    const first = refreshOf(browser);
    await browser.request("POST", "/api/auth/refresh");
    await browser.request("POST", "/api/auth/refresh");
    expect((await withToken(first)).status).toBe(401);
    expect((await withToken(refreshOf(browser))).status).toBe(401);
  });

  test("a missing, invented, foreign or signed-out token is 401", async () => {
    expect((await app.request("/api/auth/refresh", { method: "POST" })).status).toBe(401);
    const browser = await signIn();
    const sid = JSON.parse(Buffer.from(browser.cookies.get("tesslate_auth")?.value.split(".")[1] ?? "", "base64url").toString()) as {
      sid: string;
    };
    const foreign = createRefreshTokens(createCryptoBox("another installation's key, also long enough"));
    for (const token of ["x", "a".repeat(70), foreign.make(sid.sid, 0), `${refreshOf(browser)}x`])
      expect((await withToken(token)).status).toBe(401);
    // None of the invented tokens ended the session.
    expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(200);
    const last = refreshOf(browser);
    await browser.request("POST", "/api/auth/logout");
    expect((await withToken(last)).status).toBe(401);
  });

  test("a session ends when it was not used for its lifetime; use extends it", async () => {
    const browser = await signIn();
    const token = String(browser.cookies.get("tesslate_auth")?.value);
    const { sid } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sid: string };
    await app.studio.database.pool.query("update sessions set expires_at = now() + interval '1 minute' where id = $1", [sid]);
    await browser.request("POST", "/api/auth/refresh");
    const { rows } = await app.studio.database.pool.query(
      "select expires_at > now() + interval '13 days' as is_moved from sessions where id = $1",
      [sid],
    );
    expect(rows[0].is_moved).toBe(true);
    await app.studio.database.pool.query("update sessions set expires_at = now() - interval '1 second' where id = $1", [sid]);
    expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(401);
  });
});

describe("auth.wsTicket", () => {
  test("is random, lasts a minute and is stored hashed", async () => {
    const { ticket, expires_in } = await app.as(ada).auth.wsTicket();
    expect(expires_in).toBe(60);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    const { rows } = await app.studio.database.pool.query("select * from one_time_tokens where user_id = $1", [ada.id]);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(ticket);
  });
  test("is not issued without a session", async () => {
    expect((await app.request("/api/auth/ws-ticket", { method: "POST" })).status).toBe(401);
  });
});
