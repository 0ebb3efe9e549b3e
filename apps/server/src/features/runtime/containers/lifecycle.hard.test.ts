import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { changed } from "../../../testing/settings.ts";
import { canFreeze, ended, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

/** Follows the project's events from the beginning; returns what was seen so far. */
function listen(app: TestApp, user: TestUser, id: string): { events: ProjectEvent[]; end(): void } {
  const events: ProjectEvent[] = [];
  const abort = new AbortController();
  void (async () => {
    for await (const e of app.as(user).projects.events({ params: { id }, query: { last_event_id: 0 } }, { signal: abort.signal }))
      events.push(e);
  })().catch(() => undefined);
  return { events, end: () => abort.abort() };
}
const setCommand = (app: TestApp, id: string, source: string) =>
  app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [JSON.stringify(["node", "-e", source]), id]);

describe("a container that crashes", () => {
  const backoff = { attempts: 3, firstMs: 200, capMs: 800, stableMs: 60_000 };

  test("repeatedly is restarted with growing delays, then left stopped with a reason", { timeout: 40_000 }, async () => {
    await using app = await projectsApp();
    using _ = changed(app.config.runtime.backoff, backoff);
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    // Up for a moment, like a server with a bad dependency.
    await setCommand(
      app,
      container.id,
      'require("http").createServer((q, r) => r.end("up")).listen(process.env.PORT, () => setTimeout(() => { console.error("no luck"); process.exit(5); }, 300))',
    );
    const params = { id: project.id };
    const { events, end } = listen(app, ada, project.id);
    await app.as(ada).projects.start({ params });
    // Between two attempts its status is failed.
    const failures = await vi.waitFor(
      () => {
        const found = events.flatMap((e) => (e.type === "container_status" && e.data.status === "failed" ? [{ ts: e.ts, ...e.data }] : []));
        expect(found.map((f) => f.restarts)).toEqual([1, 2, 3, 3]);
        return found;
      },
      { timeout: 30_000 },
    );
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "error", environment_status: "stopped" });
    const waits = failures.map((f) => (f.restart_at ? Date.parse(f.restart_at) - Date.parse(f.ts) : undefined));
    expect(waits[3]).toBeUndefined();
    for (const [i, expected] of [200, 400, 800].entries()) expect(Math.abs((waits[i] ?? 0) - expected)).toBeLessThan(150);
    expect(failures[3]?.message).toBe("Exited with code 5. It kept crashing, so it is no longer restarted.");
    expect(await app.as(ada).projects.status({ params })).toMatchObject({
      containers: {
        "tiny-app": { status: "failed", message: failures[3]?.message, last_lines: expect.arrayContaining(["no luck"]), restart_at: null },
      },
    });
    // A manual start resets the backoff.
    const before = failures.length;
    await app.as(ada).projects.start({ params });
    await vi.waitFor(() => {
      const after = events.filter((e) => e.type === "container_status" && e.data.status === "failed").slice(before);
      expect(after[0]?.data).toMatchObject({ restarts: 1, restart_at: expect.any(String) });
    });
    // A stop cancels the pending restart.
    await app.as(ada).projects.stop({ params });
    await sleep(1500);
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "stopped", stop_reason: "user" });
    end();
  });
});

describe("running limit", () => {
  test("stops an idle project to free a slot", async () => {
    await using app = await projectsApp({ env: { TIER_MAX_RUNNING_FREE: "1" }, idle: { freezeMs: 300, stopMs: 0 } });
    const ada = await app.signUp();
    const one = await startedProject(app, ada, "One");
    await sleep(500);
    const two = await startedProject(app, ada, "Two");
    expect(await app.as(ada).projects.get({ params: { id: one.project.id } })).toMatchObject({ status: "stopped", stop_reason: "limit" });
    expect(await app.as(ada).projects.get({ params: { id: two.project.id } })).toMatchObject({ environment_status: "active" });
  });
});

