import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMailServer, type MailServer } from "@tesslate/testkit";
import type { AuditAction, UpdateAdminUser } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let mails: MailServer;
let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  mails = await startMailServer();
  app = await testApp({
    env: { SMTP_HOST: mails.host, SMTP_PORT: String(mails.port), SMTP_USE_TLS: "false", SMTP_SENDER_EMAIL: "studio@example.com" },
  });
  admin = await app.signUp({ admin: true, name: "Root" });
});
afterAll(async () => {
  await app?.close();
  await mails?.close();
});

const api = () => app.as(admin).adminUsers;
const patch = (user: { id: string }, body: UpdateAdminUser | Record<string, unknown>, by: TestUser = admin) =>
  app.request(`/api/admin/users/${user.id}`, { method: "PATCH", user: by, json: body });
const outcome = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code] as const;
const trail = async (user: { id: string }): Promise<AuditAction[]> =>
  (await app.as(admin).adminAudit.list({ query: { target_id: user.id } })).items;
const set = (user: { id: string }, what: string) => app.studio.database.pool.query(`update users set ${what} where id = $1`, [user.id]);

describe("the list", () => {
  test("lists all users with credits and projects, in two statements for any number", async () => {
    const ada = await app.signUp({ name: "Ada Findable" });
    await emptyProject(app, ada);
    await set(ada, "purchased_credits = 7, bundled_credits = 20, signup_bonus_credits = 100, daily_credits = 5");
    const { items, total } = await api().list({ query: { search: "findable" } });
    expect(total).toBe(1);
    expect(items[0]).toEqual({
      id: ada.id,
      email: ada.email,
      username: ada.username,
      name: "Ada Findable",
      avatar_url: null,
      subscription_tier: "free",
      is_active: true,
      is_suspended: false,
      is_deleted: false,
      is_verified: false,
      is_superuser: false,
      total_credits: 132,
      bundled_credits: 20,
      purchased_credits: 7,
      total_spend_cents: 0,
      project_count: 1,
      is_creator: false,
      last_active_at: expect.any(String),
      created_at: ada.created_at,
    });
    await set(ada, "signup_bonus_expires_at = now() - interval '1 day'");
    expect((await api().list({ query: { search: ada.id } })).items[0]?.total_credits).toBe(32);
  });

  test("searches, filters and sorts in the database; pages are stable", async () => {
    const mark = `zz${Date.now().toString(36)}`;
    const made: TestUser[] = [];
    for (const n of [3, 1, 2]) made.push(await app.signUp({ name: `${mark} ${n}`, email: `${mark}-${n}_x@example.com` }));
    const [three, one, two] = made as [TestUser, TestUser, TestUser];
    await set(three, "subscription_tier = 'ultra', purchased_credits = 5, is_verified = true");
    await set(one, "subscription_tier = 'basic', is_suspended = true, is_active = false");
    await set(two, "is_deleted = true");
    await emptyProject(app, two);
    const ids = async (query: Record<string, unknown>) =>
      (await api().list({ query: { search: mark, ...query } })).items.map(({ id }) => id);
    expect(await ids({ sort_by: "name", sort_order: "asc" })).toEqual([one.id, two.id, three.id]);
    expect(await ids({})).toEqual([two.id, one.id, three.id]);
    expect(await ids({ sort_by: "subscription_tier" })).toEqual([three.id, one.id, two.id]);
    expect(await ids({ sort_by: "project_count", limit: 1 })).toEqual([two.id]);
    expect(await ids({ sort_by: "name", sort_order: "asc", limit: 2, page: 2 })).toEqual([three.id]);
    expect(await ids({ tier: "basic" })).toEqual([one.id]);
    expect(await ids({ status: "suspended" })).toEqual([one.id]);
    expect(await ids({ status: "deleted" })).toEqual([two.id]);
    expect(await ids({ status: "active" })).toEqual([three.id]);
    expect(await ids({ status: "inactive" })).toEqual([]);
    expect(await ids({ verified: true })).toEqual([three.id]);
    expect(await ids({ has_projects: true })).toEqual([two.id]);
    expect((await ids({ has_projects: false })).length).toBe(2);
    expect(await ids({ is_superuser: true })).toEqual([]);
    expect(await ids({ is_creator: true })).toEqual([]);
    expect(await ids({ created_before: "2020-01-01T00:00:00Z" })).toEqual([]);
    expect((await ids({ last_active_after: "2020-01-01T00:00:00Z" })).length).toBe(3);
    expect((await api().list({ query: { search: `${mark}-1%` } })).total).toBe(0);
    expect((await api().list({ query: { search: `${mark}-1_x` } })).total).toBe(1);
    for (const query of ["sort_by=hashed_password", "sort_order=up", "tier=gold", "status=x", "limit=0", "limit=501", "page=1&skip=1"])
      expect((await app.request(`/api/admin/users?${query}`, { user: admin })).status).toBe(422);
    for (const time of ["0676-11-04T19:13:06.9-22:04", "0000-01-01T00:00:00Z", "2026-01-01"])
      expect((await app.request(`/api/admin/users?last_active_before=${time}`, { user: admin })).status).toBe(422);
    expect(await api().list({ query: { page: 999 } })).toMatchObject({ items: [], total: expect.any(Number) });
  });
});

