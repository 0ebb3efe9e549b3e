import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container, Project, ProjectEvent } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { projectsApp, setUpProject, startedProject, type ProjectsApp } from "../../../testing/projects.ts";

let app: ProjectsApp;
let ada: TestUser;
let eve: TestUser;
let project: Project;
let container: Container;
const nowhere = "00000000-0000-4000-8000-000000000000";
beforeAll(async () => {
  app = await projectsApp();
  ada = await app.signUp();
  eve = await app.signUp();
  ({ project, container } = await setUpProject(app, ada));
});
afterAll(() => app.close());

/** Project events during `work`, up to the first event of `type`. */
async function eventsDuring<T extends ProjectEvent["type"]>(type: T, work: () => Promise<unknown>) {
  const abort = new AbortController();
  const stream: AsyncIterable<ProjectEvent> = app
    .as(ada)
    .projects.events({ params: { id: project.id }, query: {} }, { signal: abort.signal });
  const first = (async () => {
    for await (const event of stream) if (event.type === type) return event as Extract<ProjectEvent, { type: T }>;
    throw new Error("the stream ended");
  })();
  await new Promise((resolve) => setTimeout(resolve, 150));
  await work();
  const event = await first;
  abort.abort();
  return event;
}

describe("previews on the canvas", () => {
  test("creates with defaults, updates, lists and deletes", async () => {
    const api = app.as(ada).previews;
    const made = await api.create({ params: { id: project.slug }, body: {} });
    expect(made).toMatchObject({
      project_id: project.id,
      connected_container_id: null,
      position_x: 0,
      position_y: 0,
      width: null,
      height: null,
      current_path: "/",
      url: null,
    });
    const change = {
      position_x: 12.5,
      position_y: -40,
      width: 400,
      height: 260,
      current_path: "/order?day=1",
      connected_container_id: container.id,
    };
    const changed = await api.update({ params: { id: project.id, preview_id: made.id }, body: change });
    expect(changed).toMatchObject({ ...change, id: made.id, created_at: made.created_at, url: null });
    expect(await api.list({ params: { id: project.id }, query: {} })).toEqual({ items: [changed], total: 1, page: 1, total_pages: 1 });
    expect(
      await api.update({ params: { id: project.id, preview_id: made.id }, body: { width: null, connected_container_id: null } }),
    ).toMatchObject({
      width: null,
      height: 260,
      connected_container_id: null,
    });
    await api.remove({ params: { id: project.id, preview_id: made.id } });
    expect((await api.list({ params: { id: project.id }, query: {} })).total).toBe(0);
  });

  test("shows its container's URL while it runs, and disconnects when it is deleted", async () => {
    const own = await startedProject(app, ada, "Runs");
    const api = app.as(ada).previews;
    const made = await api.create({ params: { id: own.project.id }, body: { connected_container_id: own.container.id } });
    expect(made.url).toBe(own.container.url);
    await app.as(ada).containers.remove({ params: { id: own.project.id, container_id: own.container.id } });
    const { items } = await api.list({ params: { id: own.project.id }, query: {} });
    expect(items).toMatchObject([{ id: made.id, connected_container_id: null, url: null }]);
  });

  test("emits an event for every change", async () => {
    let id = "";
    const made = await eventsDuring("graph_changed", async () => {
      ({ id } = await app.as(ada).previews.create({ params: { id: project.id }, body: {} }));
    });
    expect(made.data).toEqual({ part: "preview", op: "add", id });
    await eventsDuring("graph_changed", () => app.as(ada).previews.remove({ params: { id: project.id, preview_id: id } }));
  });

  test.each<[string, unknown]>([
    ["an invalid path", { current_path: "order" }],
    ["a position out of range", { position_x: 1e9 }],
    ["an invalid position", { position_y: "left" }],
    ["a size below the minimum", { width: 2 }],
    ["a malformed container", { connected_container_id: "web" }],
  ])("%s is 422", async (_, json) => {
    expect((await app.request(`/api/projects/${project.id}/previews`, { method: "POST", user: ada, json })).status).toBe(422);
  });
  test("rejects ids and unknown fields", async () => {
    const response = await app.request(`/api/projects/${project.id}/previews`, {
      method: "POST",
      user: ada,
      json: { id: nowhere, project_id: nowhere, moon: "full" },
    });
    expect(response.status).toBe(422);
    const { detail } = (await response.json()) as { detail: { loc: string[] }[] };
    expect(detail.map(({ loc }) => loc.at(-1))).toEqual(["id", "project_id", "moon"]);
  });

  test("other users and projects get 404, a malformed id 422", async () => {
    const made = await app.as(ada).previews.create({ params: { id: project.id }, body: {} });
    const hers = await setUpProject(app, eve, "Hers");
    const at = `/api/projects/${project.id}/previews`;
    const statusOf = async (path: string, method: string, user: TestUser, json?: unknown) =>
      (await app.request(path, { method, user, ...(json !== undefined && { json }) })).status;
    expect(await statusOf(at, "GET", eve)).toBe(404);
    expect(await statusOf(at, "POST", eve, {})).toBe(404);
    expect(await statusOf(`${at}/${made.id}`, "PATCH", eve, { position_x: 1 })).toBe(404);
    expect(await statusOf(`${at}/${made.id}`, "DELETE", eve)).toBe(404);
    expect(await statusOf(`/api/projects/${hers.project.id}/previews/${made.id}`, "DELETE", eve)).toBe(404);
    expect(await statusOf(at, "POST", ada, { connected_container_id: hers.container.id })).toBe(404);
    expect(await statusOf(`${at}/${made.id}`, "PATCH", ada, { connected_container_id: hers.container.id })).toBe(404);
    expect(await statusOf(`${at}/${nowhere}`, "DELETE", ada)).toBe(404);
    expect(await statusOf(`${at}/nonsense`, "DELETE", ada)).toBe(422);
    expect((await app.request(at)).status).toBe(401);
    await app.as(ada).previews.remove({ params: { id: project.id, preview_id: made.id } });
  });

  test("a canvas is limited to one hundred, also for concurrent requests", async () => {
    const full = await setUpProject(app, ada, "Full");
    const make = () =>
      app.request(`/api/projects/${full.project.id}/previews`, { method: "POST", user: ada, json: {} }).then((a) => a.status);
    const results = await Promise.all(Array.from({ length: 104 }, make));
    expect(results.filter((status) => status === 201)).toHaveLength(100);
    expect(results.filter((status) => status === 409)).toHaveLength(4);
  });
});

