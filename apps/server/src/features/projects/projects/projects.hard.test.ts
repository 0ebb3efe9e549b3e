import { describe, expect, test, vi } from "vitest";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

describe("delete", () => {
  test("cancels a setup in progress", async () => {
    await using app = await projectsApp({ templatesDir: await tinyTemplates({ build: [["node", "-e", "setTimeout(() => {}, 60000)"]] }) });
    const ada = await app.signUp();
    const created = await app.as(ada).projects.create({ body: { name: "Short" } });
    await expect(app.as(ada).projects.start({ params: { id: created.id } })).rejects.toMatchObject({ status: 409, code: "project_busy" });
    await vi.waitFor(async () =>
      expect((await app.as(ada).tasks.get({ params: { task_id: created.task_id } })).progress.message).toContain("Preparing"),
    );
    const { task_id } = await app.as(ada).projects.remove({ params: { id: created.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "cancelled" });
  });

  test("a deletion interrupted by a crash is completed at the next start, and so is a setup", async () => {
    const runtimeDir = temporaryFolder("runtime");
    const first = await projectsApp({ runtimeDir });
    const ada = await first.signUp();
    const deleting = await setUpProject(first, ada, "Doomed");
    const unfinished = await setUpProject(first, ada, "Young");
    // The state after kill -9: accepted, without a task.
    const { pool } = first.studio.database;
    await pool.query("update projects set environment_status = 'deleting' where id = $1", [deleting.project.id]);
    await pool.query("delete from containers where project_id = $1", [unfinished.project.id]);
    await pool.query("update projects set environment_status = 'provisioning' where id = $1", [unfinished.project.id]);
    await first.studio.close();
    await using app = await projectsApp({ runtimeDir, database: first.database });
    await vi.waitFor(
      async () => {
        const { rows } = await app.studio.database.pool.query("select name, environment_status from projects");
        expect(rows).toEqual([{ name: "Young", environment_status: "stopped" }]);
      },
      { interval: 100 },
    );
    expect((await app.runtime.list()).map((r) => r.id)).toEqual([unfinished.project.id]);
    expect((await app.as(ada).containers.list({ params: { id: unfinished.project.id } })).total).toBe(1);
    await app
      .as(ada)
      .projects.remove({ params: { id: unfinished.project.id } })
      .then(({ task_id }) => ended(app, ada, task_id));
  });
});
