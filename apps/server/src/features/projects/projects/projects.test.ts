import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import type { ProjectEvent } from "@tesslate/contract";
import { testApp } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, startedProject } from "../../../testing/projects.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

test("pinned projects come first in lists; pinning is no change of the project, and can be undone", async () => {
  await using app = await projectsApp();
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const made = [];
  for (const name of ["One", "Two", "Three"]) made.push((await setUpProject(app, ada, name)).project);
  const [one] = made;
  const params = { id: one?.id ?? "" };
  const api = app.as(ada);
  const names = async () => (await api.projects.list({ query: {} })).items.map(({ name, pinned_at }) => [name, pinned_at !== null]);
  const before = await api.projects.get({ params });
  const pinned = await api.projects.update({ params, body: { is_pinned: true } });
  expect([pinned.pinned_at === null, pinned.updated_at]).toEqual([false, before.updated_at]);
  expect((await names())[0]).toEqual(["One", true]);
  // Again: it stays pinned since the first time.
  expect((await api.projects.update({ params, body: { is_pinned: true } })).pinned_at).toBe(pinned.pinned_at);
  expect((await api.projects.update({ params, body: { is_pinned: false } })).pinned_at).toBeNull();
  expect((await names()).map(([name]) => name)).toEqual(["Three", "Two", "One"]);
  await expect(app.as(eve).projects.update({ params, body: { is_pinned: true } })).rejects.toMatchObject({ status: 404 });
  expect((await app.request(`/api/projects/${params.id}`, { method: "PATCH", user: ada, json: { is_pinned: "yes" } })).status).toBe(422);
});

