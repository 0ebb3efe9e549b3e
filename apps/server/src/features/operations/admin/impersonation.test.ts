import { once } from "node:events";
import { WebSocket } from "ws";
import { beforeAll, describe, expect, test } from "vitest";
import { contract, type AuditAction, type RouteSpec } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { openBrowser, type Browser } from "../../../testing/browser.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  app = await testApp();
  admin = await app.signUp({ admin: true, name: "Root" });
});

const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
const meOf = async (browser: Browser) =>
  (await (await browser.request("GET", "/api/users/me")).json()) as {
    id: string;
    impersonated_by?: { id: string; username: string; expires_at: string };
  };
const signedIn = async (user: TestUser): Promise<Browser> => {
  const browser = openBrowser(app);
  await browser.signIn(user.email, user.password);
  await browser.fetchCsrf();
  return browser;
};
const start = (browser: Browser, id: string, json: unknown = { reason: "Ticket 7" }) =>
  browser.request("POST", `/api/admin/users/${id}/impersonate`, { json });
/** A browser of an administrator who impersonates `user`. */
const acting = async (user: TestUser, by: TestUser = admin) => {
  const browser = await signedIn(by);
  expect((await start(browser, user.id)).status).toBe(200);
  await browser.fetchCsrf();
  return browser;
};
const trail = async (user: { id: string }): Promise<AuditAction[]> =>
  (await app.as(admin).adminAudit.list({ query: { target_id: user.id } })).items;
const tokenOf = (browser: Browser) => ({ token: browser.cookies.get("tesslate_auth")?.value ?? "" });

