import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { createLogger } from "../../../platform/logger.ts";
import { createAdminMetrics } from "./metrics.service.ts";
import { createMetricsStore } from "./metrics.store.ts";

let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  // Counts everything there is.
  app = await testApp({ ownServer: true });
  admin = await app.signUp({ admin: true });
});
afterAll(() => app.close());

/** 09:30 on a Thursday in the past, so that no other rows are near. */
const now = new Date("2024-03-14T09:30:00.000Z");
const none = { cpus: 1, load: [0, 0, 0] as [number, number, number], memory_used_bytes: 1, memory_total_bytes: 2, disk_used_bytes: 3 };
const hostLoad = async () => ({ ...none, disk_total_bytes: 4, uptime_seconds: 5, server_memory_bytes: 6 });
const log = createLogger("silent");

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const [ada, bob, cid, dan] = [uuid(1), uuid(2), uuid(3), uuid(4)];

/** Payments and refunds. */
async function seedMoney() {
  const { pool } = app.studio.database;
  const payment = (key: string, kind: string, cents: number, subscription?: string) =>
    pool.query("insert into payments (key, user_id, kind, amount_cents, stripe_subscription_id) values ($1, $2, $3, $4, $5)", [
      key,
      kind === "credits" ? null : ada,
      kind,
      cents,
      subscription ?? null,
    ]);
  const posting = (key: string, cents: number, on: string, other = "revenue") =>
    pool.query(
      "insert into ledger_entries (posting, account, amount_cents, created_at) values ($1, 'stripe', $2::bigint, $3), ($1, $4, -$2::bigint, $3)",
      [key, cents, on, other],
    );
  await payment("in_plan", "subscription", 1500, "sub_1");
  await posting("payment:in_plan", 1500, "2024-03-08T00:00:00Z");
  await payment("pi_credits", "credits", 1000);
  await posting("payment:pi_credits", 1000, "2024-03-10T00:00:00Z", "credits");
  await posting("refund:pi_credits:500:0:0", -500, "2024-03-11T00:00:00Z", "credits");
  await payment("pi_agent", "agent", 500);
  await posting("payment:pi_agent", 500, "2024-03-14T09:00:00Z");
  await posting("refund:pi_agent:200:0:0", -200, "2024-03-14T09:10:00Z");
  await payment("in_agent", "agent", 1000, "sub_2");
  await posting("payment:in_agent", 1000, "2024-03-12T00:00:00Z");
  await payment("pi_base", "base", 500);
  await posting("payment:pi_base", 500, "2024-03-07T23:59:59Z");
  await posting("refund:pi_base:500:0:0", -500, "2024-03-09T00:00:00Z");
  // A payout neither reduces revenue nor adds to it.
  await posting("paid:po_1", -300, "2024-03-09T00:00:00Z", "creator");
}

