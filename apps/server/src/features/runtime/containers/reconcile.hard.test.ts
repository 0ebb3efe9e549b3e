import { createRuntime } from "@tesslate/runtime";
import { afterAll, describe, expect, test } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { asPage, ended, enterPreview, setUpProject, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!canRun)("after kill -9 of the server (needs a sandbox)", () => {
  const children: SpawnedStudio[] = [];
  const runtimeDir = temporaryFolder("runtime");
  const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
  afterAll(async () => {
    for (const child of children) await child.kill();
    const runtime = await open();
    for (const { id } of await runtime.list()) await runtime.remove(id);
    await runtime.close();
  });

  // A job that the killed process had just taken is found by a check once a minute.
  test("running services continue, interrupted operations are completed, nothing is orphaned", { timeout: 180_000 }, async () => {
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data") });
    const spawn = async () => {
      const child = await spawnStudio({ ...app, runtimeDir, templatesDir });
      children.push(child);
      return child;
    };
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project, container } = await startedProject(app, ada);
    const deleted = await setUpProject(app, ada, "Doomed");
    const params = { id: project.id, container_id: container.id };
    const before = await api.containers.get({ params });
    await app.studio.close();

    // A graceful stop leaves it running; the next process adopts it.
    const first = await spawn();
    expect(await api.containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
    const visit = await enterPreview(app, ada, project.id);
    const bootOf = async () => (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
    const boot = await bootOf();
    const made = await api.containers.create({ params: { id: project.id }, body: { name: "Second" } });
    await ended(app, ada, made.task_id);
    // During a start and a deletion.
    await Promise.all([api.projects.start({ params }), api.projects.remove({ params: { id: deleted.project.id } })]);
    await first.kill();

    const next = await spawn();
    expect(await api.containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200 });
    expect(await bootOf()).toBe(boot);
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "active" });
    const { task_id } = await api.projects.start({ params });
    if (task_id) expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await api.projects.get({ params })).toMatchObject({ status: "running" });
    expect(await bootOf()).toBe(boot);
    const { items } = await api.tasks.list({ query: { limit: 100 } });
    for (const task of items) await ended(app, ada, task.id);
    await expect(api.projects.get({ params: { id: deleted.project.id } })).rejects.toMatchObject({ status: 404 });
    const last = await api.projects.remove({ params });
    expect(await ended(app, ada, last.task_id)).toMatchObject({ status: "completed" });
    await next.kill();

    const runtime = await open();
    expect(await runtime.list()).toEqual([]);
    await runtime.close();
  });
});
