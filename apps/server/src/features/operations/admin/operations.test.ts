import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AdminSandbox } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, startedProject, type ProjectsApp } from "../../../testing/projects.ts";
import { createAgentsStore, officialAgents } from "../../agent/agents/index.ts";
import { createAdminProjectsStore } from "./projects.store.ts";

let app: ProjectsApp;
let admin: TestUser;
let owner: TestUser;
beforeAll(async () => {
  // It lists, counts and ends resources of all users.
  app = await projectsApp({ ownServer: true });
  admin = await app.signUp({ admin: true, name: "Root" });
  owner = await app.signUp({ username: "owner-of-all" });
}, 120_000);
afterAll(() => app.close());

const logged = async () => (await app.as(admin).adminAudit.list({ query: { limit: 500 } })).items;
const refused = (status: number, code?: string) => ({ status, ...(code !== undefined && { code }) });

test("only administrators have access, and every action needs a reason", async () => {
  const otherUser = await app.signUp();
  const id = "00000000-0000-4000-8000-000000000000";
  const requests: [string, string, unknown?][] = [
    ["GET", "/api/admin/projects"],
    ["GET", `/api/admin/projects/${id}`],
    ["POST", `/api/admin/projects/${id}/stop`, { reason: "x" }],
    ["POST", "/api/admin/projects/restore-files", { reason: "x" }],
    ["DELETE", `/api/admin/projects/${id}`, { reason: "x" }],
    ["GET", "/api/admin/agents"],
    ["PATCH", `/api/admin/agents/${id}`, { is_active: false }],
    ["GET", "/api/admin/sandboxes"],
    ["GET", "/api/admin/sandboxes/events"],
    ["GET", "/api/admin/servers"],
    ["GET", "/api/admin/servers/events"],
    ["GET", "/api/admin/tasks"],
    ["GET", `/api/admin/tasks/${id}`],
    ["POST", `/api/admin/tasks/${id}/cancel`, { reason: "x" }],
    ["GET", "/api/admin/jobs"],
    ["POST", "/api/admin/jobs/1/retry"],
    ["DELETE", "/api/admin/jobs/1", { reason: "x" }],
    ["GET", "/api/admin/health"],
    ["POST", "/api/admin/health/providers/openai"],
    ["POST", "/api/admin/health/mail"],
  ];
  for (const [method, path, json] of requests) {
    const send = (user?: TestUser) => app.request(path, { method, ...(json !== undefined && { json }), ...(user && { user }) });
    expect([path, (await send()).status, (await send(otherUser)).status]).toEqual([path, 401, 403]);
  }
  for (const path of [`/api/admin/projects/${id}/stop`, `/api/admin/tasks/${id}/cancel`])
    for (const json of [{}, { reason: "" }, { reason: "  " }, { reason: "x".repeat(1001) }])
      expect([path, (await app.request(path, { method: "POST", json, user: admin })).status]).toEqual([path, 422]);
  for (const path of [`/api/admin/projects/${id}`, "/api/admin/jobs/1"])
    expect([path, (await app.request(path, { method: "DELETE", json: {}, user: admin })).status]).toEqual([path, 422]);
  await expect(app.as(admin).adminProjects.stop({ params: { id }, body: { reason: "x" } })).rejects.toMatchObject(refused(404));
  await expect(app.as(admin).adminProjects.remove({ params: { id: "no-such" }, body: { reason: "x" } })).rejects.toMatchObject(
    refused(404),
  );
  await expect(app.as(admin).adminWork.retryJob({ params: { id: "1" }, body: { reason: "x" } })).rejects.toMatchObject(refused(404));
  await expect(app.as(admin).adminWork.cancelTask({ params: { task_id: id }, body: { reason: "x" } })).rejects.toMatchObject(refused(404));
  await expect(app.as(admin).adminHealth.tryProvider({ params: { provider: "openai" } })).rejects.toMatchObject(refused(404));
  await expect(app.as(admin).adminHealth.tryMail()).rejects.toMatchObject(refused(503, "not_configured"));
  expect(await logged()).toEqual([]);
});