test("the export contains all matching users and no secrets", async () => {
  const user = await app.signUp({ name: "=1+1 exported" });
  const text = await (await app.request("/api/admin/users/export?search=exported", { user: admin })).text();
  const rows = text.trim().split("\r\n");
  expect(rows.length).toBe(2);
  expect(rows[1]).toContain(`"${user.id}"`);
  expect(rows[1]).toContain(`"'=1+1 exported"`);
  expect(text).not.toContain("argon2");
});

describe("one user", () => {
  test("returns everything but secrets", async () => {
    const user = await app.signUp();
    const project = await emptyProject(app, user);
    const response = await app.request(`/api/admin/users/${user.id}`, { user: admin });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      id: user.id,
      slug: user.slug,
      suspended_at: null,
      deleted_at: null,
      daily_credits: 5,
      signup_bonus_credits: 15_000,
      support_tier: "community",
      session_count: 1,
      api_key_count: 0,
      has_password: true,
      usage_stats: { total_tokens_input: 0, total_tokens_output: 0, total_cost_cents: 0 },
      recent_projects: [{ id: project.id, name: "Test" }],
      stripe_customer_id: null,
    });
    expect(text).not.toContain("argon2");
    expect(text).not.toContain("hashed_password");
    const { items } = await api().sessions({ params: { id: user.id } });
    expect(items).toMatchObject([{ current: false, ip: expect.any(String) }]);
    expect(JSON.stringify(items)).not.toContain("refresh");
  });
  test("is 404 for an unknown id, 422 for a malformed one", async () => {
    const nilUuid = { id: "00000000-0000-4000-8000-000000000000" };
    for (const path of ["", "/sessions"])
      expect((await app.request(`/api/admin/users/${nilUuid.id}${path}`, { user: admin })).status).toBe(404);
    expect((await patch(nilUuid, { name: "X" })).status).toBe(404);
    for (const path of ["end-sessions", "reset-password"])
      expect(
        (await app.request(`/api/admin/users/${nilUuid.id}/${path}`, { method: "POST", user: admin, json: { reason: "x" } })).status,
      ).toBe(404);
    expect((await app.request("/api/admin/users/ada", { user: admin })).status).toBe(422);
  });
});

describe("suspension", () => {
  test("needs a reason, signs the user out everywhere at once, and is logged", async () => {
    const user = await app.signUp();
    const { key } = await app.as(user).auth.createApiKey({ body: { name: "bot", scopes: ["read"] } });
    for (const body of [
      { is_suspended: true },
      { is_suspended: true, reason: "" },
      { is_suspended: true, reason: "  " },
      { is_suspended: true, reason: "x".repeat(1001) },
    ])
      expect((await patch(user, body)).status).toBe(422);
    expect(await trail(user)).toEqual([]);
    expect((await app.request("/api/users/me", { user })).status).toBe(200);

    const changed = await api().update({ params: { id: user.id }, body: { is_suspended: true, reason: " Spam ", notify_user: true } });
    expect(changed).toMatchObject({
      is_suspended: true,
      is_active: false,
      suspended_reason: "Spam",
      suspended_at: expect.any(String),
      session_count: 0,
      warning: null,
    });
    expect((await app.request("/api/users/me", { user })).status).toBe(401);
    expect((await app.request("/api/users/me", { user: { token: key } })).status).toBe(401);
    expect(
      await outcome(await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } })),
    ).toEqual([401, "login_bad_credentials"]);
    expect((await app.request(`/api/users/${user.id}`)).status).toBe(404);
    expect(await trail(user)).toMatchObject([
      { action_type: "user.suspend", admin_id: admin.id, target_name: user.username, reason: "Spam", extra_data: { ended_sessions: 1 } },
    ]);
    const mail = await mails.waitFor((m) => m.to.includes(user.email) && /suspended/.test(m.subject));
    expect(mail.text).toContain("Spam");
    expect(await outcome(await patch(user, { is_suspended: true, reason: "again" }))).toEqual([400, "bad_request"]);

    expect(await api().update({ params: { id: user.id }, body: { is_suspended: false, reason: "A mistake" } })).toMatchObject({
      is_suspended: false,
      is_active: true,
      suspended_at: null,
      suspended_reason: null,
    });
    expect((await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } })).status).toBe(
      200,
    );
    expect((await patch(user, { is_suspended: false })).status).toBe(400);
    expect((await trail(user)).map(({ action_type }) => action_type)).toEqual(["user.unsuspend", "user.suspend"]);
  });

  test("is refused for oneself and for administrators; lifting it does not restore a deleted account", async () => {
    const other = await app.signUp({ admin: true });
    for (const target of [admin, other])
      expect(await outcome(await patch(target, { is_suspended: true, reason: "x" }))).toEqual([403, "forbidden"]);
    const user = await app.signUp();
    expect((await patch(user, { is_suspended: true, is_superuser: true, reason: "x" })).status).toBe(400);
    await set(user, "is_suspended = true, is_active = false, is_deleted = true");
    expect(await api().update({ params: { id: user.id }, body: { is_suspended: false } })).toMatchObject({
      is_suspended: false,
      is_active: false,
    });
  });

  test("by two administrators at once happens once", async () => {
    const [user, other] = [await app.signUp(), await app.signUp({ admin: true })];
    const both = await Promise.all([admin, other].map((by) => patch(user, { is_suspended: true, reason: "both" }, by)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await trail(user)).length).toBe(1);
  });
});