describe("create", () => {
  test("a name is enough for a project with the default template and one stopped container", async () => {
    await using app = await projectsApp({ templatesDir: await tinyTemplates({ build: [["node", "-e", "console.log('ready to go')"]] }) });
    const ada = await app.signUp();
    const created = await app.as(ada).projects.create({ body: { name: "  Crème Brûlée! " } });
    expect(created).toMatchObject({
      name: "Crème Brûlée!",
      owner_id: ada.id,
      environment_status: "provisioning",
      status: "creating",
      status_url: `/api/tasks/${created.task_id}`,
      network_name: `tesslate-${created.slug}`,
    });
    expect(created.slug).toMatch(/^creme-brulee-[0-9a-z]{6}$/);
    const task = await ended(app, ada, created.task_id);
    expect(task).toMatchObject({
      status: "completed",
      type: "project_creation",
      result: { slug: created.slug },
      metadata: { project_id: created.id, project_slug: created.slug, source_type: "template" },
    });
    expect(task.logs.join("\n")).toContain("ready to go");
    expect(await app.as(ada).projects.get({ params: { id: created.slug } })).toMatchObject({
      id: created.id,
      environment_status: "stopped",
      status: "stopped",
    });
    const { items } = await app.as(ada).containers.list({ params: { id: created.id } });
    expect(items).toMatchObject([
      {
        name: "Tiny App",
        directory: ".",
        status: "stopped",
        container_name: `${created.slug}-tiny-app`,
        position_x: 200,
        position_y: 200,
        url: `http://${created.slug}-tiny-app.preview.localhost:${app.port}`,
      },
    ]);
    expect((task.result as { container_id: string }).container_id).toBe(items[0]?.id);
  });

  test("a derived name gets a number if the user has a project with it; a typed one stays", async () => {
    await using app = await projectsApp();
    const [ada, eve] = [await app.signUp(), await app.signUp()];
    const create = async (user: typeof ada, name: string, is_name_unique?: boolean) =>
      (await app.as(user).projects.create({ body: { name, ...(is_name_unique !== undefined && { is_name_unique }) } })).name;
    expect(await create(ada, "Bakery", true)).toBe("Bakery");
    expect(await create(ada, " bakery ", true)).toBe("bakery 2");
    expect(await create(ada, "Bakery", true)).toBe("Bakery 3");
    expect(await create(ada, "Bakery")).toBe("Bakery");
    expect(await create(eve, "Bakery", true)).toBe("Bakery");
    expect((await Promise.all([1, 2, 3].map(() => create(eve, "100% a_b", true)))).sort()).toEqual([
      "100% a_b",
      "100% a_b 2",
      "100% a_b 3",
    ]);
    expect(await create(eve, "x".repeat(100), true)).toBe("x".repeat(100));
    expect(await create(eve, "x".repeat(100), true)).toBe(`${"x".repeat(98)} 2`);
  });

  test("refuses malformed, unknown and unavailable values and stores nothing", async () => {
    await using app = await testApp();
    const ada = await app.signUp();
    const cases: [unknown, number][] = [
      [{}, 422],
      [{ name: "   " }, 422],
      [{ name: "x".repeat(101) }, 422],
      [{ name: "a", source_type: "floppy" }, 422],
      [{ name: "a", source_type: "base" }, 422],
      [{ name: "a", source_type: "base", base_id: "no-such-base" }, 404],
      [{ name: "a", base_id: "no-such-base" }, 404],
      [{ name: "a", source_type: "template", base_id: "no-such-template" }, 404],
      [{ name: "a", source_type: "github" }, 422],
      [{ name: "a", git_repo_url: "http://example.com/x.git" }, 422],
      [{ name: "a", git_repo_url: "https://127.0.0.1/x.git" }, 400],
    ];
    for (const [json, status] of cases)
      expect([json, (await app.request("/api/projects", { method: "POST", user: ada, json })).status]).toEqual([json, status]);
    expect((await app.request("/api/projects", { method: "POST", json: { name: "a" } })).status).toBe(401);
    expect((await app.as(ada).projects.list()).total).toBe(0);
  });

  test("a template that fails to build leaves a project that reports the failure and can be deleted", async () => {
    await using app = await projectsApp({
      templatesDir: await tinyTemplates({ build: [["node", "-e", "console.error('no such package'); process.exit(1)"]] }),
    });
    const ada = await app.signUp();
    const created = await app.as(ada).projects.create({ body: { name: "Broken" } });
    expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "failed", error: expect.stringContaining("no such package") });
    await vi.waitFor(async () =>
      expect(await app.as(ada).projects.get({ params: { id: created.id } })).toMatchObject({
        environment_status: "setup_failed",
        status: "error",
      }),
    );
    expect(await app.as(ada).projects.status({ params: { id: created.id } })).toMatchObject({
      status: "error",
      error: expect.stringContaining("no such package"),
      containers: {},
    });
    await expect(app.as(ada).projects.start({ params: { id: created.id } })).rejects.toMatchObject({ status: 400, code: "no_containers" });
    const { task_id } = await app.as(ada).projects.remove({ params: { id: created.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
  });

  test("lists the templates, the default first", async () => {
    await using app = await testApp();
    const ada = await app.signUp();
    const { items, total } = await app.as(ada).projects.templates();
    expect(items[0]).toMatchObject({ slug: "react-vite", is_default: true });
    expect(total).toBe(items.length);
    expect(total).toBeGreaterThanOrEqual(5);
    for (const template of items) expect(template.features.length, template.slug).toBeGreaterThan(0);
  });

  test("the pictures of a template are at the addresses that the list gives, for visitors of the store too", async () => {
    const templatesDir = await tinyTemplates();
    const pictures = { light: Buffer.from("RIFF light"), dark: Buffer.from("RIFF dark") };
    await writeFile(join(templatesDir, "tiny/preview-light.webp"), pictures.light);
    await writeFile(join(templatesDir, "tiny/preview-dark.webp"), pictures.dark);
    await using app = await projectsApp({ templatesDir });
    const ada = await app.signUp();
    const [tiny] = (await app.as(ada).projects.templates()).items;
    expect(tiny).toMatchObject({ slug: "tiny", category: "fullstack", features: [] });
    for (const theme of ["light", "dark"] as const) {
      const url = tiny?.pictures?.[theme] ?? "";
      const response = await app.request(url, { user: ada });
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/webp"]);
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(Buffer.from(await response.arrayBuffer())).toEqual(pictures[theme]);
      const unversioned = await app.request(url.replace(/\?.*/, ""), { user: ada });
      expect([unversioned.status, unversioned.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
      expect((await app.request(url)).status).toBe(200);
    }
    expect((await app.request("/api/projects/templates/other/pictures/light", { user: ada })).status).toBe(404);
    expect((await app.request("/api/projects/templates/tiny/pictures/sepia", { user: ada })).status).toBe(404);
  });

  test("a template without pictures says so", async () => {
    await using app = await projectsApp({ templatesDir: await tinyTemplates() });
    const ada = await app.signUp();
    expect((await app.as(ada).projects.templates()).items).toEqual([expect.objectContaining({ slug: "tiny", pictures: null })]);
    expect((await app.request("/api/projects/templates/tiny/pictures/light", { user: ada })).status).toBe(404);
  });
});

describe("list", () => {
  test("lists the user's own projects, last changed first, in stable pages, filtered by name and status", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const eve = await app.signUp();
    const api = app.as(ada).projects;
    const made = [];
    for (const name of ["Shop", "Blog", "Shopping 100%", "Notes"]) made.push((await setUpProject(app, ada, name)).project);
    await setUpProject(app, eve, "Shop of Eve");
    await api.update({ params: { id: made[0]?.id ?? "" }, body: { description: "touched" } });
    const all = await api.list({ query: { limit: 3 } });
    expect(all).toMatchObject({ total: 4, page: 1, total_pages: 2 });
    expect(all.items.map((p) => p.name)).toEqual(["Shop", "Notes", "Shopping 100%"]);
    expect((await api.list({ query: { limit: 3, page: 2 } })).items.map((p) => p.name)).toEqual(["Blog"]);
    expect(await api.list({ query: { skip: 40 } })).toEqual({ items: [], total: 4, page: 1, total_pages: 1 });
    expect((await api.list({ query: { q: "SHOP" } })).items.map((p) => p.name)).toEqual(["Shop", "Shopping 100%"]);
    expect((await api.list({ query: { q: "100%" } })).total).toBe(1);
    expect((await api.list({ query: { q: "_" } })).total).toBe(0);
    expect((await api.list({ query: { status: "stopped" } })).total).toBe(4);
    // The filter matches the field of its name, whatever that is computed from.
    const idOf = async (name: string) => (await api.list({ query: { q: name } })).items[0]?.id ?? "";
    const set = async (name: string, environment: string, ...statuses: string[]) => {
      const { pool } = app.studio.database;
      const id = await idOf(name);
      await pool.query("update projects set environment_status = $2 where id = $1", [id, environment]);
      await pool.query("delete from containers where project_id = $1 and name like 'more%'", [id]);
      await pool.query("update containers set status = $2 where project_id = $1", [id, statuses[0] ?? "stopped"]);
      for (const [n, status] of statuses.slice(1).entries())
        await pool.query(
          "insert into containers (project_id, name, service_key, host_label, container_name, start_command, status) select project_id, 'more' || $2::text, 'more' || $2::text, host_label || $2::text, container_name || $2::text, start_command, $3 from containers where project_id = $1 limit 1",
          [id, n, status],
        );
    };
    for (const [environment, ...statuses] of [
      ["active", "running"],
      ["active", "frozen", "stopped"],
      ["active", "starting", "stopped"],
      ["active", "failed"],
      ["stopped", "stopped"],
      ["provisioning"],
      ["setup_failed", "running"],
      ["stopping", "running"],
    ] as const) {
      await set("Blog", environment, ...statuses);
      const { status } = await api.get({ params: { id: await idOf("Blog") } });
      const found = (await api.list({ query: { status } })).items;
      expect([environment, statuses, found.map((p) => p.status)]).toEqual([environment, statuses, found.map(() => status)]);
      expect([environment, statuses, found.some((p) => p.name === "Blog")]).toEqual([environment, statuses, true]);
      expect((await api.list({ query: { status: status === "error" ? "partial" : "error" } })).items.map((p) => p.name)).not.toContain(
        "Blog",
      );
    }
    await set("Blog", "stopped");
    expect((await app.request("/api/projects?status=active", { user: ada })).status).toBe(422);
    expect((await app.request("/api/projects?status=odd", { user: ada })).status).toBe(422);
    expect((await app.request("/api/projects?skip=1&page=2", { user: ada })).status).toBe(422);
  });
});

describe("change", () => {
  test("name, description and settings can be changed, other fields cannot", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project } = await setUpProject(app, ada);
    const api = app.as(ada).projects;
    const params = { id: project.slug };
    expect(await api.update({ params, body: { name: " New ", description: "d", settings: { a: 1, b: { c: 2 } } } })).toMatchObject({
      name: "New",
      slug: project.slug,
      description: "d",
      settings: { a: 1, b: { c: 2 } },
    });
    expect(await api.update({ params, body: { description: null, settings: { a: null, b: { d: 3 }, e: "x" } } })).toMatchObject({
      name: "New",
      description: null,
      settings: { b: { d: 3 }, e: "x" },
    });
    const forged = await app.request(`/api/projects/${project.id}`, {
      method: "PATCH",
      user: ada,
      json: { slug: "mine", owner_id: ada.id, environment_status: "active" },
    });
    expect(forged.status).toBe(422);
    expect(await api.get({ params })).toMatchObject({ name: "New", slug: project.slug, environment_status: "stopped" });
    const big = await app.request(`/api/projects/${project.id}`, {
      method: "PATCH",
      user: ada,
      json: { settings: { big: "x".repeat(66_000) } },
    });
    expect(big.status).toBe(422);
    expect((await app.request(`/api/projects/${project.id}`, { method: "PATCH", user: ada, json: { name: "" } })).status).toBe(422);
  });
});

