import { freePort } from "@tesslate/testkit";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { LogEvent, ProjectEvent } from "@tesslate/contract";
import { type TestApp, type TestUser } from "../../../testing/app.ts";
import { canFreeze, ended, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

const sets = (app: TestApp, user: TestUser, id: string, containerId: string, vars: Record<string, string>) =>
  app.as(user).containers.update({ params: { id, container_id: containerId }, body: { env_vars_to_set: vars } });
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
const statuses = (events: ProjectEvent[]) => events.flatMap((e) => (e.type === "container_status" ? [e.data.status] : []));

describe("start and stop", () => {
  test("a start waits for an open port, reports each step and answers when it already runs", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const params = { id: project.id, container_id: container.id };
    const api = app.as(ada);
    const result = await api.containers.start({ params });
    expect(result).toMatchObject({
      status_url: `/api/tasks/${result.task_id}`,
      container_name: container.container_name,
      url: container.url,
    });
    expect(await ended(app, ada, result.task_id)).toMatchObject({
      type: "container_start",
      status: "completed",
      progress: { percentage: 100 },
      metadata: {
        project_slug: project.slug,
        project_id: project.id,
        container_id: container.id,
        container_name: container.container_name,
      },
      result: { container_id: container.id, container_name: container.container_name, url: container.url, status: "running" },
    });
    expect(await api.containers.get({ params })).toMatchObject({
      status: "running",
      last_started_at: expect.any(String),
      needs_restart: false,
    });
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "active", status: "running" });
    expect(await api.projects.status({ params })).toMatchObject({
      status: "running",
      deployment_mode: "process",
      containers: {
        "tiny-app": { container_id: container.id, status: "running", running: true, ready: true, url: container.url, service: false },
      },
    });
    expect(await api.containers.health({ params })).toMatchObject({ healthy: true, status_code: 200, url: container.url });
    expect(await api.containers.start({ params })).toMatchObject({ task_id: null, status_url: null, already_running: true });
    expect(await api.projects.start({ params })).toMatchObject({
      task_id: null,
      already_running: true,
      containers: { "tiny-app": container.url },
    });

    expect(await api.containers.stop({ params })).toEqual({
      message: expect.any(String),
      container_id: container.id,
      container_name: container.container_name,
    });
    expect(await api.containers.stop({ params })).toMatchObject({ container_id: container.id });
    expect(await api.containers.get({ params })).toMatchObject({ status: "stopped" });
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "stopped", status: "stopped" });
    expect(await api.containers.health({ params })).toMatchObject({ healthy: false, error: "It is stopped." });
    expect(await api.projects.stop({ params })).toMatchObject({ deployment_mode: "process" });
    const events = await eventsOf(app, ada, project.id);
    expect(statuses(events)).toEqual(["starting", "running", "stopped"]);
    expect(events.find((e) => e.type === "container_status" && e.data.status === "running")?.data).toMatchObject({
      container_id: container.id,
      url: container.url,
      port: container.internal_port,
    });
  });

  test("concurrent starts share one task", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const api = app.as(ada).projects;
    const [one, two] = await Promise.all([api.start({ params: { id: project.id } }), api.start({ params: { id: project.slug } })]);
    const container_start = await app.as(ada).containers.start({ params: { id: project.id, container_id: container.id } });
    expect(two.task_id).toBe(one.task_id);
    expect([one.already_started, two.already_started].filter(Boolean)).toHaveLength(1);
    expect(container_start).toMatchObject({ task_id: one.task_id, already_started: true });
    expect(await ended(app, ada, one.task_id)).toMatchObject({
      status: "completed",
      result: { containers: { "tiny-app": container.url }, status: "running" },
    });
  });

  test("a restart uses the new environment", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const params = { id: project.id, container_id: container.id };
    expect(await sets(app, ada, project.id, container.id, { GREETING: "hi", PORT: "1" })).toMatchObject({
      needs_restart: true,
      env_var_keys: ["GREETING", "PORT"],
      env_vars_count: 2,
    });
    const environment = async () => {
      const response = await fetch(`http://127.0.0.1:${container.internal_port}/headers`);
      return ((await response.json()) as { env: Record<string, string> }).env;
    };
    expect((await environment())["GREETING"]).toBeUndefined();
    const { task_id } = await app.as(ada).projects.restart({ params });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", type: "project_restart" });
    // Reserved variables override the container's own.
    expect(await environment()).toEqual({
      GREETING: "hi",
      PORT: String(container.internal_port),
      HOST: "0.0.0.0",
      PROJECT_ID: project.id,
      CONTAINER_NAME: container.container_name,
    });
    expect(await app.as(ada).containers.get({ params })).toMatchObject({ needs_restart: false, status: "running" });
    const again = await app.as(ada).containers.restart({ params });
    expect(await ended(app, ada, again.task_id)).toMatchObject({ status: "completed", type: "container_restart" });
    const stored = await app.studio.database.pool.query("select environment_vars from containers where id = $1", [container.id]);
    expect((stored.rows[0] as { environment_vars: Buffer }).environment_vars.toString("latin1")).not.toContain("GREETING");
  });

  test("a server that exits at start fails the task with its last lines, redacted, and is not restarted", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const params = { id: project.id, container_id: container.id };
    await sets(app, ada, project.id, container.id, { CRASH: "7", SECRET_TOKEN: "planted-secret" });
    const { task_id } = await app.as(ada).projects.start({ params });
    const task = await ended(app, ada, task_id);
    expect(task).toMatchObject({ status: "failed", error: expect.stringContaining("cannot start: [secret:SECRET_TOKEN]") });
    expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "failed" });
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "error", environment_status: "stopped" });
    const events = await eventsOf(app, ada, project.id);
    expect(events.find((e) => e.type === "container_status" && e.data.status === "failed")?.data).toMatchObject({
      exit_code: 7,
      message: "Exited with code 7.",
      last_lines: expect.arrayContaining(["cannot start: [secret:SECRET_TOKEN]"]),
    });
    await sleep(200);
    expect(statuses(await eventsOf(app, ada, project.id))).toEqual(["starting", "failed"]);
    expect(JSON.stringify(events)).not.toContain("planted-secret");
    expect(app.logs()).not.toContain("planted-secret");
  });

  test("reports a later crash at once", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    await fetch(`http://127.0.0.1:${container.internal_port}/crash`).catch(() => undefined);
    await vi.waitFor(async () =>
      expect(await app.as(ada).containers.get({ params: { id: project.id, container_id: container.id } })).toMatchObject({
        status: "failed",
      }),
    );
    expect(await app.as(ada).projects.status({ params: { id: project.id } })).toMatchObject({
      status: "error",
      containers: { "tiny-app": { status: "failed", running: false, ready: false } },
    });
  });

  test("detects a server on another port", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const other = await freePort();
    await sets(app, ada, project.id, container.id, { OTHER_PORT: String(other) });
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await app.as(ada).containers.health({ params: { id: project.id, container_id: container.id } })).toMatchObject({
      healthy: true,
    });
    expect((await eventsOf(app, ada, project.id)).findLast((e) => e.type === "container_status")?.data).toMatchObject({ port: other });
  });

  test("stop cancels a start in progress", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    await app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
      JSON.stringify(["node", "-e", "setTimeout(() => {}, 60000)"]),
      container.id,
    ]);
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ status: "starting" }),
    );
    await app.as(ada).projects.stop({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "cancelled" });
    expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({
      status: "stopped",
      environment_status: "stopped",
    });
  });
});

