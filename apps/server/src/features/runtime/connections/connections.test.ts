import { freePort } from "@tesslate/testkit";
import { describe, expect, test, vi } from "vitest";
import type { Container, ProjectEvent } from "@tesslate/contract";
import { type TestApp, type TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";

const at = (container: Container) => ({ id: container.project_id, container_id: container.id });

/** A second container from the tiny template, on a free port. */
async function addTiny(app: TestApp, user: TestUser, id: string, name: string): Promise<Container> {
  const made = await app.as(user).containers.create({ params: { id }, body: { name } });
  expect(await ended(app, user, made.task_id)).toMatchObject({ status: "completed" });
  return app.as(user).containers.update({ params: at(made), body: { port: await freePort() } });
}
const connect = (app: TestApp, user: TestUser, source: Container, target: Container, more: object = {}) =>
  app.as(user).connections.create({
    params: { id: source.project_id },
    body: { source_container_id: source.id, target_container_id: target.id, ...more },
  });
const environmentOf = async ({ internal_port }: Container): Promise<Record<string, string>> =>
  ((await (await fetch(`http://127.0.0.1:${internal_port}/headers`)).json()) as { env: Record<string, string> }).env;
/** All events of the project so far. */
async function eventsOf(app: TestApp, user: TestUser, id: string): Promise<ProjectEvent[]> {
  const events: ProjectEvent[] = [];
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 300);
  try {
    for await (const e of app.as(user).projects.events({ params: { id }, query: { last_event_id: 0 } }, { signal: abort.signal }))
      events.push(e);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  return events;
}

describe("connections", () => {
  test("creates, lists and deletes connections; rejects cycles, duplicates, other users and invalid input", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const bob = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const service = (service_slug: string, more: object = {}) =>
      app.as(ada).containers.create({ params: { id: project.id }, body: { container_type: "service", service_slug, ...more } });
    const api = await addTiny(app, ada, project.id, "API");
    const db = await service("postgres");
    const stripe = await service("stripe", { credentials: { STRIPE_SECRET_KEY: "sk_test_abcdef" } });

    const made = await connect(app, ada, db, api, { connector_type: "database", label: " rows " });
    expect(made).toMatchObject({
      project_id: project.id,
      source_container_id: db.id,
      target_container_id: api.id,
      connection_type: "depends_on",
      connector_type: "env_injection",
      label: "rows",
      config: { env_mapping: { DATABASE_URL: "DATABASE_URL", POSTGRES_PASSWORD: "POSTGRES_PASSWORD" } },
      env_keys: expect.arrayContaining(["DATABASE_URL", "POSTGRES_PASSWORD"]),
    });
    const toWeb = await connect(app, ada, api, web, { connector_type: "http_api", config: { base_path: "/api" } });
    expect(toWeb).toMatchObject({
      connector_type: "http_api",
      config: { base_path: "/api" },
      env_keys: ["API_URL", "API_HOST", "API_PORT"],
    });

    const refused = async (json: object, user = ada) => {
      const response = await app.request(`/api/projects/${project.slug}/connections`, { method: "POST", json, user });
      const { code } = (await response.json()) as { code?: string };
      return [response.status, code];
    };
    const pair = (source: { id: string }, target: { id: string }, more: object = {}) => ({
      source_container_id: source.id,
      target_container_id: target.id,
      ...more,
    });
    expect(await refused(pair(db, api))).toEqual([409, "conflict"]);
    expect(await refused(pair(web, web))).toEqual([400, "connection_cycle"]);
    expect(await refused(pair(web, db))).toEqual([400, "connection_cycle"]);
    expect(await refused(pair(api, db))).toEqual([400, "connection_cycle"]);
    expect(await refused(pair(web, stripe))).toEqual([400, "bad_request"]);
    expect(await refused(pair(stripe, { id: crypto.randomUUID() }))).toEqual([404, "not_found"]);
    expect(await refused(pair(stripe, { id: "nonsense" }))).toEqual([422, undefined]);
    expect(await refused(pair(stripe, web, { connection_type: "love" }))).toEqual([422, undefined]);
    expect(await refused(pair(stripe, web, { config: { env_mapping: { "1X": "STRIPE_SECRET_KEY" } } }))).toEqual([422, undefined]);
    expect(await refused(pair(stripe, web, { config: { env_mapping: { KEY: "NO_SUCH" } } }))).toEqual([400, "bad_request"]);
    expect(await refused(pair(stripe, web), bob)).toEqual([404, "not_found"]);
    const foreign = await setUpProject(app, ada, "Other");
    expect(await refused(pair(foreign.container, web))).toEqual([404, "not_found"]);

    expect(await app.as(ada).connections.list({ params: { id: project.id } })).toMatchObject({ total: 2, items: [made, toWeb] });
    expect((await app.request(`/api/projects/${project.id}/connections`, { user: bob })).status).toBe(404);
    expect((await app.request(`/api/projects/${project.id}/connections`)).status).toBe(401);
    const remove = (id: string, user = ada) =>
      app.request(`/api/projects/${project.id}/connections/${id}`, { method: "DELETE", user }).then((r) => r.status);
    expect([await remove(made.id, bob), await remove("nonsense"), await remove(made.id), await remove(made.id)]).toEqual([
      404, 422, 204, 404,
    ]);
    // Deleting a container deletes its connections, so the cycle no longer exists.
    await app.as(ada).containers.remove({ params: at(api) });
    expect(await app.as(ada).connections.list({ params: { id: project.id } })).toMatchObject({ total: 0 });
    expect(await refused(pair(web, db))).toEqual([201, undefined]);
    expect(
      (await eventsOf(app, ada, project.id)).filter((e) => e.type === "graph_changed" && e.data.part === "connection").map((e) => e.data),
    ).toEqual([
      { part: "connection", op: "add", id: made.id },
      { part: "connection", op: "add", id: toWeb.id },
      { part: "connection", op: "delete", id: made.id },
      { part: "connection", op: "add", id: expect.any(String) },
    ]);
  });

  test("copies connections between the copied containers of a fork", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const db = await app
      .as(ada)
      .containers.create({ params: { id: project.id }, body: { container_type: "service", service_slug: "postgres" } });
    await connect(app, ada, db, web, { label: "rows" });
    const fork = await app.as(ada).transfer.fork({ params: { id: project.id }, body: {} });
    expect(await ended(app, ada, fork.task_id)).toMatchObject({ status: "completed" });
    const { items } = await app.as(ada).containers.list({ params: { id: fork.id } });
    const idOf = (type: string) => items.find((c) => c.container_type === type)?.id;
    expect((await app.as(ada).connections.list({ params: { id: fork.id } })).items).toMatchObject([
      { source_container_id: idOf("service"), target_container_id: idOf("base"), label: "rows" },
    ]);
  });

  test("two concurrent connections cannot create a cycle", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const api = await addTiny(app, ada, project.id, "API");
    const outcomes = await Promise.allSettled([connect(app, ada, web, api), connect(app, ada, api, web)]);
    expect(outcomes.map((o) => o.status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("inject variables: above the project's secrets and the container's own, below reserved ones, from the next start on", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const api = await addTiny(app, ada, project.id, "API");
    const client = app.as(ada);
    const restart = async () => {
      const { task_id } = await client.containers.restart({ params: at(web) });
      expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    };
    await client.secrets.set({ params: { project_id: project.id }, body: { key: "GREETING", value: "of the project" } });
    await restart();
    expect((await environmentOf(web))["GREETING"]).toBe("of the project");
    await client.containers.update({ params: at(web), body: { env_vars_to_set: { GREETING: "of the container" } } });
    await restart();
    expect((await environmentOf(web))["GREETING"]).toBe("of the container");

    await client.containers.update({ params: at(api), body: { env_vars_to_set: { WELCOME: "set through the API" } } });
    const mapped = await connect(app, ada, api, web, {
      config: { env_mapping: { GREETING: "WELCOME", PORT: "WELCOME", BACKEND: "API_URL", NOTHING: "UNKNOWN" } },
    });
    expect(await client.containers.get({ params: at(web) })).toMatchObject({
      needs_restart: true,
      injected_env_vars: ["BACKEND", "GREETING", "PORT"].map((key) => ({
        key,
        source_container_name: "API",
        source_container_id: api.id,
      })),
    });
    expect((await client.containers.list({ params: { id: project.id } })).items[0]?.injected_env_vars).toBeNull();
    expect((await environmentOf(web))["GREETING"]).toBe("of the container");
    await restart();
    expect(await environmentOf(web)).toMatchObject({ GREETING: "set through the API", PORT: String(web.internal_port) });
    expect(await client.containers.get({ params: at(web) })).toMatchObject({ needs_restart: false });

    // The source's variables changed: its targets are stale.
    await client.containers.update({ params: at(api), body: { env_vars_to_set: { WELCOME: "another" } } });
    expect(await client.containers.get({ params: at(web) })).toMatchObject({ needs_restart: true });
    await restart();
    expect((await environmentOf(web))["GREETING"]).toBe("another");
    await client.connections.remove({ params: { id: project.id, conn_id: mapped.id } });
    expect(await client.containers.get({ params: at(web) })).toMatchObject({ needs_restart: true, injected_env_vars: [] });
    await restart();
    expect((await environmentOf(web))["GREETING"]).toBe("of the container");
  });

  test("injects credentials of an external service into its targets only", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const stripe = await app.as(ada).containers.create({
      params: { id: project.id },
      body: { container_type: "service", service_slug: "stripe", credentials: { STRIPE_SECRET_KEY: "sk_test_planted_key" } },
    });
    await connect(app, ada, stripe, web, {
      config: { env_mapping: { SECRET_TOKEN: "STRIPE_SECRET_KEY", GREETING: "STRIPE_WEBHOOK_SECRET" } },
    });
    // Only what was entered is injected.
    expect((await app.as(ada).containers.get({ params: at(web) })).injected_env_vars?.map((v) => v.key)).toEqual(["SECRET_TOKEN"]);
    const { task_id } = await app.as(ada).containers.start({ params: at(web) });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    const abort = new AbortController();
    const lines: string[] = [];
    for await (const { data } of app.as(ada).containers.logs({ params: at(web) }, { signal: abort.signal })) {
      lines.push(data.line);
      if (data.line.includes("token is")) break;
    }
    abort.abort();
    expect(lines.at(-1)).toBe("token is [secret:STRIPE_SECRET_KEY]");
    expect(app.logs()).not.toContain("sk_test_planted_key");
  });
});