describe("plans and credits", () => {
  test("a plan sets support and allowance; free removes them", async () => {
    const user = await app.signUp();
    const pro = await api().update({ params: { id: user.id }, body: { subscription_tier: "pro", reason: "Friend" } });
    expect(pro).toMatchObject({
      subscription_tier: "pro",
      support_tier: "priority",
      bundled_credits: 2000,
      daily_credits: 0,
      warning: null,
    });
    expect(Date.parse(pro.credits_reset_date ?? "") - Date.now()).toBeGreaterThan(29 * 86_400_000);
    await set(user, "stripe_subscription_id = 'sub_1'");
    const free = await api().update({ params: { id: user.id }, body: { subscription_tier: "free" } });
    expect(free).toMatchObject({
      subscription_tier: "free",
      support_tier: "community",
      bundled_credits: 0,
      daily_credits: 5,
      credits_reset_date: null,
    });
    expect(free.warning).toContain("Stripe");
    expect(await trail(user)).toMatchObject([
      { action_type: "user.tier_changed", reason: null, extra_data: { old_tier: "pro", new_tier: "free" } },
      { action_type: "user.tier_changed", reason: "Friend", extra_data: { old_tier: "free", new_tier: "pro" } },
    ]);
    expect(await outcome(await patch(user, { subscription_tier: "gold" }))).toEqual([422, undefined]);
  });

  test("credits are added and deducted with a reason, never below zero", async () => {
    const user = await app.signUp();
    for (const body of [
      { credits_adjustment: 5 },
      { credits_adjustment: 0, reason: "x" },
      { credits_adjustment: 1.5, reason: "x" },
      { credits_adjustment: 5, reason: "x".repeat(501) },
    ])
      expect((await patch(user, body)).status).toBe(422);
    expect(await api().update({ params: { id: user.id }, body: { credits_adjustment: 50, reason: "Hackathon" } })).toMatchObject({
      purchased_credits: 50,
    });
    expect(await outcome(await patch(user, { credits_adjustment: -51, reason: "x" }))).toEqual([400, "credits_below_zero"]);
    expect(await api().update({ params: { id: user.id }, body: { credits_adjustment: -50, reason: "Back" } })).toMatchObject({
      purchased_credits: 0,
    });
    expect((await trail(user)).map(({ extra_data }) => extra_data)).toMatchObject([
      { old_balance: 50, adjustment: -50, new_balance: 0 },
      { old_balance: 0, adjustment: 50, new_balance: 50 },
    ]);
  });

  test("concurrent requests with one key adjust once; concurrent adjustments all count", async () => {
    const user = await app.signUp();
    const body = { credits_adjustment: 10, reason: "Once", idempotency_key: "key-of-this-request" };
    const answers = await Promise.all(Array.from({ length: 5 }, () => patch(user, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await api().get({ params: { id: user.id } })).purchased_credits).toBe(10);
    expect((await trail(user)).length).toBe(1);
    expect((await patch(user, { ...body, credits_adjustment: 11 })).status).toBe(409);
    await Promise.all(Array.from({ length: 8 }, () => patch(user, { credits_adjustment: 1, reason: "Each" })));
    expect((await api().get({ params: { id: user.id } })).purchased_credits).toBe(18);
  });

  test("changes of one request are made together or not at all", async () => {
    const user = await app.signUp();
    expect((await patch(user, { subscription_tier: "ultra", credits_adjustment: -1, reason: "x" })).status).toBe(400);
    expect((await patch(user, { subscription_tier: "ultra", is_suspended: false })).status).toBe(400);
    expect(await api().get({ params: { id: user.id } })).toMatchObject({ subscription_tier: "free" });
    expect(await trail(user)).toEqual([]);
    for (const body of [{}, { reason: "x" }]) expect(await outcome(await patch(user, body))).toEqual([400, "nothing_to_change"]);
    expect((await patch(user, { hashed_password: "x", is_deleted: true })).status).toBe(422);
  });
});

describe("names, roles, access", () => {
  test("names follow the same rules as for users themselves", async () => {
    const [user, other] = [await app.signUp(), await app.signUp()];
    expect(await api().update({ params: { id: user.id }, body: { name: " New ", is_verified: true } })).toMatchObject({
      name: "New",
      is_verified: true,
    });
    expect(await outcome(await patch(user, { username: other.username.toUpperCase() }))).toEqual([409, "username_taken"]);
    expect((await patch(user, { username: "a b" })).status).toBe(422);
    expect(await trail(user)).toMatchObject([
      {
        action_type: "user.updated",
        extra_data: { before: { name: user.name, is_verified: false }, after: { name: " New ", is_verified: true } },
      },
    ]);
    // Unchanged values are not a change and leave no audit row.
    expect((await patch(user, { name: "New", is_verified: true })).status).toBe(200);
    expect((await trail(user)).length).toBe(1);
  });

  test("role changes take effect at once; administrators cannot remove their own role", async () => {
    const user = await app.signUp();
    expect((await app.request("/api/admin/users", { user })).status).toBe(403);
    await api().update({ params: { id: user.id }, body: { is_superuser: true, reason: "Helps" } });
    expect((await app.request("/api/admin/users", { user })).status).toBe(200);
    expect(await outcome(await patch(user, { is_superuser: false }, user))).toEqual([403, "forbidden"]);
    await api().update({ params: { id: user.id }, body: { is_superuser: false } });
    expect((await app.request("/api/admin/users", { user })).status).toBe(403);
    expect((await trail(user)).map(({ action_type }) => action_type)).toEqual(["user.demoted", "user.promoted"]);
    await set(user, "is_suspended = true");
    expect((await patch(user, { is_superuser: true })).status).toBe(400);
  });

  test("of administrators who demote each other concurrently one remains", async () => {
    for (let round = 0; round < 4; round++) {
      const pair = [await app.signUp({ admin: true }), await app.signUp({ admin: true })] as const;
      const answers = await Promise.all([
        patch(pair[1], { is_superuser: false }, pair[0]),
        patch(pair[0], { is_superuser: false }, pair[1]),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
    }
  });

  test("sessions are ended, and API keys on request", async () => {
    const user = await app.signUp();
    const { key } = await app.as(user).auth.createApiKey({ body: { name: "bot", scopes: ["read"] } });
    const end = (json: unknown) => app.request(`/api/admin/users/${user.id}/end-sessions`, { method: "POST", user: admin, json });
    expect((await end({})).status).toBe(422);
    expect(await (await end({ reason: "Stolen laptop" })).json()).toEqual({ ended_sessions: 1, deleted_api_keys: 0 });
    expect((await app.request("/api/users/me", { user })).status).toBe(401);
    expect((await app.request("/api/users/me", { user: { token: key } })).status).toBe(200);
    expect(await (await end({ reason: "And the key", api_keys: true })).json()).toEqual({ ended_sessions: 0, deleted_api_keys: 1 });
    expect((await app.request("/api/users/me", { user: { token: key } })).status).toBe(401);
    expect(await trail(user)).toMatchObject([{ action_type: "user.sessions_ended", reason: "And the key" }, { reason: "Stolen laptop" }]);
  });

  test("a forced reset invalidates the password and emails a link to set a new one", async () => {
    const user = await app.signUp();
    const reset = (of: { id: string }, json: unknown = { reason: "Leaked" }) =>
      app.request(`/api/admin/users/${of.id}/reset-password`, { method: "POST", user: admin, json });
    expect((await reset(user, {})).status).toBe(422);
    expect(await (await reset(user)).json()).toEqual({ ended_sessions: 1, is_mailed: true });
    const logIn = (password: string) => app.request("/api/auth/login", { method: "POST", json: { email: user.email, password } });
    expect((await app.request("/api/users/me", { user })).status).toBe(401);
    expect((await logIn(user.password)).status).toBe(401);
    const mail = await mails.waitFor((m) => m.to.includes(user.email) && /new password/.test(m.subject));
    const token = /token=(\S+)/.exec(mail.text)?.[1];
    expect(
      (await app.request("/api/auth/reset-password", { method: "POST", json: { token, password: "an entirely new one" } })).status,
    ).toBe(200);
    expect((await logIn("an entirely new one")).status).toBe(200);
    expect((await app.request("/api/auth/reset-password", { method: "POST", json: { token, password: "once more please" } })).status).toBe(
      400,
    );
    expect((await reset(admin)).status).toBe(403);
    expect((await reset(await app.signUp({ admin: true }))).status).toBe(403);
  });
});

describe("an account deleted by an administrator", () => {
  const close = (user: { id: string }, json: unknown, by: TestUser = admin) =>
    app.request(`/api/admin/users/${user.id}`, { method: "DELETE", user: by, json });

  test("is signed out at once, notified, kept for thirty days, and can be restored", async () => {
    const ada = await app.signUp({ name: "Ada Leaving" });
    expect(await outcome(await close(ada, {}))).toEqual([422, undefined]);
    expect(await outcome(await close(ada, { reason: "x" }, ada))).toEqual([403, "forbidden"]);
    const answer = await close(ada, { reason: "Requested by letter", notify_user: true });
    expect(answer.status).toBe(202);
    const { scheduled_for } = (await answer.json()) as { scheduled_for: string };
    expect(Math.round((Date.parse(scheduled_for) - Date.now()) / 86_400_000)).toBe(30);
    expect((await app.request("/api/users/me", { user: ada })).status).toBe(401);
    await expect(app.as().auth.login({ body: { email: ada.email, password: ada.password } })).rejects.toMatchObject({ status: 401 });
    // The user cannot restore an account that an administrator deleted.
    await expect(app.as().account.restore({ body: { login: ada.email, password: ada.password } })).rejects.toMatchObject({ status: 401 });
    await mails.waitFor((m) => m.to.includes(ada.email) && m.subject === "Your account was closed");
    expect(await outcome(await close(ada, { reason: "again" }))).toEqual([400, "bad_request"]);
    expect(await api().get({ params: { id: ada.id } })).toMatchObject({ is_deleted: true, deleted_reason: "Requested by letter" });

    expect(await api().restore({ params: { id: ada.id }, body: { reason: "A mistake" } })).toMatchObject({
      is_deleted: false,
      deleted_reason: null,
    });
    expect((await app.as().auth.login({ body: { email: ada.email, password: ada.password } })).access_token).toBeTruthy();
    await expect(api().restore({ params: { id: ada.id }, body: { reason: "again" } })).rejects.toMatchObject({ status: 400 });
    expect((await trail(ada)).map(({ action_type, reason }) => [action_type, reason])).toEqual([
      ["user.restored", "A mistake"],
      ["user.delete", "Requested by letter"],
    ]);
  });

  test("is fully active when it is restored after a suspension was lifted", async () => {
    const user = await app.signUp();
    const params = { id: user.id };
    await api().update({ params, body: { is_suspended: true, reason: "x" } });
    await api().remove({ params, body: { reason: "x" } });
    await api().update({ params, body: { is_suspended: false } });
    await expect(app.as().auth.login({ body: { email: user.email, password: user.password } })).rejects.toMatchObject({ status: 401 });
    expect(await api().restore({ params, body: { reason: "x" } })).toMatchObject({ is_active: true, is_deleted: false });
    expect((await app.as().auth.login({ body: { email: user.email, password: user.password } })).access_token).toBeTruthy();
  });

  test("is never an administrator's, and cannot be restored after the thirty days", async () => {
    const other = await app.signUp({ admin: true });
    expect(await outcome(await close(other, { reason: "x" }))).toEqual([403, "forbidden"]);
    expect(await outcome(await close(admin, { reason: "x" }))).toEqual([403, "forbidden"]);
    const bob = await app.signUp();
    await close(bob, { reason: "x" });
    await set(bob, "scheduled_hard_delete_at = now() - interval '1 second'");
    await expect(api().restore({ params: { id: bob.id }, body: { reason: "late" } })).rejects.toMatchObject({ status: 400 });
  });
});