describe("projects", () => {
  test("running projects are listed live and stopped with a reason, and the owner is notified", async () => {
    const { project } = await startedProject(app, owner, "Busy");
    const { items } = await app.as(admin).adminSandboxes.list();
    expect(items).toMatchObject([
      { id: project.id, project_name: "Busy", owner_username: "owner-of-all", owner_email: owner.email, services: [{ status: "running" }] },
    ]);
    const [sandbox] = items;
    expect(Date.parse(sandbox?.started_at ?? "")).toBeLessThanOrEqual(Date.now());
    if (app.runtime.can.limits) expect(sandbox?.memory_bytes).toBeGreaterThan(1_000_000);
    else expect(sandbox).toMatchObject({ memory_bytes: null, cpu_percent: null, processes: null });

    const leave = new AbortController();
    const seen: AdminSandbox[][] = [];
    const watching = (async () => {
      for await (const { data } of app.as(admin).adminSandboxes.events(undefined, { signal: leave.signal })) {
        seen.push(data);
        if (seen.length > 1 && data.length === 0) return;
        if (seen.length === 1)
          await app.as(admin).adminProjects.stop({ params: { id: project.slug }, body: { reason: "It mines coins." } });
      }
    })();
    await watching;
    leave.abort();
    expect(seen[0]).toHaveLength(1);

    expect(await app.as(owner).projects.get({ params: { id: project.id } })).toMatchObject({ status: "stopped", stop_reason: "admin" });
    const detail = await app.as(admin).adminProjects.get({ params: { id: project.id } });
    expect(detail).toMatchObject({ environment_status: "stopped", active_runs: 0, containers: [{ status: "stopped" }] });
    expect(detail.disk_bytes).toBeGreaterThan(0);
    const [row, ...others] = await logged();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      action_type: "project.stop",
      admin_name: admin.username,
      target_type: "project",
      target_id: project.id,
      target_name: "Busy",
      reason: "It mines coins.",
    });
    // Nothing runs: the call changes and logs nothing.
    await app.as(admin).adminProjects.stop({ params: { id: project.id }, body: { reason: "Again." } });
    expect(await logged()).toHaveLength(1);
  }, 60_000);

  test("are filtered by status and owner, in an allowed order", async () => {
    const other = await app.signUp();
    const { project } = await setUpProject(app, other);
    await app.studio.database.pool.query(
      "update projects set is_deployed = true, has_git_repo = true, name = 'Zebra 100%_' where id = $1",
      [project.id],
    );
    const namesOf = async (query: object) => (await app.as(admin).adminProjects.list({ query })).items.map(({ name }) => name);
    expect(await namesOf({})).toEqual(["Zebra 100%_", "Busy"]);
    expect(await namesOf({ sort_by: "name", sort_order: "asc" })).toEqual(["Busy", "Zebra 100%_"]);
    expect(await namesOf({ sort_by: "disk_bytes" })).toEqual(["Busy", "Zebra 100%_"]);
    expect(await namesOf({ search: "%_" })).toEqual(["Zebra 100%_"]);
    expect(await namesOf({ search: "zebra" })).toEqual(["Zebra 100%_"]);
    expect(await namesOf({ owner_id: owner.id })).toEqual(["Busy"]);
    expect(await namesOf({ deployment_status: "deployed" })).toEqual(["Zebra 100%_"]);
    expect(await namesOf({ has_git: false })).toEqual(["Busy"]);
    expect(await namesOf({ has_containers: false })).toEqual([]);
    expect(await namesOf({ has_containers: true, limit: 1, page: 2 })).toEqual(["Busy"]);
    expect(await namesOf({ status: "stopped", created_after: "2020-01-01T00:00:00Z" })).toHaveLength(2);
    expect(await app.as(admin).adminProjects.list({ query: { page: 9 } })).toMatchObject({ items: [], total: 2 });
    for (const query of ["sort_by=owner_id", "sort_by=name;drop", "status=flying", "owner_id=me", "skip=-1", "created_after=yesterday"])
      expect([query, (await app.request(`/api/admin/projects?${query}`, { user: admin })).status]).toEqual([query, 422]);
  }, 60_000);

  test("are deleted by a task that only administrators can read, in one transaction with the log", async () => {
    const [busy] = (await app.as(admin).adminProjects.list({ query: { owner_id: owner.id } })).items;
    const params = { id: busy?.id ?? "" };
    const { task_id, status_url } = await app.as(admin).adminProjects.remove({ params, body: { reason: "Phishing." } });
    expect(status_url).toBe(`/api/admin/tasks/${task_id}`);
    await expect(app.as(owner).projects.get({ params })).rejects.toMatchObject(refused(404));
    expect(await ended(app, owner, task_id)).toMatchObject({ status: "completed", error: null });
    expect(await app.as(admin).adminWork.task({ params: { task_id } })).toMatchObject({
      type: "project_deletion",
      status: "completed",
      username: "owner-of-all",
      percentage: 100,
      project_name: null,
    });
    await expect(app.as(admin).adminProjects.get({ params })).rejects.toMatchObject(refused(404));
    await expect(app.as(admin).adminProjects.remove({ params, body: { reason: "Phishing." } })).rejects.toMatchObject(refused(404));
    const rows = (await logged()).filter(({ action_type }) => action_type === "project.delete");
    expect(rows).toMatchObject([{ target_name: "Busy", reason: "Phishing.", extra_data: { owner_id: owner.id } }]);
  }, 60_000);

  test("are not deleted when the log cannot be written", async () => {
    const [left] = (await app.as(admin).adminProjects.list()).items;
    const params = { id: left?.id ?? "" };
    await app.studio.database.pool.query("alter table audit_log rename to audit_log_away");
    try {
      expect((await app.request(`/api/admin/projects/${params.id}`, { method: "DELETE", json: { reason: "x" }, user: admin })).status).toBe(
        500,
      );
    } finally {
      await app.studio.database.pool.query("alter table audit_log_away rename to audit_log");
    }
    expect(await app.as(admin).adminProjects.get({ params })).toMatchObject({ environment_status: "stopped" });
  });
});