describe("start order", () => {
  test("a target starts when its sources are ready; a single start also starts its sources", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const api = await addTiny(app, ada, project.id, "API");
    const worker = await addTiny(app, ada, project.id, "Worker");
    await connect(app, ada, api, web);
    await connect(app, ada, worker, api);
    const order = async () =>
      (await eventsOf(app, ada, project.id)).flatMap((e) => (e.type === "container_status" ? [`${e.data.name} ${e.data.status}`] : []));
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", progress: { percentage: 100 } });
    expect(await order()).toEqual([
      "Worker starting",
      "Worker running",
      "API starting",
      "API running",
      "Tiny App starting",
      "Tiny App running",
    ]);

    await app.as(ada).projects.stop({ params: { id: project.id } });
    const single = await app.as(ada).containers.start({ params: at(api) });
    expect(await ended(app, ada, single.task_id)).toMatchObject({ status: "completed", result: { container_id: api.id } });
    expect(await app.as(ada).projects.status({ params: { id: project.id } })).toMatchObject({
      status: "partial",
      containers: { worker: { status: "running" }, api: { status: "running" }, "tiny-app": { status: "stopped" } },
    });
  });

  test("reports containers skipped because of a failed source and starts the rest", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const api = await addTiny(app, ada, project.id, "API");
    const other = await addTiny(app, ada, project.id, "Other");
    await connect(app, ada, api, web);
    await app.as(ada).containers.update({ params: at(api), body: { env_vars_to_set: { CRASH: "4", SECRET_TOKEN: "planted-secret" } } });
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "failed", error: expect.stringContaining("cannot start") });
    expect(await app.as(ada).projects.status({ params: { id: project.id } })).toMatchObject({
      containers: { api: { status: "failed" }, other: { status: "running" } },
    });
    expect(await app.as(ada).containers.get({ params: at(web) })).toMatchObject({ status: "failed" });
    const events = await eventsOf(app, ada, project.id);
    expect(events.findLast((e) => e.type === "container_status" && e.data.container_id === web.id)?.data).toMatchObject({
      status: "failed",
      message: "Tiny App was not started because API failed to start.",
    });
    expect(events.findLast((e) => e.type === "container_status" && e.data.container_id === api.id)?.data).toMatchObject({
      exit_code: 4,
      last_lines: expect.arrayContaining([expect.stringContaining("cannot start")]),
    });
    expect(JSON.stringify(events)).not.toContain("planted-secret");
    expect(other.status).toBe("stopped");
  });

  test("a target whose TESSLATE.md says that it does not wait starts at once, and is stopped when a source fails", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada, "At once");
    const api = await addTiny(app, ada, project.id, "API");
    await connect(app, ada, api, web);
    const sandbox = await app.runtime.open({ id: project.id });
    await sandbox.files.write("TESSLATE.md", "**Waits for connections**: no\n");
    // The API listens once the page does.
    const { host, port } = await sandbox.peerAddress(web.port ?? 0);
    const listensAfterWeb = `const retry = () => require("node:net").connect(${port}, "${host}").on("error", () => setTimeout(retry, 50))
      .on("connect", () => require("node:http").createServer().listen(process.env.PORT)); retry();`;
    const runs = (code: string) =>
      app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
        JSON.stringify(["node", "-e", code]),
        api.id,
      ]);
    await runs(listensAfterWeb);
    const start = async () => ended(app, ada, (await app.as(ada).projects.start({ params: { id: project.id } })).task_id);
    expect(await start()).toMatchObject({ status: "completed", progress: { percentage: 100 } });

    await app.as(ada).projects.stop({ params: { id: project.id } });
    await runs("setTimeout(() => { console.error('cannot start'); process.exit(4); }, 300)");
    expect(await start()).toMatchObject({ status: "failed", error: expect.stringContaining("cannot start") });
    expect(await app.as(ada).containers.get({ params: at(web) })).toMatchObject({
      status: "failed",
      status_message: "Tiny App was stopped because API failed to start.",
    });
    expect((await sandbox.services()).filter(({ status }) => status !== "stopped" && status !== "failed")).toEqual([]);
  });

  test("a container deleted during the project's start leaves no leftovers and does not fail the others", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container: web } = await setUpProject(app, ada);
    const api = await addTiny(app, ada, project.id, "API");
    await app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
      JSON.stringify(["node", "-e", "setTimeout(() => {}, 60000)"]),
      api.id,
    ]);
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    await vi.waitFor(async () => expect(await app.as(ada).containers.get({ params: at(api) })).toMatchObject({ status: "starting" }));
    await app.as(ada).containers.remove({ params: at(api) });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    const sandbox = await app.runtime.find(project.id);
    const active = (await sandbox?.services())?.filter((s) => s.status !== "stopped");
    expect(active?.map((s) => s.name)).toEqual(["tiny-app"]);
    expect(await app.as(ada).containers.get({ params: at(web) })).toMatchObject({ status: "running" });
  });
});
