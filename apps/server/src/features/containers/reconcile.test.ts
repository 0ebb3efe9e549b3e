import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "@tesslate/runtime";
import { describe, expect, inject, test } from "vitest";
import { testApp, type TestApp } from "../../testing/app.ts";
import { connectionOf } from "../../testing/postgres.ts";
import { asPage, ended, enterPreview, setUpProject, startedProject } from "../../testing/projects.ts";
import { realRuntime } from "../../testing/sandbox.ts";
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
  test("what ran goes on running, what was half done is brought to an end, nothing is orphaned", async () => {
    const runtimeDir = await mkdtemp(join(tmpdir(), "studio-reconcile-"));
    const templatesDir = await tinyTemplates();
    const dataDir = await mkdtemp(join(tmpdir(), "studio-reconcile-data-"));
    const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir });
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const doomed = await setUpProject(app, ada, "Doomed");
    const params = { id: project.id, container_id: container.id };
    const before = await app.as(ada).containers.get({ params });
    await app.studio.close();

    // An orderly stop leaves it running; the next process adopts it.
    const child = await spawnStudio(app, runtimeDir, templatesDir);
    expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
    const visit = await enterPreview(app, ada, project.id);
    const pidOf = async () => (JSON.parse((await visit.ask("/headers")).text) as { pid: number }).pid;
    const pid = await pidOf();
    // In the middle of a start and of a deletion.
    const made = await app.as(ada).containers.create({ params: { id: project.id }, body: { name: "Second" } });
    await ended(app, ada, made.task_id);
    await Promise.all([
      app.as(ada).projects.start({ params: { id: project.id } }),
      app.as(ada).projects.remove({ params: { id: doomed.project.id } }),
    ]);
    await killHard(child);

    const next = await spawnStudio(app, runtimeDir, templatesDir);
    try {
      expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "running", last_started_at: before.last_started_at });
      expect(await visit.ask("/", { headers: asPage })).toMatchObject({ status: 200 });
      expect(await pidOf()).toBe(pid);
      expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ environment_status: "active" });
      const { task_id } = await app.as(ada).projects.start({ params: { id: project.id } });
      if (task_id) expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
      expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ status: "running" });
      const { items } = await app.as(ada).tasks.list({ query: { limit: 100 } });
      for (const task of items.filter((t) => t.type === "project_deletion")) await ended(app, ada, task.id);
      expect(items.filter((t) => t.status === "running" && t.type !== "project_deletion")).toEqual([]);
      await expect(app.as(ada).projects.get({ params: { id: doomed.project.id } })).rejects.toMatchObject({ status: 404 });

      const last = await app.as(ada).projects.remove({ params: { id: project.id } });
      expect(await ended(app, ada, last.task_id)).toMatchObject({ status: "completed" });
    } finally {
      await killHard(next);
    }
    const runtime = await open();
    expect(await runtime.list()).toEqual([]);
    await runtime.close();
    await rm(runtimeDir, { recursive: true, force: true, maxRetries: 3 });
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });
});
