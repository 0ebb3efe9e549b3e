import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { ended, enterPreview, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";

/** Projects share the ports of the machine here. */
test("a container whose port is in use at its first start gets another one", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const first = await startedProject(app, ada, "First");
  const { project, container } = await setUpProject(app, ada, "Second");
  const params = { id: project.id, container_id: container.id };
  await app.as(ada).containers.update({ params, body: { port: first.container.internal_port ?? 0 } });
  const { task_id } = await app.as(ada).containers.start({ params });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  for (const { id } of [project, first.project]) {
    const visit = await enterPreview(app, ada, id);
    expect(JSON.parse((await visit.fetch("/headers")).text)).toMatchObject({ env: { PROJECT_ID: id } });
  }
});

test("a port that another program took fails the start with the program's message", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project, container } = await startedProject(app, ada, "Taken");
  const params = { id: project.id, container_id: container.id };
  await app.as(ada).containers.stop({ params });
  const portHolder = createServer().listen(container.internal_port ?? 0, "127.0.0.1");
  await once(portHolder, "listening");
  try {
    const { task_id } = await app.as(ada).containers.start({ params });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "failed", error: expect.stringContaining("EADDRINUSE") });
    expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "failed" });
    expect((await app.as(ada).projects.status({ params })).containers["tiny-app"]).toMatchObject({
      running: false,
      message: expect.stringContaining("Exited with code"),
      last_lines: expect.arrayContaining([expect.stringContaining("EADDRINUSE")]),
    });
  } finally {
    portHolder.close();
  }
});

test("a project deleted during its start leaves nothing running", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project, container } = await setUpProject(app, ada);
  await app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
    JSON.stringify(["node", "-e", "setTimeout(() => {}, 60000)"]),
    container.id,
  ]);
  const start = await app.as(ada).projects.start({ params: { id: project.id } });
  await vi.waitFor(async () =>
    expect(await app.as(ada).containers.get({ params: { id: project.id, container_id: container.id } })).toMatchObject({
      status: "starting",
    }),
  );
  const removal = await app.as(ada).projects.remove({ params: { id: project.id } });
  expect(await ended(app, ada, removal.task_id)).toMatchObject({ status: "completed" });
  expect(await ended(app, ada, start.task_id)).toMatchObject({ status: "cancelled" });
  expect(await app.runtime.find(project.id)).toBeUndefined();
});

test("a container deleted during its start cancels it and deletes its connections", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project, container } = await setUpProject(app, ada);
  const params = { id: project.id, container_id: container.id };
  await app.studio.database.pool.query("update containers set start_command = $1 where id = $2", [
    JSON.stringify(["node", "-e", "setTimeout(() => {}, 60000)"]),
    container.id,
  ]);
  const { task_id } = await app.as(ada).containers.start({ params });
  await vi.waitFor(async () => expect(await app.as(ada).containers.get({ params })).toMatchObject({ status: "starting" }));
  // A second start during the first shares its task.
  expect(await app.as(ada).containers.start({ params })).toMatchObject({ task_id, already_started: true });
  await app.as(ada).containers.remove({ params });
  expect(["cancelled", "completed"]).toContain((await ended(app, ada, task_id)).status);
  const sandbox = await app.runtime.find(project.id);
  expect((await sandbox?.services())?.filter((s) => s.status !== "stopped")).toEqual([]);
  expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ environment_status: "stopped" });
  const again = await app.request(`/api/projects/${project.id}/start`, { method: "POST", user: ada });
  expect(again.status).toBe(400);
  expect(await again.json()).toMatchObject({ code: "no_containers" });
});

test("the log of a service that never ran is an open stream that receives its first start", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project, container } = await setUpProject(app, ada);
  const params = { id: project.id, container_id: container.id };
  const firstLine = (async () => {
    for await (const { data } of app.as(ada).containers.logs({ params })) if (data.line.includes("listening")) return data.line;
    return "the stream ended";
  })();
  const { task_id } = await app.as(ada).containers.start({ params });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
  expect(await firstLine).toBe("listening");
});