describe("ownership", () => {
  const routes = (id: string, container: string): [string, string, unknown?][] => [
    ["GET", `/api/projects/${id}`],
    ["PATCH", `/api/projects/${id}`, { name: "x" }],
    ["DELETE", `/api/projects/${id}`],
    ["GET", `/api/projects/${id}/status`],
    ["POST", `/api/projects/${id}/start`],
    ["POST", `/api/projects/${id}/stop`],
    ["POST", `/api/projects/${id}/restart`],
    ["GET", `/api/projects/${id}/events`],
    ["POST", `/api/projects/${id}/preview-ticket`],
    ["GET", `/api/projects/${id}/containers`],
    ["POST", `/api/projects/${id}/containers`, { name: "x" }],
    ["GET", `/api/projects/${id}/containers/${container}`],
    ["PATCH", `/api/projects/${id}/containers/${container}`, { name: "x" }],
    ["DELETE", `/api/projects/${id}/containers/${container}`],
    ["POST", `/api/projects/${id}/containers/${container}/start`],
    ["POST", `/api/projects/${id}/containers/${container}/stop`],
    ["POST", `/api/projects/${id}/containers/${container}/restart`],
    ["GET", `/api/projects/${id}/containers/${container}/health`],
    ["GET", `/api/projects/${id}/containers/${container}/logs`],
  ];
  test("another user gets the same 404 as for ids that do not exist, an anonymous caller 401", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const eve = await app.signUp();
    const { project, container } = await setUpProject(app, ada);
    const own = await setUpProject(app, eve, "Own");
    const nowhere = "00000000-0000-4000-8000-000000000000";
    const missing = await (await app.request(`/api/projects/${nowhere}`, { user: eve })).json();
    for (const id of [project.id, project.slug])
      for (const [method, path, json] of routes(id, container.id)) {
        const theirs = await app.request(path, { method, user: eve, json });
        expect([method, path, theirs.status, await theirs.json()]).toEqual([method, path, 404, missing]);
        expect([path, (await app.request(path, { method, json })).status]).toEqual([path, 401]);
      }
    // A container that exists, but belongs to another project.
    for (const [method, path, json] of routes(own.project.id, container.id).filter(([, p]) => p.includes(container.id)))
      expect([path, (await app.request(path, { method, user: eve, json })).status]).toEqual([path, 404]);
    expect((await app.request(`/api/projects/${project.id}/containers/nonsense`, { user: ada })).status).toBe(422);
    expect(await app.as(ada).projects.get({ params: { id: project.id } })).toMatchObject({ name: "My App" });
  });
});