describe("positions", () => {
  test("saves many positions in one call and emits them", async () => {
    const preview = await app.as(ada).previews.create({ params: { id: project.id }, body: { width: 300, height: 200 } });
    const body = {
      containers: [{ id: container.id, position_x: 640, position_y: 80 }],
      previews: [{ id: preview.id, position_x: -20, position_y: 10, height: 240 }],
    };
    const positionsEvent = await eventsDuring("positions_changed", async () => {
      expect(await app.as(ada).previews.positions({ params: { id: project.id }, body })).toEqual({ saved: 2, missing: [] });
    });
    expect(positionsEvent.data).toEqual({
      containers: body.containers,
      previews: [{ id: preview.id, position_x: -20, position_y: 10, width: 300, height: 240 }],
    });
    expect(await app.as(ada).containers.get({ params: { id: project.id, container_id: container.id } })).toMatchObject({
      position_x: 640,
      position_y: 80,
    });
    await app.as(ada).previews.remove({ params: { id: project.id, preview_id: preview.id } });
  });

  test("reports unknown items and saves the rest", async () => {
    const hers = await setUpProject(app, eve, "Not yours");
    const body = {
      containers: [
        { id: hers.container.id, position_x: 1, position_y: 1 },
        { id: nowhere, position_x: 1, position_y: 1 },
        { id: container.id, position_x: 5, position_y: 6 },
      ],
      previews: [{ id: nowhere, position_x: 0, position_y: 0 }],
    };
    expect(await app.as(ada).previews.positions({ params: { id: project.id }, body })).toEqual({
      saved: 1,
      missing: [hers.container.id, nowhere],
    });
    const theirs = await app.as(eve).containers.get({ params: { id: hers.project.id, container_id: hers.container.id } });
    expect(theirs.position_x).toBe(hers.container.position_x);
  });

  test("crossing batches do not deadlock", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => app.as(ada).previews.create({ params: { id: project.id }, body: {} })));
    const batch = (previews: typeof made) =>
      app.as(ada).previews.positions({
        params: { id: project.id },
        body: { previews: previews.map(({ id }, at) => ({ id, position_x: at, position_y: at })) },
      });
    const results = await Promise.all(Array.from({ length: 12 }, (_, at) => batch(at % 2 ? made : made.toReversed())));
    expect(results).toEqual(Array.from({ length: 12 }, () => ({ saved: 6, missing: [] })));
    for (const { id } of made) await app.as(ada).previews.remove({ params: { id: project.id, preview_id: id } });
  });

  test("other users get 404, invalid input 422, an empty batch changes nothing", async () => {
    const path = `/api/projects/${project.id}/positions`;
    expect((await app.request(path, { method: "PATCH", user: eve, json: {} })).status).toBe(404);
    expect((await app.request(path, { method: "PATCH", json: {} })).status).toBe(401);
    expect(
      (await app.request(path, { method: "PATCH", user: ada, json: { containers: [{ id: "x", position_x: 0, position_y: 0 }] } })).status,
    ).toBe(422);
    expect((await app.request(path, { method: "PATCH", user: ada, json: { containers: [{ id: nowhere }] } })).status).toBe(422);
    expect(await app.as(ada).previews.positions({ params: { id: project.id }, body: {} })).toEqual({ saved: 0, missing: [] });
  });
});