describe("agents", () => {
  const slug = "tesslate-agent";
  test("disabled agents are hidden from everyone, and visible again when enabled", async () => {
    const before = await app.as(admin).adminAgents.list({ query: { search: slug, item_type: "agent" } });
    expect(before.items).toMatchObject([{ slug, is_active: true, created_by_tesslate: true, can_edit: true, is_default: true }]);
    const change = (body: object) => app.as(admin).adminAgents.update({ params: { id: slug }, body });
    expect(await change({ is_active: false, is_featured: false, reason: "It writes nonsense." })).toMatchObject({
      is_active: false,
      is_featured: false,
    });
    const { items } = await app.as(owner).library.agents({ query: {} });
    expect(items.find((one) => one.slug === slug)).toMatchObject({ is_admin_disabled: true });
    expect((await app.as(admin).adminAgents.list({ query: { is_active: false } })).items.map((one) => one.slug)).toEqual([slug]);
    await change({ is_active: true, is_featured: true });
    const rows = (await logged())
      .filter(({ target_type }) => target_type === "agent")
      .map(({ action_type, reason }) => [action_type, reason]);
    expect(rows.toSorted()).toEqual([
      ["agent.disable", "It writes nonsense."],
      ["agent.feature", null],
      ["agent.restore", null],
      ["agent.unfeature", "It writes nonsense."],
    ]);
  });

  test("an administrator's changes to an official agent survive the next start, and a new price replaces the old one", async () => {
    await app.studio.database.pool.query("update agents set stripe_price_id = 'price_1', pricing_type = 'monthly' where slug = $1", [slug]);
    const params = { id: slug };
    const changed = await app.as(admin).adminAgents.update({
      params,
      body: { name: " House agent ", system_prompt: "Be brief.", price_cents: 500, api_pricing_input: 1.5, tags: ["ours"] },
    });
    expect(changed).toMatchObject({ name: "House agent", slug, price_cents: 500, api_pricing_input: 1.5, is_featured: true });
    for (const agent of officialAgents) await createAgentsStore(app.db).upsertOfficial(agent);
    const { rows } = await app.db.execute<Record<string, unknown>>(
      sql`select name, system_prompt, stripe_price_id, tags from agents where slug = ${slug}`,
    );
    expect(rows).toEqual([{ name: "House agent", system_prompt: "Be brief.", stripe_price_id: null, tags: ["ours"] }]);
    const [row] = await logged();
    expect(row).toMatchObject({
      action_type: "agent.update",
      extra_data: { name: { to: "House agent" }, system_prompt: "changed", price_cents: { from: 0, to: 500 } },
    });
    expect(JSON.stringify(row)).not.toContain("Be brief.");
    // The same values are not a change.
    const count = (await logged()).length;
    await app.as(admin).adminAgents.update({ params, body: { name: "House agent" } });
    expect(await logged()).toHaveLength(count);
  });

  test("a user's agent can be disabled, not edited", async () => {
    await app.studio.database.pool.query(
      "insert into agents (slug, name, description, forked_by_user_id, is_published, system_prompt) values ('theirs', 'Theirs', 'x', $1, false, 'secret')",
      [owner.id],
    );
    const params = { id: "theirs" };
    await expect(app.as(admin).adminAgents.update({ params, body: { name: "Mine", is_active: false, reason: "x" } })).rejects.toMatchObject(
      refused(403),
    );
    await expect(app.as(admin).adminAgents.update({ params, body: {} })).rejects.toMatchObject(refused(400, "nothing_to_change"));
    await expect(app.as(admin).adminAgents.update({ params, body: { reason: "only this" } })).rejects.toMatchObject(refused(400));
    await expect(
      app.as(admin).adminAgents.update({ params: { id: "unknown" }, body: { is_active: false, reason: "x" } }),
    ).rejects.toMatchObject(refused(404));
    expect(await app.as(admin).adminAgents.update({ params, body: { is_active: false, reason: "It lies." } })).toMatchObject({
      name: "Theirs",
      is_active: false,
      forked_by_username: "owner-of-all",
      can_edit: false,
    });
    for (const json of [
      { price_cents: -1 },
      { agent_type: "Robot" },
      { name: "" },
      { pricing_type: "gift" },
      { is_active: "no" },
      { is_active: false },
      { is_published: false, reason: " " },
    ])
      expect((await app.request("/api/admin/agents/theirs", { method: "PATCH", json, user: admin })).status).toBe(422);
    const found = await app.as(admin).adminAgents.list({ query: { search: "owner-of-all" } });
    expect(found.items.map((one) => one.slug)).toEqual(["theirs"]);
    expect(JSON.stringify(found)).not.toContain("secret");
  });
});