/** Four users, one of them deleted, with activity on known days. */
async function seed() {
  const { pool } = app.studio.database;
  // Users of this test did not sign up in that period.
  await pool.query("update users set is_deleted = true where id = $1", [admin.id]);
  const person = (id: string, name: string, at: string, isDeleted = false) =>
    pool.query(
      `insert into users (id, email, name, username, slug, is_deleted, created_at) values ($1, $2 || '@example.com', $2, $2, $2, $4, $3)`,
      [id, name, at, isDeleted],
    );
  await person(ada, "ada", "2024-03-01T12:00:00Z");
  // The last moment of the day before the period, and its first one.
  await person(bob, "bob", "2024-03-07T23:59:59.999Z");
  await person(cid, "cid", "2024-03-08T00:00:00Z");
  await person(dan, "dan", "2024-03-13T12:00:00Z", true);

  const project = (id: string, owner: string, at: string, more: { status?: string; git?: boolean; deployed?: boolean } = {}) =>
    pool.query(
      `insert into projects (id, owner_id, name, slug, environment_status, has_git_repo, is_deployed, template_slug, created_at) values ($1::uuid, $2, 'P', $1::uuid::text, $3, $4, $5, 'react', $6)`,
      [id, owner, more.status ?? "stopped", more.git ?? false, more.deployed ?? false, at],
    );
  await project(uuid(11), ada, "2024-03-02T08:00:00Z", { git: true });
  await project(uuid(12), ada, "2024-03-14T00:00:00Z", { deployed: true, status: "active" });
  await project(uuid(13), bob, "2024-03-12T23:59:59Z");
  await project(uuid(14), bob, "2024-03-12T10:00:00Z", { status: "deleting" });
  await project(uuid(15), dan, "2024-03-13T10:00:00Z");

  const chat = (id: string, user: string, at: string) =>
    pool.query("insert into chats (id, user_id, project_id, created_at) values ($1, $2, $3, $4)", [id, user, uuid(11), at]);
  // Eight to fourteen days ago: two users, one of whom returned.
  await chat(uuid(21), ada, "2024-03-05T08:00:00Z");
  await chat(uuid(22), bob, "2024-03-06T08:00:00Z");
  await chat(uuid(23), ada, "2024-03-11T08:00:00Z");
  await chat(uuid(24), cid, "2024-03-13T20:00:00Z");
  await chat(uuid(25), dan, "2024-03-13T21:00:00Z");
  const addMessage = (chatId: string, position: number, at: string) =>
    pool.query("insert into messages (chat_id, role, content, position, created_at) values ($1, 'user', 'x', $2, $3)", [
      chatId,
      position,
      at,
    ]);
  await addMessage(uuid(23), 1, "2024-03-11T08:00:00Z");
  await addMessage(uuid(23), 2, "2024-03-11T08:10:00Z");
  await addMessage(uuid(23), 3, "2024-03-11T08:30:00Z");
  // A single message has no duration and does not count.
  await addMessage(uuid(24), 1, "2024-03-13T20:00:00Z");

  const call = (n: number, user: string, task: string | null, at: string, tokens: [number, number], cost: string, more: object = {}) =>
    app.db.execute(sql`
      insert into usage_logs (user_id, agent_id, project_id, task_id, model, tokens_input, tokens_output, cost_total, credits_deducted, shortfall_credits, is_byok, request_id, created_at)
      select ${user}, (select id from agents where slug = 'tesslate-agent'), ${uuid(11)}, ${task}, m.model, ${tokens[0]}, ${tokens[1]}, ${cost}, m.credits, m.short, m.byok, ${`r${n}`}, ${at}
      from json_to_record(${JSON.stringify({ model: "openai/gpt-5.1", credits: 0, short: 0, byok: false, ...more })}) as m(model text, credits int, short int, byok boolean)`);
  await call(1, ada, uuid(31), "2024-03-07T12:00:00Z", [999, 1], "7.5");
  await call(2, ada, uuid(32), "2024-03-08T00:00:00Z", [100, 50], "1.25", { credits: 1 });
  await call(3, ada, uuid(32), "2024-03-08T00:01:00Z", [200, 50], "2.50", { credits: 3 });
  await call(4, bob, uuid(33), "2024-03-14T09:00:00Z", [1000, 0], "10.10", { credits: 4, short: 6 });
  await call(5, bob, uuid(34), "2024-03-13T23:59:59Z", [300, 100], "0", { model: "ollama/qwen3:8b", byok: true });
  // Probing a model belongs to no run.
  await call(6, cid, null, "2024-03-10T10:00:00Z", [10, 10], "0.4");
  await call(7, dan, uuid(35), "2024-03-13T10:00:00Z", [5000, 5000], "100");

  await pool.query(`
    insert into containers (project_id, name, service_key, host_label, container_name, status, deployment_mode) values
      ('${uuid(12)}', 'web', 'web', 'h1', 'c1', 'running', 'container'), ('${uuid(12)}', 'db', 'db', 'h2', 'c2', 'frozen', 'container'),
      ('${uuid(13)}', 'web', 'web', 'h3', 'c3', 'failed', 'container'), ('${uuid(13)}', 'api', 'api', 'h4', 'c4', 'connected', 'external'),
      ('${uuid(15)}', 'web', 'web', 'h5', 'c5', 'running', 'container')`);
  await pool.query("delete from user_purchased_agents");
  await pool.query("delete from agents where slug <> 'tesslate-agent'");
  await pool.query(
    `insert into agents (id, slug, name, description, forked_by_user_id, is_published, is_active, usage_count) values
      ('${uuid(41)}', 'mine', 'Mine', '', '${ada}', false, true, 9), ('${uuid(42)}', 'shared', 'Shared', '', '${ada}', true, true, 5), ('${uuid(43)}', 'off', 'Off', '', null, true, false, 7)`,
  );
  await pool.query(
    `insert into user_purchased_agents (user_id, agent_id, created_at) values ('${ada}', '${uuid(42)}', '2024-03-01T00:00:00Z'), ('${bob}', '${uuid(42)}', '2024-03-14T00:00:00Z'), ('${dan}', '${uuid(42)}', '2024-03-14T00:00:00Z')`,
  );
  await pool.query(
    `insert into project_agents (project_id, agent_id) values ('${uuid(11)}', (select id from agents where slug = 'tesslate-agent')), ('${uuid(15)}', '${uuid(42)}')`,
  );
  await pool.query("delete from bases");
  await pool.query(
    `insert into bases (id, slug, name, description, category, downloads, visibility, is_active) values
      ('${uuid(51)}', 'open', 'Open', '', 'x', 3, 'public', true), ('${uuid(52)}', 'shut', 'Shut', '', 'x', 9, 'private', true), ('${uuid(53)}', 'away', 'Away', '', 'x', 9, 'public', false)`,
  );
  await pool.query(
    `insert into user_purchased_bases (user_id, base_id, created_at) values ('${ada}', '${uuid(51)}', '2024-03-14T00:00:00Z'), ('${ada}', '${uuid(52)}', '2024-03-01T00:00:00Z'), ('${dan}', '${uuid(51)}', '2024-03-14T00:00:00Z')`,
  );
}

