import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { asPage, canFreeze, enterPreview, projectsApp, startedProject } from "../../../testing/projects.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

// The URL is not used; it indicates that others may share the database.
const env = { DATABASE_URL: "postgres://shared/database" };

test("a project belongs to the server with its files: another server changes nothing and creates no second tree", async () => {
  await using one = await projectsApp({ env });
  const ada = await one.signUp();
  const { project, container } = await startedProject(one, ada);
  const params = { id: project.id, container_id: container.id };
  await using two = await projectsApp({ env, database: one.database });
  const there = two.as(ada);
  expect(await there.projects.get({ params })).toMatchObject({ status: "running", environment_status: "active" });
  expect(await there.projects.status({ params })).toMatchObject({
    status: "error",
    error: "The files of this project are on another server. Try again when that server is running.",
  });
  for (const call of [() => there.projects.start({ params }), () => there.containers.start({ params }), () => there.files.list({ params })])
    await expect(call()).rejects.toMatchObject({ status: 503, code: "runtime_unavailable" });
  expect(await two.runtime.list()).toEqual([]);
  expect(await one.as(ada).containers.get({ params })).toMatchObject({ status: "running" });
  expect(await one.as(ada).projects.status({ params })).toMatchObject({ status: "running" });
});

test.skipIf(!canFreeze)(
  "two servers of one runtime do not freeze a project that the other serves, and either wakes it",
  { timeout: 60_000 },
  async () => {
    const idle = { freezeMs: 1500, stopMs: 0 };
    await using one = await projectsApp({ env, idle });
    const ada = await one.signUp();
    const { project, container } = await startedProject(one, ada);
    const params = { id: project.id, container_id: container.id };
    const two = await testApp({
      env,
      database: one.database,
      swap: { runtime: Object.create(one.runtime, { close: { value: async () => undefined } }), templatesDir: await tinyTemplates() },
      configure: (config) => {
        config.runtime.idleFreezeMs = idle.freezeMs;
        config.runtime.idleStopMs = 0;
      },
    });
    try {
      const visit = await enterPreview(two, ada, project.id);
      const statusOf = async () => (await one.as(ada).containers.get({ params })).status;
      // Long work on the second server that the first does not know about.
      const session = await two.as(ada).shell.create({ body: { project_id: project.id } });
      for (let i = 0; i < 8; i++) {
        // The second server writes this while the terminal is open, at most every 15 s: too rarely for this test.
        await one.studio.database.pool.query("update projects set last_activity = now() where id = $1", [project.id]);
        await sleep(500);
        expect(await statusOf()).toBe("running");
      }
      await two.as(ada).shell.remove({ params: { id: session.id } });
      await vi.waitFor(async () => expect(await statusOf()).toBe("frozen"));
      expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
      await vi.waitFor(async () => expect(await statusOf()).toBe("frozen"));
      const here = await enterPreview(one, ada, project.id);
      expect(await here.fetch("/", { headers: asPage })).toMatchObject({ status: 200 });
    } finally {
      await two.close();
    }
  },
);
