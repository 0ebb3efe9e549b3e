import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createRuntime } from "@tesslate/runtime";
import { afterAll, describe, expect, inject, test } from "vitest";
import { testApp, type TestApp } from "../../testing/app.ts";
import { connectionOf } from "../../testing/postgres.ts";
import { asPage, ended, enterPreview, setUpProject, startedProject } from "../../testing/projects.ts";
import { realRuntime } from "../../testing/sandbox.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { tinyTemplates } from "../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

/** The same product as a process of its own, on the data of an app that was closed. */
async function spawnStudio(app: TestApp, runtimeDir: string, templatesDir: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "../../testing/studio-process.ts"), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  child.send({
    env: {
      PORT: String(app.port),
      DATA_DIR: app.dataDir,
      SECRET_KEY: "a key of the tests, long enough for everybody",
      RATE_LIMIT_FACTOR: "0",
      LOG_LEVEL: "error",
    },
    database: connectionOf(inject("postgres").server, app.database),
    runtimeDir,
    templatesDir,
  });
  await once(child, "message");
  return child;
}
async function killHard(child: ChildProcess) {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

describe.skipIf(!canRun)("after a kill -9 of the server (needs a sandbox)", () => {
  const children: ChildProcess[] = [];
  const runtimeDir = temporaryFolder("runtime");
  const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) await killHard(child);
    const runtime = await open();
    for (const { id } of await runtime.list()) await runtime.remove(id);
    await runtime.close();
  });

  // A job that the dead process had just taken is found by the watch that runs once a minute.
  test("what ran goes on running, what was half done is brought to an end, nothing is orphaned", { timeout: 180_000 }, async () => {
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data") });
    const spawn = async () => {
      const child = await spawnStudio(app, runtimeDir, templatesDir);
      children.push(child);
      return child;
    };
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project, container } = await startedProject(app, ada);
    const doomed = await setUpProject(app, ada, "Doomed");
    const params = { id: project.id, container_id: container.id };
    const before = await api.containers.get({ params });
    await app.studio.close();

    // An orderly stop leaves it running; the next process adopts it.
    const first = await spawn();
    expect(await api.containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
    const visit = await enterPreview(app, ada, project.id);
    const bootOf = async () => (JSON.parse((await visit.ask("/headers")).text) as { boot: number }).boot;
    const boot = await bootOf();
    const made = await api.containers.create({ params: { id: project.id }, body: { name: "Second" } });
    await ended(app, ada, made.task_id);
    // In the middle of a start and of a deletion.
    await Promise.all([api.projects.start({ params }), api.projects.remove({ params: { id: doomed.project.id } })]);
    await killHard(first);

    const next = await spawn();
    expect(await api.containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
    expect(await visit.ask("/", { headers: asPage })).toMatchObject({ status: 200 });
    expect(await bootOf()).toBe(boot);
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "active" });
    const { task_id } = await api.projects.start({ params });
    if (task_id) expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await api.projects.get({ params })).toMatchObject({ status: "running" });
    expect(await bootOf()).toBe(boot);
    const { items } = await api.tasks.list({ query: { limit: 100 } });
    for (const task of items) await ended(app, ada, task.id);
    await expect(api.projects.get({ params: { id: doomed.project.id } })).rejects.toMatchObject({ status: 404 });
    const last = await api.projects.remove({ params });
    expect(await ended(app, ada, last.task_id)).toMatchObject({ status: "completed" });
    await killHard(next);

    const runtime = await open();
    expect(await runtime.list()).toEqual([]);
    await runtime.close();
  });
});