test("adminMetrics.overview counts exactly, by UTC days, in one statement per block", async () => {
  await seed();
  await seedMoney();
  const statements: string[] = [];
  const counted = drizzle({ client: app.studio.database.pool, logger: { logQuery: (query) => void statements.push(query) } });
  const metrics = createAdminMetrics({ store: createMetricsStore(counted as never), hostLoad, log, now: () => now });
  const found = await metrics.overview(7);
  expect(statements).toHaveLength(7);
  const days = ["2024-03-08", "2024-03-09", "2024-03-10", "2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14"];
  const series = (...counts: number[]) => days.map((date, i) => ({ date, count: counts[i] }));
  expect(found).toEqual({
    period_days: 7,
    generated_at: "2024-03-14T09:30:00.000Z",
    // In the last 30 days: ada and bob created projects, cid a chat. In the last 24 hours: ada's project, cid's chat. One more than in the days before: 1 against 2.
    users: {
      total: 3,
      new_users: 1,
      growth_rate: -50,
      dau: 2,
      mau: 3,
      retention_rate: 50,
      daily_new_users: series(1, 0, 0, 0, 0, 0, 0),
    },
    projects: {
      total: 3,
      new_projects: 2,
      new_this_week: 2,
      avg_per_user: 1,
      git_enabled_projects: 1,
      deployed: 1,
      daily_projects: series(0, 0, 0, 0, 1, 0, 1),
    },
    sessions: {
      total: 2,
      total_this_week: 2,
      unique_users: 2,
      avg_per_user: 1,
      avg_duration: 30,
      avg_messages_per_session: 2,
      daily_sessions: series(0, 0, 0, 1, 0, 1, 0),
    },
    runs: { total: 3, total_this_week: 3, avg_calls: 1.33, daily_runs: series(1, 0, 0, 0, 0, 1, 1) },
    tokens: {
      total: 1820,
      total_this_week: 1820,
      total_cost_cents: 14.25,
      active_users: 3,
      avg_per_user: 606.67,
      avg_cost_per_user_cents: 4.75,
      daily_avg_tokens: 260,
      tokens_by_model: {
        "openai/gpt-5.1": { tokens: 1420, cost_cents: 14.25, requests: 4 },
        "ollama/qwen3:8b": { tokens: 400, cost_cents: 0, requests: 1 },
      },
      top_users: [
        { user_id: bob, username: "bob", total_tokens: 1400, total_cost_cents: 10.1, last_used: "2024-03-14T09:00:00.000Z" },
        { user_id: ada, username: "ada", total_tokens: 400, total_cost_cents: 3.75, last_used: "2024-03-08T00:01:00.000Z" },
        { user_id: cid, username: "cid", total_tokens: 20, total_cost_cents: 0.4, last_used: "2024-03-10T10:00:00.000Z" },
      ],
      daily_tokens: [400, 0, 20, 0, 0, 400, 1000].map((count, i) => ({
        date: days[i],
        count,
        cost_cents: [3.75, 0, 0.4, 0, 0, 0, 10.1][i],
      })),
    },
    credits: { spent: 8, forgiven: 6, own_key_requests: 1, daily_credits: series(4, 0, 0, 0, 0, 0, 4) },
    // The default agent, ada's two (one of them private) and a disabled one; two users have the shared one, and the default one is assigned to a
    // project. Of three bases one is deleted and one is private.
    // Including deleted users; payments before the period are excluded, their refunds within it are not.
    revenue: {
      total_cents: 2800,
      paid_cents: 4000,
      refunded_cents: 1200,
      by_kind_cents: { subscription: 1500, credits: 500, deploy_slot: 0, agent: 1300, base: -500 },
    },
    marketplace: {
      total_items: 6,
      total_agents: 4,
      total_bases: 2,
      total_purchases: 4,
      recent_purchases: 2,
      total_revenue_cents: 800,
      revenue_by_type_cents: { monthly: 1000, one_time: -200, usage: 0 },
      agents: {
        total: 4,
        total_purchases: 2,
        recent_purchases: 1,
        adoption_rate: 50,
        popular: [
          { name: "Shared", slug: "shared", purchases: 2, usage_count: 5 },
          { name: expect.any(String), slug: "tesslate-agent", purchases: 0, usage_count: 0 },
        ],
        most_used: [
          { name: "Shared", slug: "shared", purchases: 2, usage_count: 5 },
          { name: expect.any(String), slug: "tesslate-agent", purchases: 0, usage_count: 0 },
        ],
      },
      bases: {
        total: 2,
        total_purchases: 2,
        recent_purchases: 1,
        popular: [{ name: "Open", slug: "open", purchases: 1, downloads: 3 }],
      },
    },
    containers: { running: 1, starting: 0, frozen: 1, failed: 1, stopped: 0, running_projects: 1 },
    host: await hostLoad(),
  });

  // With 365 days, the week is the last seven of them.
  const year = await metrics.overview(365);
  expect(statements).toHaveLength(14);
  expect(year.users).toMatchObject({ total: 3, new_users: 3, growth_rate: 0 });
  expect(year.tokens).toMatchObject({ total: 2820, total_this_week: 1820, total_cost_cents: 21.75 });
  expect(year.projects).toMatchObject({ new_projects: 3, new_this_week: 2 });
  expect(year.users.daily_new_users).toHaveLength(365);
  expect(year.users.daily_new_users.at(0)?.date).toBe("2023-03-16");
  expect(year.users.daily_new_users.at(-1)).toEqual({ date: "2024-03-14", count: 0 });
  expect((await metrics.overview(1)).projects).toMatchObject({
    new_projects: 1,
    new_this_week: 2,
    daily_projects: [{ date: "2024-03-14", count: 1 }],
  });
});

