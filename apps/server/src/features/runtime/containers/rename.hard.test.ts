import { freePort } from "@tesslate/testkit";
import { expect, test } from "vitest";
import type { Container } from "@tesslate/contract";
import { type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyRuntime, ended, projectsApp, setUpProject } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const at = (container: Container) => ({ id: container.project_id, container_id: container.id });
const addTiny = async (app: TestApp, user: TestUser, id: string, name: string): Promise<Container> => {
  const made = await app.as(user).containers.create({ params: { id }, body: { name } });
  expect(await ended(app, user, made.task_id)).toMatchObject({ status: "completed" });
  return app.as(user).containers.update({ params: at(made), body: { port: await freePort() } });
};

test("completes a rename interrupted by a crash if the folder moved, otherwise discards it", async () => {
  const runtimeDir = temporaryFolder("runtime");
  await using first = await projectsApp({ runtimeDir });
  const ada = await first.signUp();
  const { project } = await setUpProject(first, ada);
  const moved = await addTiny(first, ada, project.id, "API");
  const unmoved = await addTiny(first, ada, project.id, "Worker");
  const pending = (key: string) =>
    JSON.stringify({
      name: key,
      service_key: key,
      host_label: `${project.slug}-${key}`,
      container_name: `${project.slug}-${key}`,
      directory: key,
    });
  await first.studio.database.pool.query("update containers set pending_rename = $1 where id = $2", [pending("orders"), moved.id]);
  await first.studio.database.pool.query("update containers set pending_rename = $1 where id = $2", [pending("jobs"), unmoved.id]);
  await first.as(ada).files.rename({ params: { id: project.id }, body: { old_path: "api", new_path: "orders" } });
  await first.studio.close();
  {
    await using app = await projectsApp({ runtimeDir, database: first.database });
    expect(await app.as(ada).containers.get({ params: at(moved) })).toMatchObject({ name: "orders", directory: "orders" });
    expect(await app.as(ada).containers.get({ params: at(unmoved) })).toMatchObject({ name: "Worker", directory: "worker" });
    const { rows } = await app.studio.database.pool.query("select 1 from containers where pending_rename is not null");
    expect(rows).toEqual([]);
  }
  await emptyRuntime(runtimeDir);
});
