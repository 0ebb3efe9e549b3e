import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { emptyRuntime, ended, openProcesses, projectsApp, setUpProject, startedProject } from "../../testing/projects.ts";
import { temporaryFolder } from "../../testing/temporary.ts";

test("a project is hosted within the tier's limit, at once with others and again without a second place", async () => {
  await using app = await projectsApp({ env: { TIER_MAX_DEPLOYS_FREE: "1", TIER_MAX_RUNNING_FREE: "3" } });
  const ada = await app.signUp();
  const api = app.as(ada);
  const one = await setUpProject(app, ada, "One");
  const two = await setUpProject(app, ada, "Two");
  const both = await Promise.allSettled([one, two].map(({ project }) => api.hosting.deploy({ params: { id: project.id } })));
  const won = both.findIndex((r) => r.status === "fulfilled");
  expect(both.map((r) => r.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const [hosted, other] = won === 0 ? [one, two] : [two, one];
  expect(both[1 - won]).toMatchObject({
    reason: { status: 402, code: "deploy_limit_reached", details: { limit: 1, deployed: [{ id: hosted.project.id }] } },
  });
  const answer = both[won]?.status === "fulfilled" ? both[won].value : undefined;
  expect(answer).toMatchObject({ is_deployed: true, deployed_at: expect.any(String), project_slug: hosted.project.slug });
  await ended(app, ada, answer?.task_id ?? null);
  const params = { id: hosted.project.slug };
  expect(await api.projects.get({ params })).toMatchObject({ is_deployed: true, deploy_type: "deployed", status: "running" });
  expect(await api.projects.get({ params: { id: other.project.id } })).toMatchObject({ is_deployed: false, status: "stopped" });
  expect(await api.hosting.deploy({ params })).toMatchObject({ task_id: null, already_running: true, deployed_at: answer?.deployed_at });
  expect(await api.hosting.limits()).toEqual({
    subscription_tier: "free",
    deploys: { used: 1, limit: 1 },
    running: { used: 1, limit: 3 },
    deployed: [{ id: hosted.project.id, slug: hosted.project.slug, name: hosted.project.name, deployed_at: answer?.deployed_at }],
  });
  expect((await app.request(`/api/projects/${hosted.project.id}/deploy`, { method: "DELETE", user: ada })).status).toBe(204);
  await api.hosting.undeploy({ params });
  expect(await api.projects.get({ params })).toMatchObject({
    is_deployed: false,
    deployed_at: null,
    deploy_type: "development",
    status: "running",
  });
  await app.studio.database.pool.query("update users set subscription_tier = 'basic' where id = $1", [ada.id]);
  for (const { project } of [one, two]) await api.hosting.deploy({ params: { id: project.id } });
  expect(await api.hosting.limits()).toMatchObject({ subscription_tier: "basic", deploys: { used: 2, limit: 3 } });
});

test("strangers, the signed-out and projects that cannot start are refused", async () => {
  await using app = await projectsApp();
  const ada = await app.signUp();
  const eve = await app.signUp();
  const { project, container } = await setUpProject(app, ada);
  const path = `/api/projects/${project.id}/deploy`;
  for (const method of ["POST", "DELETE"]) {
    expect((await app.request(path, { method, user: eve })).status).toBe(404);
    expect((await app.request(path, { method })).status).toBe(401);
  }
  expect((await app.request("/api/projects/deployment-limits")).status).toBe(401);
  await app.as(ada).containers.remove({ params: { id: project.id, container_id: container.id } });
  await expect(app.as(ada).hosting.deploy({ params: { id: project.id } })).rejects.toMatchObject({ status: 400, code: "no_containers" });
  expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ is_deployed: false });
  expect(await app.as(ada).hosting.limits()).toMatchObject({ deploys: { used: 0 } });
});

test("a hosted project never falls asleep; when it is not hosted any more it does", { timeout: 40_000 }, async () => {
  await using app = await projectsApp({ idle: { freezeMs: 300, stopMs: 900 } });
  const ada = await app.signUp();
  const { project } = await setUpProject(app, ada);
  const params = { id: project.id };
  await ended(app, ada, (await app.as(ada).hosting.deploy({ params })).task_id);
  await sleep(2500);
  expect(Object.values((await app.as(ada).projects.status({ params })).containers)).toMatchObject([{ status: "running" }]);
  await app.as(ada).hosting.undeploy({ params });
  await vi.waitFor(
    async () => expect(await app.as(ada).projects.get({ params })).toMatchObject({ status: "stopped", stop_reason: "idle" }),
    {
      timeout: 15_000,
    },
  );
});

test("after a reboot what is hosted is started, unless its owner or an administrator had stopped it", { timeout: 60_000 }, async () => {
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
  // The machine goes down and takes every process with it.
  const machine = await openProcesses(runtimeDir);
  for (const { id } of await machine.list()) await (await machine.find(id))?.stop();
  await machine.close();
  {
    await using app = await projectsApp({ runtimeDir, env, database: first.database });
    const statusOf = async ({ project }: typeof up) => (await app.as(ada).projects.get({ params: { id: project.id } })).status;
    await vi.waitFor(async () => expect(await statusOf(up)).toBe("running"), { timeout: 20_000 });
    expect([await statusOf(down), await statusOf(banned)]).toEqual(["stopped", "stopped"]);
    expect(await statusOf(plain)).toBe("stopped");
  }
  await emptyRuntime(runtimeDir);
});
