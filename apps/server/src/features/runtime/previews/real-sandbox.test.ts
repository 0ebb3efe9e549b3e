import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestUser } from "../../../testing/app.ts";
import { asPage, ended, enterPreview, startedProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

/** The same checks as in `previews.test.ts`, with the production driver. */
const runtime = await realRuntime().catch(() => undefined);
await runtime?.[Symbol.asyncDispose]();

describe.skipIf(!runtime)(
  `on a real runtime (${runtime ? `${runtime.name}, isolation ${runtime.isolation}` : "this machine can host none"})`,
  () => {
    let app: SandboxApp;
    let ada: TestUser;
    beforeAll(async () => {
      app = await sandboxApp();
      ada = await app.signUp();
    });
    afterAll(() => app.close());

    test("create, start, preview, socket, stop, wake, crash, delete", async () => {
      const { project, container } = await startedProject(app, ada);
      const params = { id: project.id, container_id: container.id };
      const visit = await enterPreview(app, ada, project.id);
      expect(visit.entered.status).toBe(303);
      const page = await visit.fetch("/", { headers: asPage });
      expect(page.status).toBe(200);
      expect(page.text).toContain('<head><script src="/__studio/bridge.js"></script><title>Tiny</title>');
      const { env } = JSON.parse((await visit.fetch("/headers")).text) as { env: Record<string, string> };
      expect(env).toMatchObject({ PORT: String(container.internal_port), HOST: "0.0.0.0", PROJECT_ID: project.id });
      const { status, socket } = await visit.upgrade("/hmr?token=1", { protocol: "vite-hmr" });
      expect(status).toBe(101);
      socket?.destroy();
      expect(await app.as(ada).containers.health({ params })).toMatchObject({ healthy: true, status_code: 200 });

      await app.as(ada).projects.stop({ params });
      expect(await app.as(ada).projects.status({ params })).toMatchObject({ status: "stopped" });
      // Stopped by hand, so it is started by the button of the page shown instead.
      expect((await visit.fetch("/", { headers: asPage })).text).toContain("was stopped manually");
      expect((await visit.fetch("/__studio/start?path=/", { method: "POST" })).status).toBe(303);
      expect((await visit.fetch("/", { headers: asPage })).text).toContain("hello");

      await visit.fetch("/crash").catch(() => undefined);
      await vi.waitFor(async () => expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "failed" }));
      const shown = await visit.fetch("/", { headers: asPage });
      expect(shown).toMatchObject({ status: 503, text: expect.stringContaining("Exited with code 3.") });
      expect(shown.text).toContain("dying with");

      const { task_id } = await app.as(ada).projects.remove({ params });
      expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
      expect((await app.runtime.list()).map((s) => s.id)).not.toContain(project.id);
      expect((await visit.fetch("/")).status).toBe(404);
    });

    test("two projects use the same port at the same time in isolation", async () => {
      const one = await startedProject(app, ada);
      const two = await startedProject(app, ada);
      expect(one.container.internal_port).toBe(two.container.internal_port);
      for (const { project } of [one, two]) {
        const visit = await enterPreview(app, ada, project.id);
        expect(JSON.parse((await visit.fetch("/headers")).text)).toMatchObject({ env: { PROJECT_ID: project.id } });
      }
    });
  },
);
