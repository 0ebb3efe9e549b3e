import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { changed } from "../../../testing/settings.ts";
import { asPage, ended, enterPreview, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

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
const setVars = (app: TestApp, user: TestUser, id: string, containerId: string, vars: Record<string, string>) =>
  app.as(user).containers.update({ params: { id, container_id: containerId }, body: { env_vars_to_set: vars } });

describe("a container that crashes", () => {
  const backoff = { attempts: 3, firstMs: 200, capMs: 800, stableMs: 60_000 };

  test("is restarted; the event has the reason, the last lines and the time of the next attempt", async () => {
    await using app = await projectsApp();
    using _ = changed(app.config.runtime.backoff, { ...backoff, firstMs: 1000 });
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const params = { id: project.id };
    const { events, end } = listen(app, ada, project.id);
    const visit = await enterPreview(app, ada, project.id);
    await fetch(`http://127.0.0.1:${container.internal_port}/crash`).catch(() => undefined);
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.status({ params })).toMatchObject({
        status: "error",
        environment_status: "active",
        containers: {
          "tiny-app": {
            status: "failed",
            message: "Exited with code 3.",
            last_lines: expect.arrayContaining([expect.stringContaining("dying with")]),
            restarts: 1,
            restart_at: expect.any(String),
          },
        },
      }),
    );
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({
      status: 503,
      text: expect.stringMatching(/http-equiv="refresh" content="[12]".*Exited with code 3\. It restarts/s),
    });
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.status({ params })).toMatchObject({ status: "running", stop_reason: null }),
    );
    expect(await (await fetch(`http://127.0.0.1:${container.internal_port}/`)).text()).toContain("hello");
    await vi.waitFor(() =>
      expect(events.filter((e) => e.type === "container_status").map((e) => e.data.status)).toEqual([
        "starting",
        "running",
        "failed",
        "starting",
        "running",
      ]),
    );
    const failed = events.find((e) => e.type === "container_status" && e.data.status === "failed");
    expect(failed?.data).toMatchObject({ exit_code: 3, restarts: 1, restart_at: expect.any(String) });
    end();
  });

  test("at its first start is not restarted", async () => {
    await using app = await projectsApp();
    using _ = changed(app.config.runtime.backoff, backoff);
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    await setVars(app, ada, project.id, container.id, { CRASH: "7" });
    const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "failed" });
    await sleep(400);
    const { items } = await app.as(ada).tasks.list({ query: { project_id: project.id } });
    expect(items.map((t) => t.type).toSorted()).toEqual(["project_creation", "project_start"]);
    expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({
      status: "error",
      environment_status: "stopped",
    });
  });
});

describe("running limit", () => {
  test("names the projects over the limit, and concurrent starts cannot share the last slot", async () => {
    await using app = await projectsApp();
    using _ = changed(app.config.projects.maxRunning, { free: 1 });
    const ada = await app.signUp();
    const api = app.as(ada);
    const made = [await setUpProject(app, ada, "One"), await setUpProject(app, ada, "Two")];
    const both = await Promise.allSettled(made.map(({ project }) => api.projects.start({ params: { id: project.id } })));
    expect(both.map((r) => r.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const won = both.findIndex((r) => r.status === "fulfilled");
    const [running, other] = [made[won], made[1 - won]];
    if (!running || !other) throw new Error("no containers");
    const refusal = {
      status: 402,
      code: "running_limit_reached",
      details: { limit: 1, running: [{ id: running.project.id, name: running.project.name, slug: running.project.slug }] },
    };
    expect(both[1 - won]).toMatchObject({ reason: refusal });
    if (both[won]?.status === "fulfilled") await ended(app, ada, both[won].value.task_id);
    const otherIds = { id: other.project.id, container_id: other.container.id };
    await expect(api.containers.start({ params: otherIds })).rejects.toMatchObject(refusal);
    await expect(api.projects.restart({ params: otherIds })).rejects.toMatchObject(refusal);
    // The preview shows the same.
    const visit = await enterPreview(app, ada, other.project.id);
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({
      status: 503,
      text: expect.stringContaining("One project may run at once"),
    });
    expect(await api.projects.get({ params: otherIds })).toMatchObject({ status: "stopped", environment_status: "stopped" });
    // A restart of a running project needs no slot; other users have their own.
    await ended(app, ada, (await api.projects.restart({ params: { id: running.project.id } })).task_id);
    const eve = await app.signUp();
    await startedProject(app, eve);
    await api.projects.stop({ params: { id: running.project.id } });
    expect(await ended(app, ada, (await api.projects.start({ params: otherIds })).task_id)).toMatchObject({ status: "completed" });
  });
});

describe("edge cases", () => {
  test("twenty concurrent starts are one task", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const ids = { id: project.id, container_id: container.id };
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 2 ? app.as(ada).projects.start({ params: ids }) : app.as(ada).containers.start({ params: ids }),
      ),
    );
    for (const { task_id } of results) if (task_id) expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    const { items } = await app.as(ada).tasks.list({ query: { project_id: project.id } });
    expect(items.filter((t) => t.type !== "project_creation").length).toBeLessThanOrEqual(2);
    const boots = new Set<number>();
    for (let i = 0; i < 3; i++)
      boots.add(((await (await fetch(`http://127.0.0.1:${container.internal_port}/headers`)).json()) as { boot: number }).boot);
    expect(boots.size).toBe(1);
  });
});