describe("background work", () => {
  test("a permanently failed job is listed, retried or removed, with an audit log entry", async () => {
    const { pool } = app.studio.database;
    // No worker handles this job.
    const add = async () => {
      const { rows } = await pool.query(
        "select id::text from graphile_worker.add_job('nobody_does_this', json_build_object('sealed', 'in the dark'), max_attempts := 3)",
      );
      const id = String(rows[0].id);
      await pool.query("select graphile_worker.permanently_fail_jobs(array[$1::bigint], E'it broke\nat line 1')", [id]);
      return id;
    };
    const [first, second] = [await add(), await add()];
    const dead = await app.as(admin).adminWork.jobs({ query: { state: "dead", name: "nobody_does_this" } });
    expect(dead).toMatchObject({ total: 2, items: [{ id: second, attempts: 3, max_attempts: 3, last_error: "it broke" }, { id: first }] });
    expect(JSON.stringify(dead)).not.toContain("in the dark");
    expect((await app.as(admin).adminHealth.get()).checks.find(({ id }) => id === "jobs")).toMatchObject({
      status: "warning",
      summary: "2 jobs have failed permanently.",
    });
    expect((await app.request(`/api/admin/jobs/${first}/retry`, { method: "POST", json: {}, user: admin })).status).toBe(422);
    const again = { params: { id: first }, body: { reason: "The mail server is back." } };
    expect(await app.as(admin).adminWork.retryJob(again)).toMatchObject({ state: "failing", attempts: 0 });
    await app.as(admin).adminWork.removeJob({ params: { id: second }, body: { reason: "Of no use." } });
    await expect(app.as(admin).adminWork.removeJob({ params: { id: second }, body: { reason: "x" } })).rejects.toMatchObject(refused(404));
    expect((await app.as(admin).adminWork.jobs({ query: { name: "nobody_does_this" } })).items.map(({ id }) => id)).toEqual([first]);
    expect((await logged()).slice(0, 2)).toMatchObject([
      { action_type: "job.remove", target_id: second, reason: "Of no use." },
      { action_type: "job.retry", target_id: first, reason: "The mail server is back." },
    ]);
    // A running job is not touched.
    await pool.query("update graphile_worker._private_jobs set locked_at = now(), locked_by = 'another worker' where id = $1", [first]);
    await expect(app.as(admin).adminWork.retryJob(again)).rejects.toMatchObject(refused(409, "run_active"));
    await expect(app.as(admin).adminWork.removeJob({ params: { id: first }, body: { reason: "x" } })).rejects.toMatchObject(
      refused(409, "run_active"),
    );
    await pool.query("update graphile_worker._private_jobs set locked_at = null, locked_by = null where id = $1", [first]);
    await app.as(admin).adminWork.removeJob({ params: { id: first }, body: { reason: "x" } });
    for (const id of ["0x1", "-1", "1;2"])
      expect(
        (await app.request(`/api/admin/jobs/${encodeURIComponent(id)}/retry`, { method: "POST", json: { reason: "x" }, user: admin }))
          .status,
      ).toBe(422);
  });

  test("a user's task is cancelled with a reason, once", async () => {
    const task_id = "00000000-0000-4000-8000-0000000000aa";
    // Of an unknown type and without a job: it stays queued.
    await app.studio.database.pool.query(
      "insert into tasks (id, user_id, type, status, created_at) values ($1, $2, 'far_away', 'queued', now() + interval '1 hour')",
      [task_id, owner.id],
    );
    const found = await app.as(admin).adminWork.tasks({ query: { status: "queued", type: "far_away" } });
    expect(found).toMatchObject({ total: 1, items: [{ id: task_id, username: "owner-of-all", percentage: 0 }] });
    const cancel = () => app.as(admin).adminWork.cancelTask({ params: { task_id }, body: { reason: "Too much." } });
    expect(await cancel()).toMatchObject({ status: "cancelled" });
    await expect(cancel()).rejects.toMatchObject(refused(409, "task_finished"));
    const rows = (await logged()).filter(({ action_type }) => action_type === "task.cancel");
    expect(rows).toMatchObject([{ target_id: task_id, reason: "Too much.", extra_data: { username: "owner-of-all" } }]);
  });
});