test("stops the longest idle project when memory is low, but not one in use", { timeout: 60_000 }, async () => {
  await using app = await projectsApp({
    idle: { freezeMs: 700, stopMs: 0 },
    // Every machine uses more memory than this.
    configure: (config) => (config.runtime.memory = { watermarkPercent: 1, everyMs: 500 }),
  });
  const ada = await app.signUp();
  const api = app.as(ada);
  const used = await startedProject(app, ada, "Used");
  const session = await api.shell.create({ body: { project_id: used.project.id } });
  const { events, end } = listen(app, ada, used.project.id);
  const old = await startedProject(app, ada, "Old");
  const recent = await startedProject(app, ada, "Young");
  const reasonOf = async ({ project }: typeof old) => (await api.projects.get({ params: { id: project.id } })).stop_reason;
  await vi.waitFor(async () => expect([await reasonOf(old), await reasonOf(recent)]).toEqual(["memory", "memory"]));
  expect(await api.projects.status({ params: { id: old.project.id } })).toMatchObject({ status: "stopped", stop_reason: "memory" });
  const order = app.logs().match(/"project_id":"[^"]+","used_percent"/g) ?? [];
  expect(order.map((line) => line.includes(old.project.id))).toEqual([true, false]);
  expect(await api.projects.get({ params: { id: used.project.id } })).toMatchObject({ status: "running", stop_reason: null });
  await api.shell.remove({ params: { id: session.id } });
  await vi.waitFor(async () => expect(await reasonOf(used)).toBe("memory"));
  expect(events.filter((e) => e.type === "project_status").at(-1)?.data).toMatchObject({
    environment_status: "stopped",
    stop_reason: "memory",
  });
  end();
});

describe("edge cases", () => {
  const slow = 'setTimeout(() => require("http").createServer((q, r) => r.end("up")).listen(process.env.PORT), 1500)';

  test("start, stop, start, stop without waiting ends in the last requested state", { timeout: 40_000 }, async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    await setCommand(app, container.id, slow);
    const params = { id: project.id };
    const verbs = app.as(ada).projects;
    for (let i = 0; i < 3; i++) {
      await verbs.start({ params });
      await verbs.stop({ params });
    }
    expect(await verbs.get({ params })).toMatchObject({ status: "stopped", environment_status: "stopped" });
    const last = await verbs.start({ params });
    expect(await ended(app, ada, last.task_id)).toMatchObject({ status: "completed" });
    // All concurrently: whatever wins, status and events agree.
    await Promise.allSettled([verbs.stop({ params }), verbs.start({ params }), verbs.restart({ params }), verbs.stop({ params })]);
    for (const { id } of (await app.as(ada).tasks.list({ query: { project_id: project.id } })).items) await ended(app, ada, id);
    const [row, live] = await Promise.all([verbs.get({ params }), verbs.status({ params })]);
    expect(row.status).toBe(live.status);
    expect(row.environment_status).toBe(live.status === "running" ? "active" : "stopped");
    await verbs.stop({ params });
    expect((await app.runtime.list())[0]?.services).toMatchObject([{ state: "stopped" }]);
  });

  test.skipIf(!canFreeze)("a frozen project can be stopped, restarted and deleted", { timeout: 40_000 }, async () => {
    await using app = await projectsApp({ idle: { freezeMs: 200, stopMs: 0 } });
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const ids = { id: project.id, container_id: container.id };
    const frozen = () =>
      vi.waitFor(async () => expect(await app.as(ada).containers.get({ params: ids })).toMatchObject({ status: "frozen" }));
    await frozen();
    expect(await ended(app, ada, (await app.as(ada).projects.restart({ params: ids })).task_id)).toMatchObject({ status: "completed" });
    await frozen();
    await app.as(ada).containers.stop({ params: ids });
    expect(await app.as(ada).projects.get({ params: ids })).toMatchObject({ status: "stopped" });
    await ended(app, ada, (await app.as(ada).containers.start({ params: ids })).task_id);
    await frozen();
    expect(await ended(app, ada, (await app.as(ada).projects.remove({ params: ids })).task_id)).toMatchObject({ status: "completed" });
    expect(await app.runtime.list()).toEqual([]);
  });
});