describe("delete", () => {
  test("the project responds with 404 at once, its streams end, and nothing is left", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project, container } = await startedProject(app, ada);
    const seen: ProjectEvent[] = [];
    const stream = (async () => {
      for await (const event of app.as(ada).projects.events({ params: { id: project.id } })) seen.push(event);
    })();
    stream.catch(() => undefined);
    await sleep(100);
    const response = await app.request(`/api/projects/${project.slug}`, { method: "DELETE", user: ada });
    expect(response.status).toBe(202);
    const body = (await response.json()) as { task_id: string };
    expect(body).toEqual({
      task_id: expect.any(String),
      status_url: `/api/tasks/${body.task_id}`,
      project_id: project.id,
      project_slug: project.slug,
    });
    for (const path of [
      `/api/projects/${project.id}`,
      `/api/projects/${project.slug}/status`,
      `/api/projects/${project.id}/containers/${container.id}`,
    ])
      expect((await app.request(path, { user: ada })).status).toBe(404);
    expect((await app.request(`/api/projects/${project.id}`, { method: "DELETE", user: ada })).status).toBe(404);
    await expect(stream).rejects.toMatchObject({ status: 404 });
    expect(seen.at(-1)).toMatchObject({ type: "project_status", data: { environment_status: "deleting" } });
    expect(await ended(app, ada, body.task_id)).toMatchObject({
      status: "completed",
      type: "project_deletion",
      metadata: { project_id: project.id, project_slug: project.slug, project_name: "My App" },
    });
    const { rows } = await app.studio.database.pool.query(
      "select (select count(*) from projects where id = $1)::int as p, (select count(*) from containers where project_id = $1)::int as c, (select count(*) from events where project_id = $1)::int as e",
      [project.id],
    );
    expect(rows).toEqual([{ p: 0, c: 0, e: 0 }]);
    expect(await app.runtime.find(project.id)).toBeUndefined();
  });
});

