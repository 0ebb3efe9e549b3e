import { expect, test } from "vitest";
import { contract, type RouteSpec } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { call, say } from "@tesslate/testkit";
import { chatWorld, eventually, collect } from "../../../testing/chat.ts";
import { testApp, type TestApp } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

/** What a call of each administrative write needs; creates it first. */
type Example = (app: TestApp) => Promise<{ params?: Record<string, string>; body?: unknown }>;
const onNewUser =
  (body: unknown): Example =>
  async (app) => ({ params: { id: (await app.signUp()).id }, body });
const onNewCollection =
  (body: unknown): Example =>
  async (app) => {
    const { id } = await asNewAdmin(app, ({ adminCollections }) => adminCollections.createCollection({ body: { title: "Picks" } }));
    return { params: { collection_id: id }, body };
  };
/** Another administrator than the one whose audit rows are counted. */
const asNewAdmin = async <T>(app: TestApp, act: (api: ReturnType<TestApp["as"]>) => Promise<T>) =>
  act(app.as(await app.signUp({ admin: true })));
const examples: Record<string, Example> = {
  "models.configure": async () => ({ body: { kind: "demo", enabled: false } }),
  "outbox.retry": async (app) => {
    const [admin, recipient] = [await app.signUp({ admin: true }), await app.signUp()];
    const { items } = await app.as(admin).outbox.list({ query: { search: recipient.email } });
    return { params: { id: items[0]?.id ?? "" } };
  },
  "adminProjects.remove": async (app) => ({ params: { id: (await emptyProject(app, await app.signUp())).id }, body: { reason: "x" } }),
  "adminAgents.update": async (app) => {
    const { rows } = await app.studio.database.pool.query<{ id: string }>("select id from agents where is_active limit 1");
    return { params: { id: rows[0]?.id ?? "" }, body: { is_active: false, reason: "x" } };
  },
  "adminMarketplace.updateBase": async () => ({ params: { id: "clap" }, body: { is_active: false, reason: "x" } }),
  "adminMarketplace.updateTheme": async () => ({ params: { id: "nord" }, body: { is_active: false, reason: "x" } }),
  "adminMarketplace.removeReview": async (app) => {
    const user = await app.signUp();
    await app.as(user).marketplaceBases.purchase({ params: { id: "open-saas" }, body: {} });
    const { id } = await app.as(user).marketplaceBases.review({ params: { id: "open-saas" }, body: { rating: 1, comment: "Bad" } });
    return { params: { review_id: id }, body: { reason: "x" } };
  },
  "adminCollections.createCategory": async () => ({ body: { name: "Gardens", item_types: ["agent"] } }),
  "adminCollections.orderCategories": async (app) => {
    const { items } = await asNewAdmin(app, ({ adminCollections }) => adminCollections.categories({ query: { limit: 200 } }));
    return { body: { order: items.map(({ slug }) => slug).toReversed() } };
  },
  "adminCollections.updateCategory": async () => ({ params: { slug: "frontend" }, body: { name: "Front end" } }),
  "adminCollections.createCollection": async () => ({ body: { title: "Picks" } }),
  "adminCollections.orderCollections": async (app) => {
    await asNewAdmin(app, ({ adminCollections }) => adminCollections.createCollection({ body: { title: "More picks" } }));
    const { items } = await asNewAdmin(app, ({ adminCollections }) => adminCollections.collections({ query: {} }));
    return { body: { order: items.map(({ id }) => id).toReversed() } };
  },
  "adminCollections.updateCollection": onNewCollection({ title: "Other picks" }),
  "adminCollections.removeCollection": onNewCollection({}),
  "adminUsers.update": onNewUser({ is_suspended: true, reason: "x" }),
  "adminUsers.suspend": async (app) => ({ body: { user_ids: [(await app.signUp()).id], is_suspended: true, reason: "x" } }),
  "adminUsers.resetSecondFactor": async (app) => {
    const { id } = await app.signUp();
    await app.studio.database.pool.query("update users set two_fa_enabled = true where id = $1", [id]);
    return { params: { id }, body: { reason: "x" } };
  },
  "adminUsers.remove": onNewUser({ reason: "x", notify_user: true }),
  "adminUsers.restore": async (app) => {
    const [admin, { id }] = [await app.signUp({ admin: true }), await app.signUp()];
    await app.as(admin).adminUsers.remove({ params: { id }, body: { reason: "x" } });
    return { params: { id }, body: { reason: "x" } };
  },
  "adminUsers.endSessions": onNewUser({ reason: "x" }),
  "adminUsers.resetPassword": onNewUser({ reason: "x" }),
  "adminUsers.impersonate": onNewUser({ reason: "x" }),
};
/** Routes that are not GET but change nothing. */
const changesNothing = new Set(["models.test", "adminHealth.tryProvider", "adminHealth.tryMail"]);
/** Routes that need something in progress; tested with their audit rows in those features. */
const triedElsewhere = new Set([
  "adminProjects.stop",
  "adminProjects.restoreFiles",
  "adminPreparation.prepare",
  "adminPreparation.remove",
  "adminWork.cancelTask",
  "adminWork.retryJob",
  "adminWork.removeJob",
  "feedback.update",
  "adminPayouts.markPaid",
]);

