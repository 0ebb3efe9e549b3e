import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { testApp, type TestApp } from "../../../testing/app.ts";
import { ended, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();

const runtimeDir = temporaryFolder("runtime");
const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
const children: SpawnedStudio[] = [];

const spawn = async (app: TestApp, templatesDir: string): Promise<SpawnedStudio> => {
  const child = await spawnStudio({ ...app, runtimeDir, templatesDir });
  children.push(child);
  return child;
};
afterAll(async () => {
  for (const child of children) await child.kill();
  if (!probe) return;
  const runtime = await open();
  for (const { id } of await runtime.list()) await runtime.remove(id);
  await runtime.close();
});

test.skipIf(!probe)(
  `kill -9 of the server during a restore: the next start finishes it and restarts what was running${probe ? "" : " (skipped: needs a sandbox)"}`,
  { timeout: 180_000 },
  async () => {
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data") });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await startedProject(app, ada);
    const params = { id: project.id };
    const fill = async (mark: string) => {
      const form = new FormData();
      for (let i = 0; i < 800; i++) form.append("file", new Blob([`${mark} ${i}`]), `many/d${i % 20}/f${i}.txt`);
      await api.files.upload({ params, query: { overwrite: true }, form });
    };
    const marks = async () => {
      const paths = Array.from({ length: 800 }, (_, i) => `many/d${i % 20}/f${i}.txt`);
      const found = new Set<string>();
      for (let i = 0; i < paths.length; i += 200)
        for (const file of (await api.files.batch({ params, body: { paths: paths.slice(i, i + 200) } })).files)
          found.add(file.content?.split(" ")[0] ?? "");
      return [...found];
    };
    await fill("one");
    const made = await api.snapshots.create({ params, body: { label: "one" } });
    expect(await ended(app, ada, made.task_id)).toMatchObject({ status: "completed" });
    await fill("two");
    expect(await marks()).toEqual(["two"]);
    await app.studio.close();

    for (const delayMs of process.env["SOAK"] ? [0, 400, 900] : [400]) {
      let server = await spawn(app, templatesDir);
      const wanted =
        (await marks())[0] === "two"
          ? made.id
          : (await api.snapshots.list({ params, query: {} })).items.find((s) => s.snapshot_type === "safety")?.id;
      const before = (await marks())[0];
      await api.snapshots.restore({ params: { ...params, snapshot_id: wanted ?? "" }, body: {} });
      await sleep(delayMs);
      await server.kill();
      server = await spawn(app, templatesDir);
      const restores = async () =>
        (await api.tasks.list({ query: { project_id: project.id, limit: 100 } })).items.filter((t) => t.type === "snapshot_restore");
      for (let i = 0; (await restores()).some((t) => t.status === "queued" || t.status === "running"); i++) {
        if (i > 900) throw new Error("the restore never ended");
        await sleep(100);
      }
      expect((await restores())[0]).toMatchObject({ status: "completed", error: null });
      // Complete, and the requested one.
      expect([delayMs, await marks()]).toEqual([delayMs, [before === "two" ? "one" : "two"]]);
      const status = await api.projects.status({ params });
      expect(Object.values(status.containers).map((c) => c.status)).toEqual(["running"]);
      expect((await api.snapshots.list({ params, query: {} })).items.every((s) => s.status === "ready")).toBe(true);
      await server.kill();
    }
  },
);