describe("impersonating a user", () => {
  test("starts with a reason, is returned by `me`, and returns to the administrator's own session", async () => {
    const user = await app.signUp();
    const lastSeen = (await app.as(admin).adminUsers.get({ params: { id: user.id } })).last_active_at;
    const browser = await signedIn(admin);
    expect((await start(browser, user.id, {})).status).toBe(422);
    expect((await start(browser, user.id, { reason: " " })).status).toBe(422);
    expect((await meOf(browser)).id).toBe(admin.id);
    const started = (await (await start(browser, user.id)).json()) as { expires_at: string };
    expect(Date.parse(started.expires_at) - Date.now()).toBeLessThanOrEqual(30 * 60_000);
    expect(await meOf(browser)).toMatchObject({
      id: user.id,
      impersonated_by: { id: admin.id, username: admin.username, expires_at: started.expires_at },
    });
    expect((await app.as(user).users.me()).impersonated_by).toBeUndefined();
    // It does not count as activity or a session of the user.
    expect((await app.as(admin).adminUsers.get({ params: { id: user.id } })).last_active_at).toBe(lastSeen);
    expect((await app.as(user).auth.sessions({})).total).toBe(1);
    // It has no administrator rights.
    expect((await browser.request("GET", "/api/admin/users")).status).toBe(403);
    await browser.fetchCsrf();
    const token = tokenOf(browser);
    expect((await browser.request("POST", "/api/auth/stop-impersonation")).status).toBe(200);
    expect((await app.request("/api/users/me", { user: token })).status).toBe(401);
    expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(200);
    expect((await meOf(browser)).id).toBe(admin.id);
    await browser.fetchCsrf();
    expect(await codeOf(await browser.request("POST", "/api/auth/stop-impersonation"))).toBe("not_impersonating");
    expect(await trail(user)).toMatchObject([
      { action_type: "user.impersonation_stopped", admin_id: admin.id },
      { action_type: "user.impersonated", admin_id: admin.id, reason: "Ticket 7" },
    ]);
  });

  test("is refused for administrators, oneself and inactive users, and requires an administrator", async () => {
    const browser = await signedIn(admin);
    const [other, suspended, user] = [await app.signUp({ admin: true }), await app.signUp(), await app.signUp()];
    await app.as(admin).adminUsers.update({ params: { id: suspended.id }, body: { is_suspended: true, reason: "x" } });
    expect((await start(browser, other.id)).status).toBe(403);
    expect((await start(browser, admin.id)).status).toBe(403);
    expect((await start(browser, suspended.id)).status).toBe(400);
    expect((await start(browser, "00000000-0000-4000-8000-000000000000")).status).toBe(404);
    expect((await start(await signedIn(user), other.id)).status).toBe(403);
    // Nor during an impersonation.
    expect((await start(await acting(user), suspended.id)).status).toBe(403);
  });

  test("every write is logged with both names before it happens; reads are not", async () => {
    const user = await app.signUp();
    const project = await emptyProject(app, user);
    const browser = await acting(user);
    expect((await browser.request("GET", `/api/projects/${project.id}`)).status).toBe(200);
    expect((await browser.request("PATCH", `/api/projects/${project.id}`, { json: { name: "By the administrator" } })).status).toBe(200);
    expect((await browser.request("PATCH", `/api/projects/none?token=hidden`, { json: { name: "X" } })).status).toBe(422);
    expect((await trail(user)).slice(0, 3)).toMatchObject([
      { action_type: "impersonation.write", extra_data: { route: "projects.update", path: "/api/projects/none" } },
      {
        action_type: "impersonation.write",
        admin_id: admin.id,
        admin_name: admin.username,
        target_name: user.username,
        extra_data: { route: "projects.update", method: "PATCH", path: `/api/projects/${project.id}` },
      },
      { action_type: "user.impersonated" },
    ]);
  });

  const routes = Object.entries(contract).flatMap(([group, specs]) =>
    Object.entries(specs as Record<string, RouteSpec>).map(([key, spec]) => ({ name: `${group}.${key}`, spec })),
  );
  const pathOf = ({ path }: RouteSpec) => path.replace("{path}", "a").replace(/\{[^}]+\}/g, "00000000-0000-4000-8000-000000000000");
  const isRefused = ({ impersonation, keys, method, auth }: RouteSpec) =>
    auth === "user" && !(impersonation ?? (keys !== false || method === "GET"));

  test("routes for the user only are refused: password, second factor, keys, secrets, terminals", async () => {
    const user = await app.signUp();
    const browser = await acting(user);
    const refused = routes.filter(({ spec }) => isRefused(spec));
    expect(refused.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        [
          "users.updateMe",
          "auth.createApiKey",
          "auth.deleteApiKey",
          "auth.endOtherSessions",
          "modelKeys.add",
          "secrets.set",
          "secrets.import",
          "shell.create",
          "containers.credentials",
        ].filter((name) => routes.some((route) => route.name === name)),
      ),
    );
    for (const { name, spec } of refused.filter(({ spec: { kind } }) => kind !== "socket")) {
      const response = await browser.request(spec.method, pathOf(spec), spec.body ? { json: {} } : {});
      expect([name, response.status, await codeOf(response)]).toEqual([name, 403, "impersonation_refused"]);
    }
    for (const { spec } of refused.filter(({ spec: { kind } }) => kind === "socket")) {
      const ws = new WebSocket(app.url.replace("http", "ws") + pathOf(spec), {
        headers: { authorization: `Bearer ${tokenOf(browser).token}` },
      });
      const frames: string[] = [];
      ws.on("message", (data) => frames.push(String(data)));
      const [code] = (await once(ws, "close")) as [number];
      expect([code, frames.join()]).toEqual([4401, expect.stringContaining("impersonation_refused")]);
    }
    // Refused requests are not logged as done.
    expect((await trail(user)).length).toBe(1);
  });

  test("ends with the administrator's session, role or account, with the user's account, when the user becomes an administrator, and after 30 minutes", async () => {
    const end = async (how: (parts: { user: TestUser; by: TestUser; session: string }) => Promise<unknown>) => {
      const [user, by] = [await app.signUp(), await app.signUp({ admin: true })];
      const token = tokenOf(await acting(user, by));
      expect((await app.request("/api/users/me", { user: token })).status).toBe(200);
      const stream = await app.request(`/api/projects/${(await emptyProject(app, user)).id}/events`, { user: token });
      const session = (JSON.parse(atob(token.token.split(".")[1] ?? "")) as { sid: string }).sid;
      await how({ user, by, session });
      // Open streams end without a further request.
      for await (const _ of stream.body ?? []) void _;
      expect((await app.request("/api/users/me", { user: token })).status).toBe(401);
    };
    const params = (user: TestUser) => ({ params: { id: user.id } });
    await end(({ by }) => app.as(admin).adminUsers.endSessions({ ...params(by), body: { reason: "x" } }));
    await end(({ by }) => app.as(admin).adminUsers.update({ ...params(by), body: { is_superuser: false } }));
    await end(({ user }) => app.as(admin).adminUsers.update({ ...params(user), body: { is_superuser: true } }));
    await end(({ user }) => app.as(admin).adminUsers.update({ ...params(user), body: { is_suspended: true, reason: "x" } }));
    await end(({ user }) => app.as(user).auth.endOtherSessions());
    await end(async ({ session, user }) => {
      await app.studio.database.pool.query("update sessions set expires_at = now() where id = $1", [session]);
      await app.studio.sessions.forgetUser(user.id);
    });
  });

  test("does not start from a session that is revoked concurrently, and a failed stop is not logged", async () => {
    const [user, by] = [await app.signUp(), await app.signUp({ admin: true })];
    const { pool } = app.studio.database;
    const browser = await signedIn(by);
    const { sid } = JSON.parse(atob(tokenOf(browser).token.split(".")[1] ?? "")) as { sid: string };
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query("update sessions set revoked_at = now() where id = $1", [sid]);
      const answer = start(browser, user.id);
      await lockWaiters(app);
      await client.query("commit");
      expect((await answer).status).toBe(401);
    } finally {
      client.release();
    }
    expect(await trail(user)).toEqual([]);

    const again = await acting(user);
    await pool.query(`create function refuse_stop() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
      create trigger refuse_stop before update on sessions for each row when (new.revoked_reason = 'impersonation_stopped') execute function refuse_stop()`);
    try {
      expect((await again.request("POST", "/api/auth/stop-impersonation")).status).toBe(500);
    } finally {
      await pool.query("drop trigger refuse_stop on sessions; drop function refuse_stop");
    }
    expect((await trail(user)).map(({ action_type }) => action_type)).not.toContain("user.impersonation_stopped");
    expect((await meOf(again)).id).toBe(user.id);
  });

  test("cannot be refreshed, and signing out ends both sessions", async () => {
    const user = await app.signUp();
    const browser = await acting(user);
    expect((await browser.request("POST", "/api/auth/refresh")).status).toBe(200);
    expect((await meOf(browser)).id).toBe(admin.id);
    const again = await acting(user);
    const before = again.cookies.get("tesslate_refresh")?.value;
    expect((await again.request("POST", "/api/auth/logout")).status).toBe(200);
    const renewed = await fetch(`${app.url}/api/auth/refresh`, {
      method: "POST",
      headers: { cookie: `tesslate_refresh=${before}`, origin: app.url },
    });
    expect(renewed.status).toBe(401);
  });

  test("ends an open stream after half an hour", async () => {
    const user = await app.signUp();
    const { id } = await emptyProject(app, user);
    const browser = await acting(user);
    const { token } = tokenOf(browser);
    const { sid } = JSON.parse(atob(token.split(".")[1] ?? "")) as { sid: string };
    await app.studio.database.pool.query("update sessions set expires_at = now() + interval '2 seconds' where id = $1", [sid]);
    // As in another process: the session is read again.
    await app.studio.sessions.forgetUser(user.id);
    const stream = await app.request(`/api/projects/${id}/events`, { user: { token } });
    expect(stream.status).toBe(200);
    for await (const _ of stream.body ?? []) void _;
    expect((await app.request("/api/users/me", { user: { token } })).status).toBe(401);
  });
});
