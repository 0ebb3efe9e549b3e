import { freePort } from "@tesslate/testkit";
import { expect, test } from "vitest";
import type { Container } from "@tesslate/contract";
import { type TestApp, type TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";

const at = (container: Container) => ({ id: container.project_id, container_id: container.id });
const addTiny = async (app: TestApp, user: TestUser, id: string, name: string): Promise<Container> => {
  const made = await app.as(user).containers.create({ params: { id }, body: { name } });
  expect(await ended(app, user, made.task_id)).toMatchObject({ status: "completed" });
  return app.as(user).containers.update({ params: at(made), body: { port: await freePort() } });
};

test("renames folder, key, host and URL, restarts what ran, and marks dependents stale", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const bob = await app.signUp();
  const { project, container: web } = await setUpProject(app, ada);
  const client = app.as(ada);
  const api = await addTiny(app, ada, project.id, "API");
  await client.connections.create({ params: { id: project.id }, body: { source_container_id: api.id, target_container_id: web.id } });
  expect(await ended(app, ada, (await client.projects.start({ params: { id: project.id } })).task_id)).toMatchObject({
    status: "completed",
  });

  const rename = async (container: Container, name: unknown, user: TestUser = ada) => {
    const response = await app.request(`/api/projects/${project.id}/containers/${container.id}/rename`, {
      method: "POST",
      json: { name },
      user,
    });
    return { status: response.status, body: (await response.json()) as Container & { task_id: string | null } };
  };
  expect((await rename(api, "tiny app")).status).toBe(409);
  expect((await rename(api, "!!!")).status).toBe(400);
  expect((await rename(api, "")).status).toBe(422);
  expect((await rename(api, "Orders", bob)).status).toBe(404);
  await client.files.put({ params: { id: project.id, path: "taken/file.txt" }, body: { content: "x" } });
  expect((await rename(api, "Taken")).status).toBe(409);
  expect(await client.containers.get({ params: at(api) })).toMatchObject({ name: "API", directory: "api" });

  const { status, body } = await rename(api, "Orders");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    name: "Orders",
    directory: "orders",
    container_name: `${project.slug}-orders`,
    url: api.url?.replace("-api.", "-orders."),
  });
  expect(await ended(app, ada, body.task_id)).toMatchObject({ type: "container_start", status: "completed", error: null });
  expect(await client.containers.health({ params: at(api) })).toMatchObject({ healthy: true, status_code: 200 });
  expect(await client.files.get({ params: { id: project.id, path: "orders/server.mjs" } })).toMatchObject({ is_directory: false });
  expect((await app.request(`/api/projects/${project.id}/files/api%2Fserver.mjs`, { user: ada })).status).toBe(404);
  expect(await client.containers.get({ params: at(web) })).toMatchObject({
    needs_restart: true,
    injected_env_vars: expect.arrayContaining([{ key: "ORDERS_URL", source_container_name: "Orders", source_container_id: api.id }]),
  });
  const running = (await (await app.runtime.find(project.id))?.services())?.filter((s) => s.status === "running");
  expect(running?.map((s) => s.name).sort()).toEqual(["orders", "tiny-app"]);

  // The root container has no folder to move; a change of case changes nothing else.
  expect((await rename(web, "Front")).body).toMatchObject({ directory: ".", container_name: `${project.slug}-front` });
  expect((await rename(web, "FRONT")).body).toMatchObject({ name: "FRONT", container_name: `${project.slug}-front`, task_id: null });
});

test("restarts a starting container under its new name", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const { project } = await setUpProject(app, ada);
  const client = app.as(ada);
  const api = await addTiny(app, ada, project.id, "API");
  const params = at(api);
  await client.containers.start({ params });
  await expect.poll(async () => (await client.containers.get({ params })).status, { interval: 5 }).toMatch(/starting|running/);
  const { task_id } = await client.containers.rename({ params, body: { name: "Orders" } });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  expect(await client.containers.get({ params })).toMatchObject({ name: "Orders", status: "running" });
});