describe("rows", () => {
  test("a container that is given the place of another one gets a free one", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project } = await startedProject(app, ada);
    const body = { container_type: "service" as const, service_slug: "postgres", position_x: 0, position_y: 0 };
    const add = () => app.as(ada).containers.create({ params: { id: project.id }, body });
    const [first, second, third] = [await add(), await add(), await add()];
    expect(first).toMatchObject({ position_x: 0, position_y: 0 });
    expect(new Set([first, second, third].map((one) => `${one.position_x},${one.position_y}`)).size).toBe(3);
  });

  test("a second container gets its own folder, port and URL", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const params = { id: project.id };
    const made = await app.as(ada).containers.create({ params, body: { position_x: 10 } });
    expect(made).toMatchObject({
      name: "Tiny App (2)",
      directory: "tiny-app-2",
      container_name: `${project.slug}-tiny-app-2`,
      internal_port: (container.internal_port ?? 0) + 1,
      position_x: 10,
      status: "stopped",
    });
    expect(await ended(app, ada, made.task_id)).toMatchObject({
      type: "container_initialization",
      status: "completed",
      metadata: { container_id: made.id, project_id: project.id, container_name: made.container_name, base_name: "Tiny App" },
    });
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "partial" });
    const { task_id } = await app.as(ada).projects.start({ params });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "running" });
    expect(await (await fetch(`http://127.0.0.1:${made.internal_port}/`)).text()).toContain("hello");

    const remove = (id: string, query = "") =>
      app.request(`/api/projects/${project.id}/containers/${id}${query}`, { method: "DELETE", user: ada });
    const removed = await remove(made.id);
    expect([removed.status, removed.headers.get("kept-directory"), removed.headers.get("checkpoint-id")]).toEqual([
      204,
      "tiny-app-2",
      null,
    ]);
    await expect(fetch(`http://127.0.0.1:${made.internal_port}/`)).rejects.toThrow();
    await expect(app.as(ada).containers.get({ params: { ...params, container_id: made.id } })).rejects.toMatchObject({ status: 404 });
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "running" });
    // Its files are kept,
    const statusOf = async (path: string) => (await app.request(`/api/projects/${project.id}/files/${path}`, { user: ada })).status;
    expect(await statusOf("tiny-app-2/server.mjs")).toBe(200);

    // unless their deletion is requested; then a checkpoint has them.
    const other = await app.as(ada).containers.create({ params, body: { name: "other" } });
    await ended(app, ada, other.task_id);
    expect(await statusOf(`${other.directory}/server.mjs`)).toBe(200);
    const removal = await remove(other.id, "?delete_files=true");
    expect([removal.status, removal.headers.get("kept-directory")]).toEqual([204, null]);
    expect([await statusOf(`${other.directory}/server.mjs`), await statusOf("server.mjs")]).toEqual([404, 200]);
    const checkpoint_id = removal.headers.get("checkpoint-id") ?? "";
    const back = await app.as(ada).snapshots.checkpointRestore({ params: { id: project.id, checkpoint_id }, body: {} });
    await ended(app, ada, back.task_id);
    expect(await statusOf(`${other.directory}/server.mjs`)).toBe(200);
  });

  test("rejects invalid requests", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const path = `/api/projects/${project.id}/containers`;
    const post = (json: unknown) => app.request(path, { method: "POST", user: ada, json });
    const patch = (json: unknown) => app.request(`${path}/${container.id}`, { method: "PATCH", user: ada, json });
    const cases: [Promise<Response>, number][] = [
      [post({ container_type: "service" }), 400],
      [post({ container_type: "service", service_slug: "no-such" }), 404],
      [post({ container_type: "floppy" }), 422],
      [post({ base_id: "no-such" }), 404],
      [post({ deployment_mode: "external" }), 400],
      [post({ name: "***" }), 400],
      [patch({ port: 0 }), 422],
      [patch({ port: 70_000 }), 422],
      [patch({ env_vars_to_set: { "1X": "a" } }), 422],
      [patch({ env_vars_to_set: { X: 5 } }), 422],
      [patch({ deployment_mode: "external" }), 400],
      [patch({ external_endpoint: "https://x.example" }), 400],
      [patch({ name: "..." }), 400],
      [patch({ deployment_provider: "vercel" }), 200],
      [patch({ deployment_provider: null }), 200],
      [patch({ name: "Web", position_x: 1.5, port: 4321 }), 200],
      [patch({ environment_vars: { X: "a" } }), 422],
      [post({ name: "db", image: "postgres:16" }), 422],
    ];
    expect(await Promise.all(cases.map(async ([result]) => (await result).status))).toEqual(cases.map(([, status]) => status));
    const second = await app.as(ada).containers.create({ params: { id: project.id }, body: { name: "Api" } });
    expect((await patch({ name: "api" })).status).toBe(409);
    expect((await patch({ port: second.internal_port })).status).toBe(409);
    expect(await app.as(ada).containers.get({ params: { id: project.id, container_id: container.id } })).toMatchObject({
      name: "Web",
      position_x: 1.5,
      port: 4321,
      container_name: container.container_name,
      url: container.url,
      injected_env_vars: [],
    });
  });
});