test("health reports what works, what does not and what to do", async () => {
  const health = await app.as(admin).adminHealth.get();
  expect(health.checks.map(({ id }) => id)).toEqual(["database", "jobs", "tasks", "runtime", "models", "mail", "files", "disk", "memory"]);
  const of = (id: string) => health.checks.find((one) => one.id === id);
  expect(of("database")).toMatchObject({
    facts: expect.arrayContaining([{ label: "Version", value: expect.stringMatching(/^PostgreSQL \d/) }]),
  });
  expect(of("runtime")).toMatchObject({ status: "warning", facts: expect.arrayContaining([{ label: "Driver", value: "process" }]) });
  expect(of("models")).toMatchObject({ status: "down", advice: expect.stringContaining("OPENAI_API_KEY") });
  expect(of("mail")).toMatchObject({ status: "off" });
  expect(health).toMatchObject({ status: "down", providers: [] });
  for (const { summary, status, advice } of health.checks) {
    expect(summary).toMatch(/\.$/);
    if (status !== "ok") expect(advice).toBeTruthy();
  }
});

test("with thirty thousand projects a page reads only its rows, in two statements; distant pages have the same order", async () => {
  const { pool } = app.studio.database;
  await pool.query(
    `insert into projects (owner_id, name, slug, created_at) select $1, 'Seeded ' || n, 'seeded-' || n, timestamptz '2020-01-01' + n * interval '1 minute' from generate_series(1, 30000) n`,
    [owner.id],
  );
  // The planner uses the statistics of the table, which has to be large enough to prefer the index.
  await pool.query("analyze projects");
  const near = await app.as(admin).adminProjects.list({ query: { search: "seeded", limit: 50 } });
  expect(near).toMatchObject({ total: 30_000, total_pages: 600 });
  expect(near.items[0]?.name).toBe("Seeded 30000");
  const far = await app.as(admin).adminProjects.list({ query: { search: "seeded", page: 600, limit: 50 } });
  expect(far.items.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, i) => `Seeded ${50 - i}`));
  const statements: { query: string; params: unknown[] }[] = [];
  const changes = drizzle({ client: pool, logger: { logQuery: (query, params) => void statements.push({ query, params }) } });
  await createAdminProjectsStore(changes as never).list({}, { limit: 50, offset: 0 });
  expect(statements).toHaveLength(2);
  const [page] = statements;
  const { rows } = await pool.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(`explain (analyze, format json) ${page?.query}`, page?.params);
  const plan = rows[0]?.["QUERY PLAN"][0]?.Plan;
  expect(plan && rowsRead(plan, "projects")).toBeGreaterThanOrEqual(50);
  expect(plan && rowsRead(plan, "projects")).toBeLessThan(500);
});

interface PlanNode {
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}
/** How many rows of a table a statement read. */
function rowsRead(node: PlanNode, table: string): number {
  const own = node["Relation Name"] === table ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"] : 0;
  return own + (node.Plans ?? []).reduce((sum, inner) => sum + rowsRead(inner, table), 0);
}