test("every route by which an administrator changes something leaves a row in the audit log", async () => {
  // An unreachable mail server: its emails stay queued.
  await using app = await testApp({
    env: { SMTP_HOST: "127.0.0.1", SMTP_PORT: "9", SMTP_USE_TLS: "false", SMTP_SENDER_EMAIL: "studio@example.com" },
  });
  const admin = await app.signUp({ admin: true });
  const rows = async () => (await app.as(admin).adminAudit.list({ query: { admin_id: admin.id, limit: 1 } })).total;
  const writes = Object.entries(contract).flatMap(([group, specs]) =>
    Object.entries(specs as Record<string, RouteSpec>)
      .map(([key, spec]) => ({ name: `${group}.${key}`, spec }))
      .filter(
        ({ name, spec }) => spec.auth === "superuser" && spec.method !== "GET" && !changesNothing.has(name) && !triedElsewhere.has(name),
      ),
  );
  expect(writes.length).toBeGreaterThanOrEqual(5);
  const failures: string[] = [];
  for (const { name, spec } of writes) {
    const example = examples[name];
    if (!example) {
      failures.push(`${name} has no example here: add one, so that its audit row is checked`);
      continue;
    }
    const { params, body } = await example(app);
    const before = await rows();
    const response = await app.request(urlOf(spec.path, { params: params ?? {} }), { method: spec.method, user: admin, json: body });
    if (!response.ok) failures.push(`${name} answered ${response.status}: ${await response.text()}`);
    else if ((await rows()) <= before) failures.push(`${name} left no row`);
  }
  expect(failures).toEqual([]);
});

test("a suspension ends runs and services, holds the queue, and prevents new starts for that user", async () => {
  await using world = await chatWorld({
    script: [call("run_command", { command: "sleep 60" }), say("Unreachable."), say("Unreachable.")],
  });
  const { app, owner, project } = world;
  const admin = await app.signUp({ admin: true });
  const stream = collect(world.send("Go"));
  const { task_id, data } = await stream.until("tool_started").then(() => stream.until("task_started"));
  await app.as(owner).queue.add({ params: { chat_id: data.chat_id }, body: { message: "And then?" } });
  await app.studio.database.pool.query("update projects set environment_status = 'active' where id = $1", [project.id]);

  await app.as(admin).adminUsers.update({ params: { id: owner.id }, body: { is_suspended: true, reason: "Spam" } });
  const statusOf = async (what: string, id: string) =>
    (
      (await app.studio.database.pool.query(`select ${what} as it from ${what === "status" ? "tasks" : "projects"} where id = $1`, [id]))
        .rows[0] as { it: string }
    ).it;
  await eventually(async () => (await statusOf("status", task_id ?? "")) === "cancelled");
  await eventually(async () => (await statusOf("environment_status", project.id)) === "stopped");
  expect(await statusOf("stop_reason", project.id)).toBe("admin");
  await stream.ended.catch(() => undefined);
  // The queued message was not sent: it is held with a reason.
  await eventually(
    async () =>
      (await app.studio.database.pool.query("select 1 from queued_messages where held is not null and chat_id = $1", [data.chat_id]))
        .rowCount === 1,
  );
  expect(
    (await app.studio.database.pool.query("select 1 from tasks where user_id = $1 and status in ('queued', 'running')", [owner.id]))
      .rowCount,
  ).toBe(0);
});
