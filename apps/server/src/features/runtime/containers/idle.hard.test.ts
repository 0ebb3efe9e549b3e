import { setTimeout as sleep } from "node:timers/promises";
import type { RuntimeDriver } from "@tesslate/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { asPage, enterPreview, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const runtime: (RuntimeDriver & AsyncDisposable) | undefined = await realRuntime().catch(() => undefined);
const freezeMs = 1200;
const stopMs = 6000;

/** Freezing and stopping idle projects, on the driver used in production. */
describe.skipIf(!runtime?.can.freeze)("idle policy (needs a runtime that can freeze)", () => {
  let app: TestApp;
  let ada: TestUser;
  beforeAll(async () => {
    app = await testApp({
      swap: { ...(runtime && { runtime }), templatesDir: await tinyTemplates() },
      configure: (config) => {
        config.runtime.idleFreezeMs = freezeMs;
        config.runtime.idleStopMs = stopMs;
      },
    });
    ada = await app.signUp();
  });
  afterAll(async () => {
    await app.close();
    await runtime?.[Symbol.asyncDispose]();
  });
  const statusOf = async (id: string) => Object.values((await app.as(ada).projects.status({ params: { id } })).containers)[0]?.status;
  const becomes = (id: string, status: string) => vi.waitFor(async () => expect(await statusOf(id)).toBe(status), { interval: 25 });
  /** Only `use`, several times over more than the idle time, and it never slept. */
  const staysAwakeBy = async (id: string, use: () => Promise<unknown>) => {
    for (const until = Date.now() + freezeMs * 2; Date.now() < until; await sleep(300)) {
      await use();
      expect(await statusOf(id)).toBe("running");
    }
  };

  test("hot-reload sockets and pings neither keep it awake nor wake it; a request does at once", { timeout: 60_000 }, async () => {
    const { project } = await startedProject(app, ada);
    const visit = await enterPreview(app, ada, project.id);
    const bootOf = async () => (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
    const boot = await bootOf();
    const { socket, status } = await visit.upgrade("/?token=x", { protocol: "vite-hmr" });
    expect(status).toBe(101);
    // What an open tab sends: masked text frames.
    const pings = setInterval(() => socket?.write(Buffer.from([0x81, 0x84, 0, 0, 0, 0, 0x70, 0x69, 0x6e, 0x67])), 100);
    await becomes(project.id, "frozen");
    clearInterval(pings);
    expect(socket?.destroyed).toBe(false);
    const ping = { headers: { accept: "text/x-vite-ping" } };
    expect((await visit.fetch("/", ping)).status).toBe(503);
    expect((await visit.upgrade("/", { protocol: "vite-ping" })).status).toBe(503);
    expect((await visit.upgrade("/?token=x", { protocol: "vite-hmr" })).status).toBe(503);
    expect(await statusOf(project.id)).toBe("frozen");

    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    // Thawed, not restarted.
    expect(await bootOf()).toBe(boot);
    expect(socket?.destroyed).toBe(false);
    socket?.destroy();

    // Then it is stopped, and the next request starts it and waits for it.
    await becomes(project.id, "stopped");
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ environment_status: "stopped" }),
    );
    expect(await visit.fetch("/", ping)).toMatchObject({ status: 503 });
    expect(await statusOf(project.id)).toBe("stopped");
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    expect(await bootOf()).not.toBe(boot);
    await app.as(ada).projects.remove({ params: { id: project.id } });
  });

  test("file changes, POST /activity and an open terminal keep it awake and wake it", { timeout: 60_000 }, async () => {
    const { project } = await startedProject(app, ada);
    const params = { id: project.id };
    const api = app.as(ada);
    const write = () => api.files.put({ params: { ...params, path: "notes.txt" }, body: { content: `at ${Date.now()}` } });
    await staysAwakeBy(project.id, write);
    await becomes(project.id, "frozen");
    await write();
    expect(await statusOf(project.id)).toBe("running");
    await staysAwakeBy(project.id, () => api.projects.activity({ params }));
    await becomes(project.id, "frozen");
    expect((await app.request(`/api/projects/${project.id}/activity`, { method: "POST", user: ada })).status).toBe(204);
    await becomes(project.id, "running");

    const session = await api.shell.create({ body: { project_id: project.id } });
    await sleep(freezeMs * 2);
    expect(await statusOf(project.id)).toBe("running");
    await api.shell.remove({ params: { id: session.id } });
    await becomes(project.id, "frozen");
    await api.projects.remove({ params });
  });

  test("only the owner can call POST /activity", async () => {
    const { project } = await startedProject(app, ada);
    const path = `/api/projects/${project.id}/activity`;
    const eve = await app.signUp();
    expect((await app.request(path, { method: "POST", user: eve })).status).toBe(404);
    expect((await app.request(path, { method: "POST" })).status).toBe(401);
    await app.as(ada).projects.remove({ params: { id: project.id } });
  });
});