test("adminMetrics.overview is for administrators, with a period of 1 to 365 days", async () => {
  await app.studio.database.pool.query("update users set is_deleted = false where id = $1", [admin.id]);
  const otherUser = await app.signUp();
  expect((await app.request("/api/admin/metrics")).status).toBe(401);
  expect((await app.request("/api/admin/metrics", { user: otherUser })).status).toBe(403);
  for (const days of ["0", "366", "seven", "-1"]) {
    const refused = await app.request(`/api/admin/metrics?days=${days}`, { user: admin });
    expect(refused.status).toBe(422);
  }
  const found = await app.as(admin).adminMetrics.overview();
  expect(found).toMatchObject({ period_days: 7, users: { dau: 0 }, marketplace: { total_bases: expect.any(Number) } });
  expect(found.users.daily_new_users).toHaveLength(7);
  expect(found.users.daily_new_users.at(-1)?.date).toBe(found.generated_at.slice(0, 10));
  expect(found.host.memory_total_bytes).toBeGreaterThan(found.host.memory_used_bytes);
  expect(found.host.disk_total_bytes).toBeGreaterThan(0);
  expect(found.host.error).toBeUndefined();
});

test("adminMetrics.overview reports which block failed and returns the others", async () => {
  const { pool } = app.studio.database;
  await pool.query("alter table usage_logs rename to usage_logs_away");
  try {
    const found = await app.as(admin).adminMetrics.overview({ query: { days: 30 } });
    for (const block of [found.tokens, found.runs, found.credits]) expect(block.error).toMatch(/server log has the reason/);
    expect(found.tokens).toMatchObject({ total: 0, top_users: [], daily_tokens: [] });
    expect(found.users.error).toBeUndefined();
    expect(found.users.total).toBeGreaterThan(0);
    expect(app.logs()).toContain("metrics query failed");
  } finally {
    await pool.query("alter table usage_logs_away rename to usage_logs");
  }
});
