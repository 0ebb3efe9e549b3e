import { expect, test } from "vitest";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";
import { changed } from "../../../testing/settings.ts";

test("enables always-on within the tier's limit, also concurrently, and is idempotent", async () => {
  await using app = await projectsApp();
  using _deploys = changed(app.config.projects.maxDeploys, { free: 1, basic: 3 });
  using _running = changed(app.config.projects.maxRunning, { free: 3 });
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
  const result = both[won]?.status === "fulfilled" ? both[won].value : undefined;
  expect(result).toMatchObject({ is_deployed: true, deployed_at: expect.any(String), project_slug: hosted.project.slug });
  await ended(app, ada, result?.task_id ?? null);
  const params = { id: hosted.project.slug };
  expect(await api.projects.get({ params })).toMatchObject({ is_deployed: true, deploy_type: "deployed", status: "running" });
  expect(await api.projects.get({ params: { id: other.project.id } })).toMatchObject({ is_deployed: false, status: "stopped" });
  expect(await api.hosting.deploy({ params })).toMatchObject({ task_id: null, already_running: true, deployed_at: result?.deployed_at });
  expect(await api.hosting.limits()).toEqual({
    subscription_tier: "free",
    deploys: { used: 1, limit: 1 },
    running: { used: 1, limit: 3 },
    deployed: [{ id: hosted.project.id, slug: hosted.project.slug, name: hosted.project.name, deployed_at: result?.deployed_at }],
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

test("rejects other users, anonymous callers and projects that cannot start", async () => {
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
