import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { createRunner, type Runner } from "@tesslate/runtime/runner";
import { freePort } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testApp, type TestApp, type TestUser } from "./testing/app.ts";
import { ended } from "./testing/projects.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";

const token = "0123456789abcdef0123456789abcdef";
const soon = { timeout: 15_000, interval: 50 };
let memory: RuntimeDriver;
let runner: Runner | undefined;
let port: number;
let app: TestApp;
let admin: TestUser;
const startRunner = async (shared = token) => {
  runner = await createRunner({
    driver: memory,
    token: shared,
    listen: { host: "127.0.0.1", port },
    version: "9.9.9",
    timing: { drainMs: 50 },
  });
};
beforeAll(async () => {
  memory = await createRuntime({ driver: "memory", dataDir: "/nowhere" });
  port = await freePort();
  app = await start();
  admin = await app.signUp({ admin: true });
}, 60_000);
const start = async (database?: string) =>
  testApp({
    env: { RUNTIME_DRIVER: "remote", RUNNER_URL: `http://127.0.0.1:${port}`, RUNNER_TOKEN: token },
    swap: { templatesDir: await tinyTemplates() },
    hasConfiguredRuntime: true,
    configure: (config) => {
      config.runtime.runnerTiming = { startMs: 300, patienceMs: 300, backoffMs: { first: 10, max: 50, refused: 50 } };
    },
    ...(database !== undefined && { database }),
  });
afterAll(async () => {
  await app?.close();
  await runner?.close();
  await memory?.close();
});

const runnerOf = async () => (await app.as(admin).adminServers.get()).runners[0];
const ready = async () => {
  const response = await app.request("/ready");
  return { status: response.status, body: (await response.json()) as { status: string; checks: Record<string, unknown> } };
};

test(
  "a server starts without its runner, says so, serves what needs no project, and connects by itself",
  { timeout: 120_000 },
  async () => {
    expect(await (await app.request("/health")).json()).toMatchObject({
      status: "healthy",
      runtime: { driver: "remote", isolation: "unknown" },
    });
    expect(await ready()).toMatchObject({
      status: 200,
      body: {
        status: "degraded",
        checks: {
          database: { ok: true },
          runtime: { ok: false, is_required: false, detail: expect.stringMatching(/^The runner has not been reachable since /) },
        },
      },
    });
    const api = app.as(admin);
    expect(await runnerOf()).toMatchObject({
      version: null,
      protocol: null,
      driver: null,
      is_reachable: false,
      last_error: { message: expect.stringContaining("cannot be reached (ECONNREFUSED)"), is_permanent: false },
    });
    expect((await api.adminHealth.get()).checks.find((check) => check.id === "runtime")).toMatchObject({
      status: "down",
      summary: expect.stringContaining("ECONNREFUSED"),
    });
    const ada = await app.signUp();
    expect((await app.as(ada).projects.list({ query: {} })).items).toEqual([]);

    // A project can be created; its setup fails as long as there is no runner, with the documented error.
    const { id, task_id } = await app.as(ada).projects.create({ body: { name: "Shop" } });
    expect(await ended(app, ada, task_id ?? "")).toMatchObject({ status: "failed", error: expect.stringContaining("cannot be reached") });
    await app.db.execute(`update projects set environment_status = 'stopped' where id = '${id}'`);
    const refused = await app.request(`/api/projects/${id}/files`, { user: ada });
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: "runtime_unavailable" }]);
    expect(await app.as(ada).projects.get({ params: { id } })).toMatchObject({ name: "Shop" });
    expect(await app.as(ada).notes.get({ params: { id } })).toMatchObject({ content: "" });
    await app.db.execute(`update projects set environment_status = 'setup_failed' where id = '${id}'`);

    await startRunner("another token of at least 32 characters");
    await vi.waitFor(
      async () =>
        expect(await runnerOf()).toMatchObject({
          is_reachable: false,
          last_error: { message: expect.stringContaining("refused the token"), is_permanent: true },
        }),
      soon,
    );
    expect((await app.as(admin).adminServers.get()).problems[0]).toMatchObject({
      kind: "runner_unreachable",
      message: expect.stringContaining("RUNNER_TOKEN must be the same on both machines"),
      advice: expect.stringContaining("Waiting doesn't help"),
    });
    expect(app.logs()).toContain("the runner cannot be used until its settings or version change");
    await runner?.close();

    await startRunner();
    await vi.waitFor(async () => expect(await runnerOf()).toMatchObject({ is_reachable: true, version: "9.9.9", driver: "memory" }), soon);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ready", checks: { runtime: { ok: true, is_required: false } } } });
    expect(await (await app.request("/health")).json()).toMatchObject({ runtime: { driver: "memory" } });
    await vi.waitFor(() => expect(app.logs()).toContain("work that waited for the runner is done"), soon);
    const retried = await app.as(ada).projects.retrySetup({ params: { id } });
    expect(await ended(app, ada, retried.task_id)).toMatchObject({ status: "completed" });
    expect((await app.as(ada).files.list({ params: { id }, query: {} })).items.length).toBeGreaterThan(0);

    // The next start without it knows what the runner can do: what lists of containers need.
    const { items } = await app.as(ada).containers.list({ params: { id } });
    await runner?.close();
    await app.studio.close();
    await using next = await start(app.database);
    expect(await (await next.request("/health")).json()).toMatchObject({ runtime: { driver: "memory" } });
    expect((await next.as(ada).containers.list({ params: { id } })).items.map(({ name }) => name)).toEqual(items.map(({ name }) => name));
    expect((await next.request(`/api/projects/${id}/files`, { user: ada })).status).toBe(503);
  },
);
