import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { emptyRuntime, ended, openProcesses, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

test("an always-on project never sleeps; turning it off restores idling", { timeout: 40_000 }, async () => {
  await using app = await projectsApp({ idle: { freezeMs: 300, stopMs: 900 } });
  const ada = await app.signUp();
  const { project } = await setUpProject(app, ada);
  const params = { id: project.id };
  await ended(app, ada, (await app.as(ada).hosting.deploy({ params })).task_id);
  await sleep(2500);
  expect(Object.values((await app.as(ada).projects.status({ params })).containers)).toMatchObject([{ status: "running" }]);
  await app.as(ada).hosting.undeploy({ params });
  await vi.waitFor(async () =>
    expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "stopped", stop_reason: "idle" }),
  );
});

test("starts always-on projects after a reboot, unless owner or administrator stopped them", { timeout: 60_000 }, async () => {
  const runtimeDir = temporaryFolder("runtime");
  const env = { TIER_MAX_DEPLOYS_FREE: "3" };
  const first = await projectsApp({ runtimeDir, env });
  const ada = await first.signUp();
  const up = await setUpProject(first, ada, "Up");
  const down = await setUpProject(first, ada, "Down");
  const banned = await setUpProject(first, ada, "Banned");
  const plain = await startedProject(first, ada, "Plain");
  for (const { project } of [up, down, banned])
    await ended(first, ada, (await first.as(ada).hosting.deploy({ params: { id: project.id } })).task_id);
  await first.as(ada).projects.stop({ params: { id: down.project.id } });
  expect(await first.as(ada).projects.get({ params: { id: down.project.id } })).toMatchObject({ stop_reason: "user", is_deployed: true });
  const admin = await first.signUp({ admin: true });
  await first.as(admin).adminProjects.stop({ params: { id: banned.project.id }, body: { reason: "It mines coins." } });
  await first.studio.close();
  // The machine goes down with all processes.
  const machine = await openProcesses(runtimeDir);
  for (const { id } of await machine.list()) await (await machine.find(id))?.stop();
  await machine.close();
  {
    await using app = await projectsApp({ runtimeDir, env, database: first.database });
    const statusOf = async ({ project }: typeof up) => (await app.as(ada).projects.get({ params: { id: project.id } })).status;
    await vi.waitFor(async () => expect(await statusOf(up)).toBe("running"));
    expect([await statusOf(down), await statusOf(banned)]).toEqual(["stopped", "stopped"]);
    expect(await statusOf(plain)).toBe("stopped");
  }
  await emptyRuntime(runtimeDir);
});
