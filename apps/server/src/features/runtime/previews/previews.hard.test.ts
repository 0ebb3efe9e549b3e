import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { asPage, canFreeze, enterPreview, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

describe("waking", () => {
  test.skipIf(!canFreeze)("thaws a frozen project before connecting; requests keep it awake, an idle socket does not", async () => {
    await using own = await projectsApp({ idle: { freezeMs: 1500, stopMs: 0 } });
    const user = await own.signUp();
    const made = await startedProject(own, user, "Own");
    const params = { id: made.project.id, container_id: made.container.id };
    const page = await enterPreview(own, user, made.project.id);
    const { socket } = await page.upgrade("/", { protocol: "vite-hmr" });
    for (let i = 0; i < 25; i++) {
      expect((await page.fetch("/")).status).toBe(200);
      await sleep(80);
      expect(await own.as(user).containers.get({ params })).toMatchObject({ status: "running" });
    }
    await vi.waitFor(async () => expect(await own.as(user).containers.get({ params })).toMatchObject({ status: "frozen" }));
    // It was only frozen: the page itself is served, not a waiting page.
    expect(await page.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    socket?.destroy();
  });

  test("answers a slow start with a self-reloading page", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const made = await setUpProject(own, user, "Own");
    await own.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
      JSON.stringify(["node", "-e", "setTimeout(() => {}, 60000)"]),
      made.container.id,
    ]);
    const page = await enterPreview(own, user, made.project.id);
    const started = performance.now();
    const response = await page.fetch("/", { headers: asPage });
    expect(performance.now() - started).toBeGreaterThan(9000);
    expect(response).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(response.text).toContain('<meta http-equiv="refresh" content="1">');
    expect(response.text).toContain("Tiny App is starting");
    await own.as(user).projects.stop({ params: { id: made.project.id } });
  });
});
