import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { RuntimeDriver } from "@tesslate/runtime";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { asPage, ended, enterPreview, setUpProject, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

/** The same checks as in `previews.test.ts`, with the production driver. */
const runtime: (RuntimeDriver & AsyncDisposable) | undefined = await realRuntime().catch(() => undefined);

describe.skipIf(!runtime)(
  `on a real runtime (${runtime ? `${runtime.name}, isolation ${runtime.isolation}` : "this machine can host none"})`,
  () => {
    let app: TestApp;
    let ada: TestUser;
    beforeAll(async () => {
      app = await testApp({
        swap: { ...(runtime && { runtime }), templatesDir: await tinyTemplates({ build: [["node", "--version"]] }) },
        configure: (config) => {
          config.runtime.idleFreezeMs = 0;
          config.runtime.idleStopMs = 0;
        },
      });
      ada = await app.signUp();
    });
    afterAll(async () => {
      await app.close();
      await runtime?.[Symbol.asyncDispose]();
    });

    test.skipIf(!runtime?.can.freeze)("sleeps, and is thawed before connecting", async () => {
      await using ownRuntime = await realRuntime();
      await using own = await testApp({
        swap: { runtime: ownRuntime, templatesDir: await tinyTemplates() },
        configure: (config) => {
          config.runtime.idleFreezeMs = 500;
          config.runtime.idleStopMs = 0;
        },
      });
      const user = await own.signUp();
      const { project, container } = await startedProject(own, user, "Sleepy");
      const visit = await enterPreview(own, user, project.id);
      const params = { id: project.id, container_id: container.id };
      await vi.waitFor(async () => expect(await own.as(user).containers.get({ params })).toMatchObject({ status: "frozen" }));
      expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
      await vi.waitFor(async () => expect(await own.as(user).containers.get({ params })).toMatchObject({ status: "frozen" }));
      const { task_id } = await own.as(user).projects.remove({ params });
      expect(await ended(own, user, task_id)).toMatchObject({ status: "completed" });
    });

    test("installs a second container's dependencies in its own folder", async () => {
      const { project } = await setUpProject(app, ada, "Pair");
      const made = await app.as(ada).containers.create({ params: { id: project.id }, body: { name: "Api" } });
      expect(await ended(app, ada, made.task_id)).toMatchObject({ status: "completed", error: null });
      const started = await app.as(ada).projects.start({ params: { id: project.id } });
      expect(await ended(app, ada, started.task_id)).toMatchObject({ status: "completed", error: null });
      expect(await app.as(ada).projects.status({ params: { id: project.id } })).toMatchObject({
        status: "running",
        containers: { api: { ready: true }, "tiny-app": { ready: true } },
      });
    });
  },
);
