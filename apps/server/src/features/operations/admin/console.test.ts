import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seedDemo } from "../../../../../../scripts/seed-demo/seed-demo.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { createAdminTrends } from "./trends.ts";
import { createTrendsStore } from "./trends.store.ts";

let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  // Counts all rows.
  app = await testApp({ ownServer: true });
  const box = createCryptoBox("a secret key of the tests, 32+ characters");
  await seedDemo({ db: app.db, config: app.config, box, password: "demo-forest-lantern", isForced: false, baseUrl: "http://127.0.0.1:1" });
  admin = await app.signUp({ admin: true, name: "Root" });
});
afterAll(() => app.close());

const query = async <T extends Record<string, unknown>>(statement: string, values: unknown[] = []) =>
  (await app.studio.database.pool.query<T>(statement, values)).rows;
const findUser = async (username: string) =>
  (await app.as(admin).adminUsers.list({ query: { search: username } })).items.find((user) => user.username === username)?.id ?? "";

test.each(["runs", "deployments", "projects/export", "runs/export", "deployments/export", "metrics/trends"])(
  "GET /api/admin/%s is for administrators only, and refuses unknown filters",
  async (path) => {
    expect((await app.request(`/api/admin/${path}`)).status).toBe(401);
    expect((await app.request(`/api/admin/${path}`, { user: await app.signUp() })).status).toBe(403);
    expect((await app.request(`/api/admin/${path}?nonsense=1`, { user: admin })).status).toBe(422);
    expect((await app.request(`/api/admin/${path}`, { user: admin })).status).toBe(200);
  },
);

test("runs are listed with their cost, and filtered by state, person and text", async () => {
  const list = (filter: object) => app.as(admin).adminRuns.list({ query: { limit: 500, ...filter } });
  const all = await list({});
  const [expected] = await query<{ n: number }>("select count(*)::int as n from tasks where type = 'agent_execution'");
  expect(all.total).toBe(expected?.n);
  expect(all.items.map(({ created_at }) => created_at)).toEqual(
    all.items
      .map(({ created_at }) => created_at)
      .toSorted()
      .reverse(),
  );
  const [run] = all.items;
  const [usage] = await query(
    "select count(*)::int as model_calls, sum(credits_deducted)::int as credits from usage_logs where task_id = $1",
    [run?.id],
  );
  expect(run).toMatchObject({ ...usage, model: expect.stringContaining("/"), duration_ms: expect.any(Number) });

  const failed = await list({ status: "failed" });
  expect(failed.items.every(({ status, error }) => status === "failed" && error !== null)).toBe(true);
  expect([failed.total > 0, failed.total < all.total]).toEqual([true, true]);
  const nadia = await findUser("nadia");
  expect((await list({ user_id: nadia })).items.every(({ username }) => username === "nadia")).toBe(true);
  expect((await list({ search: run?.id })).items.map(({ id }) => id)).toEqual([run?.id]);
  expect((await list({ search: "%" })).total).toBe(0);
});

test("deployments are listed over all projects, and filtered", async () => {
  const list = (filter: object) => app.as(admin).adminDeployments.list({ query: { limit: 500, ...filter } });
  const all = await list({});
  const live = await list({ is_live: true, status: "success" });
  expect(live.items.length).toBe(all.items.filter(({ is_live }) => is_live).length);
  expect((await list({ provider: "local" })).total).toBe(0);
  const [first] = all.items;
  expect((await list({ search: first?.project_name ?? "" })).items.map(({ id }) => id)).toContain(first?.id);
});