describe("events", () => {
  test("the stream resumes by Last-Event-ID, over SSE and over a socket", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project } = await setUpProject(app, ada);
    await app.as(ada).projects.update({ params: { id: project.id }, body: { name: "One" } });
    await app.as(ada).projects.update({ params: { id: project.id }, body: { name: "Two" } });
    const names = (events: ProjectEvent[]) => events.flatMap((e) => (e.type === "project_status" && e.data.name ? [e.data.name] : []));
    const read = async (options: Parameters<ReturnType<typeof app.as>["projects"]["events"]>) => {
      const abort = new AbortController();
      const events: ProjectEvent[] = [];
      for await (const event of app.as(ada).projects.events(options[0] as never, { ...options[1], signal: abort.signal })) {
        events.push(event);
        if (names(events).includes("Two")) break;
      }
      abort.abort();
      return events;
    };
    const all = await read([{ params: { id: project.id }, query: { last_event_id: 0 } }]);
    expect(all.map((e) => e.seq)).toEqual(all.map((_, i) => i + 1));
    expect(all.some((e) => e.type === "task_update")).toBe(true);
    const one = all.find((e) => e.type === "project_status" && e.data.name === "One")?.seq ?? 0;
    const rest = await read([{ params: { id: project.id } }, { headers: { "last-event-id": String(one) } }]);
    expect(names(rest)).toEqual(["Two"]);

    const socket = new WebSocket(`ws://localhost:${app.port}/api/projects/${project.slug}/events/ws`);
    const frames: (ProjectEvent | { type: "pong" | "error" })[] = [];
    socket.on("message", (data) => frames.push(JSON.parse(String(data)) as ProjectEvent));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify({ type: "auth", token: ada.token }));
    socket.send(JSON.stringify({ type: "subscribe", after_seq: one }));
    socket.send(JSON.stringify({ type: "ping" }));
    socket.send("nonsense");
    socket.send(JSON.stringify({ type: "subscribe", after_seq: -1 }));
    await vi.waitFor(() =>
      expect(frames.map((f) => f.type as string).sort()).toEqual(["authenticated", "error", "error", "pong", "project_status"]),
    );
    expect(frames.filter(({ type }) => type === "error")).toMatchObject([
      { data: { code: "bad_frame", message: "A frame must be a JSON object." } },
      { data: { code: "bad_frame", field: "after_seq", message: "after_seq: Must be at least 0." } },
    ]);
    await app.as(ada).projects.update({ params: { id: project.id }, body: { name: "Three" } });
    await vi.waitFor(() => expect(frames.at(-1)).toMatchObject({ type: "project_status", data: { name: "Three" } }));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await app.as(ada).projects.remove({ params: { id: project.id } });
    expect(await closed).toBe(1000);
  });

  test("another user's socket is closed with 4404", async () => {
    await using app = await projectsApp();
    const [ada, eve] = [await app.signUp(), await app.signUp()];
    const { project } = await setUpProject(app, ada);
    const socket = new WebSocket(`ws://localhost:${app.port}/api/projects/${project.slug}/events/ws`);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify({ type: "auth", token: eve.token }));
    expect(await new Promise<number>((resolve) => socket.once("close", resolve))).toBe(4404);
  });
});