describe("logs", () => {
  test("streams the last lines, then live ones, and resumes by number", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    await sets(app, ada, project.id, container.id, { SECRET_TOKEN: "planted-secret" });
    await ended(app, ada, (await app.as(ada).projects.start({ params: { id: project.id } })).task_id);
    const read = async (count: number, query: { tail?: number; last_event_id?: number }) => {
      const got: LogEvent[] = [];
      for await (const event of app.as(ada).containers.logs({ params: { id: project.id, container_id: container.id }, query })) {
        got.push(event);
        if (got.length === count) break;
      }
      return got;
    };
    expect(await read(3, {})).toMatchObject([
      { seq: 1, type: "log", data: { line: "starting: node server.mjs", stream: "system" } },
      { seq: 2, type: "log", data: { line: "token is [secret:SECRET_TOKEN]", stream: "stdout", ts: expect.any(String) } },
      { seq: 3, data: { line: "listening" } },
    ]);
    expect(await read(1, { tail: 1 })).toMatchObject([{ seq: 3 }]);
    const live = read(1, { last_event_id: 3 });
    await sleep(50);
    await fetch(`http://127.0.0.1:${container.internal_port}/crash`).catch(() => undefined);
    expect(await live).toMatchObject([{ seq: 4, data: { line: "dying with [secret:SECRET_TOKEN]", stream: "stderr" } }]);
  });
});

describe("idle", () => {
  test.skipIf(!canFreeze)("freezes an idle project and thaws it on the next request", async () => {
    await using app = await projectsApp({ idle: { freezeMs: 300, stopMs: 0 } });
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const params = { id: project.id, container_id: container.id };
    await vi.waitFor(async () => expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "frozen" }));
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "running", environment_status: "active" });
    expect(await app.as(ada).projects.start({ params })).toMatchObject({ already_running: true });
    expect(await (await fetch(`http://127.0.0.1:${container.internal_port}/`)).text()).toContain("hello");
  });
});
