import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";
import { loadTemplates } from "./templates.ts";

const stack = {
  slug: "stack",
  name: "Stack",
  description: "A page, its API and their database",
  stack: ["Node"],
  build: [],
  service: { name: "Web", command: ["node", "server.mjs"], port: 41_700, framework: "vite" },
  containers: [
    { name: "API", directory: "server", command: ["node", "../server.mjs"], port: 41_800 },
    { name: "PostgreSQL", service: "postgres" },
  ],
  connections: [
    { from: "PostgreSQL", to: "API" },
    { from: "API", to: "Web" },
  ],
  secrets: ["AUTH_SECRET"],
  starter_prompts: [],
};

/** The tiny template, and these. */
async function templatesWith(...templates: { slug: string }[]): Promise<string> {
  const dir = await tinyTemplates();
  for (const template of templates) {
    const files = join(dir, template.slug, "files");
    await mkdir(join(files, "server"), { recursive: true });
    await writeFile(join(files, "server.mjs"), "");
    await writeFile(join(files, "server/api.txt"), "api");
    await writeFile(join(dir, template.slug, "template.json"), JSON.stringify(template));
  }
  return dir;
}
const create = async (app: ProjectsApp, user: TestUser, base_id: string) => {
  const project = await app.as(user).projects.create({ body: { name: "My stack", base_id } });
  return { project, task: await ended(app, user, project.task_id) };
};
const countOf = async (app: ProjectsApp, table: string, id: string): Promise<number> =>
  Number((await app.studio.database.pool.query<{ n: string }>(`select count(*) n from ${table} where project_id = $1`, [id])).rows[0]?.n);

describe("a template of several containers", () => {
  test("becomes a project with its containers, connections and secrets, and goes with the project", async () => {
    await using app = await projectsApp({ templatesDir: await templatesWith(stack) });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { items } = await api.projects.templates({});
    expect(items.find(({ slug }) => slug === "stack")?.containers).toEqual([
      { name: "Web", service_slug: null },
      { name: "API", service_slug: null },
      { name: "PostgreSQL", service_slug: "postgres" },
    ]);

    const { project, task } = await create(app, ada, "stack");
    expect(task).toMatchObject({ status: "completed", error: null });
    const params = { id: project.id };
    const [web, backend, database] = (await api.containers.list({ params })).items;
    expect([web, backend, database]).toMatchObject([
      { name: "Web", directory: ".", container_type: "base", internal_port: 41_700, status: "stopped" },
      { name: "API", directory: "server", container_type: "base", internal_port: 41_800, status: "stopped" },
      { name: "PostgreSQL", directory: "services/postgres", service_slug: "postgres", status: "stopped" },
    ]);
    // The API is to the right of the page, and the database to the right of the API.
    expect([web, backend, database].map((container) => [container?.position_x, container?.position_y])).toEqual([
      [200, 200],
      [592, 200],
      [984, 200],
    ]);
    const connections = (await api.connections.list({ params })).items.map((c) => [c.source_container_id, c.target_container_id]);
    // They were made in the same moment, so their order is that of their ids.
    expect(connections).toHaveLength(2);
    expect(connections).toContainEqual([database?.id, backend?.id]);
    expect(connections).toContainEqual([backend?.id, web?.id]);
    const injected = async (id = "") =>
      ((await api.containers.get({ params: { ...params, container_id: id } })).injected_env_vars ?? []).map(({ key }) => key);
    expect(await injected(backend?.id)).toContain("DATABASE_URL");
    expect(await injected(web?.id)).toEqual(["API_HOST", "API_PORT", "API_URL"]);
    expect((await api.secrets.list({ params: { project_id: project.id } })).items.map(({ key }) => key)).toEqual(["AUTH_SECRET"]);
    expect((await api.files.get({ params: { ...params, path: "server/api.txt" } })).content).toBe("api");

    // As a single container it would lack the others.
    const added = await app.request(`/api/projects/${project.id}/containers`, { method: "POST", json: { base_id: "stack" }, user: ada });
    expect([added.status, ((await added.json()) as { code: string }).code]).toEqual([400, "not_supported"]);

    await ended(app, ada, (await api.projects.remove({ params })).task_id);
    for (const table of ["containers", "connections", "project_secrets"])
      expect([table, await countOf(app, table, project.id)]).toEqual([table, 0]);
    expect(await app.runtime.list()).toEqual([]);
  });

  test("leaves neither containers nor secrets when one of them cannot be created; the project can be deleted", async () => {
    const broken = { ...stack, slug: "broken", containers: [...stack.containers, { name: "Cache", service: "no-such-service" }] };
    await using app = await projectsApp({ templatesDir: await templatesWith(broken) });
    const ada = await app.signUp();
    const { project, task } = await create(app, ada, "broken");
    expect(task).toMatchObject({ status: "failed", error: "Service not found." });
    const now = await app.as(ada).projects.get({ params: { id: project.id } });
    expect(now).toMatchObject({ environment_status: "setup_failed" });
    for (const table of ["containers", "connections", "project_secrets"])
      expect([table, await countOf(app, table, project.id)]).toEqual([table, 0]);
    const { task_id } = await app.as(ada).projects.remove({ params: { id: project.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
    expect(await app.runtime.list()).toEqual([]);
  });

  test("a template whose connections or names do not fit stops the server from starting", async () => {
    const load = async (change: object) => loadTemplates(await templatesWith({ ...stack, ...change }));
    await expect(load({ connections: [{ from: "Redis", to: "API" }] })).rejects.toThrow("a connection names Redis");
    await expect(load({ containers: [{ name: "Web", service: "postgres" }], connections: [] })).rejects.toThrow(
      "names of containers must differ",
    );
    await expect(load({ containers: [{ name: "API", directory: "../outside", command: ["node"], port: 1 }] })).rejects.toThrow("malformed");
  });
});