test("exports have every matching row, and no formulas", async () => {
  await query(
    "update projects set name = '=HYPERLINK(1)' where id = (select project_id from tasks where type = 'agent_execution' order by created_at desc limit 1)",
  );
  for (const [path, total] of [
    ["runs", (await app.as(admin).adminRuns.list({ query: {} })).total],
    ["deployments", (await app.as(admin).adminDeployments.list({ query: {} })).total],
    ["projects", (await app.as(admin).adminProjects.list({ query: {} })).total],
  ] as const) {
    const response = await app.request(`/api/admin/${path}/export`, { user: admin });
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = (await response.text()).trim().split("\r\n");
    expect(lines.length - 1, path).toBe(total);
    expect(lines.join("\n")).not.toMatch(/,"?=HYPERLINK/);
  }
  const failed = await (await app.request("/api/admin/runs/export?status=failed", { user: admin })).text();
  expect(
    failed
      .trim()
      .split("\r\n")
      .slice(1)
      .every((line) => line.includes(`"failed"`)),
  ).toBe(true);
});

test("several people are suspended and unsuspended together, each with its own row of the audit log", async () => {
  const api = app.as(admin);
  const [lucia, mei, ada, tomasz] = await Promise.all(["lucia", "mei", "ada", "tomasz"].map(findUser));
  const unknown = "00000000-0000-4000-8000-000000000000";
  const ids = [lucia ?? "", mei ?? "", ada ?? "", tomasz ?? "", admin.id, unknown];
  const suspended = await api.adminUsers.suspend({ body: { user_ids: ids, is_suspended: true, reason: "Spam" } });
  expect(suspended.changed.toSorted()).toEqual([lucia, mei].toSorted());
  expect(Object.fromEntries(suspended.skipped.map(({ user_id, message }) => [user_id, message]))).toEqual({
    [ada ?? ""]: expect.stringContaining("administrator"),
    [tomasz ?? ""]: "This account is already suspended.",
    [admin.id]: "You cannot suspend yourself.",
    [unknown]: "User not found",
  });
  for (const id of [lucia ?? "", mei ?? ""]) {
    expect(await api.adminUsers.get({ params: { id } })).toMatchObject({ is_suspended: true, suspended_reason: "Spam" });
    expect((await api.adminAudit.list({ query: { target_id: id } })).items[0]).toMatchObject({
      action_type: "user.suspend",
      reason: "Spam",
    });
  }
  const undone = await api.adminUsers.suspend({ body: { user_ids: suspended.changed, is_suspended: false, reason: "Undone" } });
  expect(undone).toEqual({ changed: suspended.changed, skipped: [] });
  expect(await api.adminUsers.get({ params: { id: mei ?? "" } })).toMatchObject({ is_suspended: false, is_active: true });

  const path = "/api/admin/users/suspensions";
  const send = (json: object, user: TestUser = admin) => app.request(path, { method: "POST", json, user });
  expect((await send({ user_ids: [mei], is_suspended: true })).status).toBe(422);
  expect((await send({ user_ids: [], is_suspended: false })).status).toBe(422);
  expect((await send({ user_ids: [mei], is_suspended: false }, await app.signUp())).status).toBe(403);
});

test("trends have every day with the period before; the disk is kept once an hour", async () => {
  const { jobHandlers } = createAdminTrends({
    store: createTrendsStore(app.db),
    hostLoad: async () => ({ disk_used_bytes: 4_000_000_000_000 }),
  });
  await jobHandlers.measure_server();
  await jobHandlers.measure_server();
  const trends = await app.as(admin).adminMetrics.trends({ query: { days: 30 } });
  const today = new Date().toISOString().slice(0, 10);
  for (const name of ["new_users", "active_users", "runs", "success_rate", "credits", "revenue_cents", "failures", "disk_bytes"] as const) {
    expect(trends[name].days, name).toHaveLength(30);
    expect(trends[name].days.at(-1)?.date, name).toBe(today);
  }
  expect(trends.disk_bytes.total).toBe(4_000_000_000_000);
  expect(trends.runs.total).toBe(trends.runs.days.reduce((sum, { value }) => sum + (value ?? 0), 0));
  expect(trends.runs.previous_total).toBe(trends.runs.days.reduce((sum, { previous }) => sum + (previous ?? 0), 0));
  expect(trends.success_rate.total).toBeGreaterThan(0.7);
  expect(trends.success_rate.total).toBeLessThan(1);
  const [paid] = await query<{ cents: number }>(
    "select sum(amount_cents)::int as cents from ledger_entries where account = 'stripe' and created_at >= (current_date - 29)::timestamp at time zone 'UTC'",
  );
  expect(trends.revenue_cents.total).toBe(paid?.cents);
  expect((await app.request("/api/admin/metrics/trends?days=181", { user: admin })).status).toBe(422);
});

test("setup lists what is missing, as it is measured; strangers get nothing", async () => {
  const steps = async () => Object.fromEntries((await app.as(admin).adminSetup.get()).steps.map((step) => [step.id, step]));
  const before = await steps();
  expect(Object.keys(before)).toEqual(["models", "address", "mail", "sign_up", "isolation", "browser", "backup", "updates"]);
  expect(before["backup"]).toMatchObject({
    is_done: false,
    summary: "No backup was recorded.",
    snippet: expect.stringContaining("BACKUP_TARGET="),
  });
  expect(before["mail"]).toMatchObject({ is_done: false, snippet: expect.stringContaining("SMTP_HOST=") });
  expect(before["sign_up"]).toMatchObject({ is_done: true, advice: null, snippet: null });
  expect(before["updates"]).toMatchObject({ is_done: true, advice: null, snippet: null });

  const mark = join(app.dataDir, "last-backup");
  await writeFile(mark, "");
  expect((await steps())["backup"]).toMatchObject({ is_done: true, summary: "The last backup was recorded today." });
  const old = new Date(Date.now() - 9 * 86_400_000);
  await utimes(mark, old, old);
  expect((await steps())["backup"]).toMatchObject({ is_done: false, summary: "The last backup was recorded 9 days ago." });
  await writeFile(mark, JSON.stringify({ target: "/mnt/backup", warnings: 1, projects_without_files: 3 }));
  expect((await steps())["backup"]).toMatchObject({
    is_done: true,
    summary: "The last backup in /mnt/backup was recorded today. It has 1 warning. The files of 3 projects are not in it.",
  });
  await writeFile(join(app.dataDir, "last-backup-failed"), JSON.stringify({ error: "The disk is full." }));
  expect((await steps())["backup"]).toMatchObject({
    is_done: false,
    summary:
      "The last backup in /mnt/backup was recorded today. It has 1 warning. The files of 3 projects are not in it. The latest attempt failed: The disk is full.",
  });

  expect((await app.request("/api/admin/setup")).status).toBe(401);
  expect((await app.request("/api/admin/setup", { user: await app.signUp() })).status).toBe(403);
});
