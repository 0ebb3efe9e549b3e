import { describe, expect, test, vi } from "vitest";
import type { Container } from "@tesslate/contract";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject } from "../../../testing/projects.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const add = (app: TestApp, user: TestUser, id: string, service_slug: string, more: object = {}) =>
  app.as(user).containers.create({ params: { id }, body: { container_type: "service", service_slug, ...more } });
const at = (container: Container) => ({ id: container.project_id, container_id: container.id });

describe("the service catalog", () => {
  test("lists every service with its inputs, outputs and availability", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { items, total } = await app.as(ada).containers.services({ query: { limit: 100 } });
    expect(items.map((s) => [s.slug, s.ports[0]]).filter(([, port]) => port !== undefined)).toEqual(
      expect.arrayContaining([
        ["postgres", 5432],
        ["mysql", 3306],
        ["mongodb", 27017],
        ["redis", 6379],
        ["rabbitmq", 5672],
        ["elasticsearch", 9200],
        ["minio", 9000],
        ["nginx", 80],
        ["grafana", 3000],
        ["prometheus", 9090],
        ["n8n", 5678],
        ["qdrant", 6333],
      ]),
    );
    const externals = items.filter((s) => s.kind === "external");
    expect(externals.map((s) => s.slug).sort()).toEqual(
      "anthropic clerk cloudinary neon openai pinecone planetscale replicate resend sendgrid stripe supabase turso upstash vercel-kv".split(
        " ",
      ),
    );
    expect(externals.every((s) => s.credential_fields.length > 0 && s.available.runs)).toBe(true);
    expect(
      items
        .filter((s) => s.kind === "hybrid")
        .map((s) => s.slug)
        .sort(),
    ).toEqual(["n8n", "qdrant"]);
    expect(total).toBe(items.length);
    expect(items.find((s) => s.slug === "postgres")).toMatchObject({
      default_env: { POSTGRES_USER: "app", POSTGRES_PASSWORD: "{generate}", POSTGRES_DB: "app" },
      outputs: { DATABASE_URL: expect.any(String), POSTGRES_HOST: expect.any(String) },
    });
    // Plain processes run no images: the reason has the fix.
    expect(items.find((s) => s.slug === "mongodb")?.available).toEqual({
      runs: false,
      reason: "MongoDB is only available as an image, which needs Docker: set RUNTIME_DRIVER=docker.",
    });
    expect((await app.request("/api/marketplace/services")).status).toBe(401);
    expect((await app.request("/api/marketplace/services?limit=0", { user: ada })).status).toBe(422);
  });
});

describe("adding containers", () => {
  test("containers without a position are placed side by side; a given position is kept", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const {
      project: { id },
    } = await setUpProject(app, ada);
    const placed = await add(app, ada, id, "postgres", { position_x: 530, position_y: 210 });
    for (let n = 0; n < 4; n++) await add(app, ada, id, "postgres");
    const { items } = await app.as(ada).containers.list({ params: { id }, query: {} });
    expect(items).toHaveLength(6);
    expect(items.find((one) => one.id === placed.id)).toMatchObject({ position_x: 530, position_y: 210 });
    for (const one of items)
      for (const other of items)
        if (one !== other)
          expect(
            Math.abs(one.position_x - other.position_x) >= 250 || Math.abs(one.position_y - other.position_y) >= 150,
            `${one.name} and ${other.name}`,
          ).toBe(true);
  });

  test("a start waits for the container's setup; renames are rejected during setup; deletion cancels it", async () => {
    const build = `const { existsSync, writeFileSync } = require("node:fs");
      const timer = setInterval(() => { if (!existsSync("../.hold")) { clearInterval(timer); writeFileSync("built.txt", "x"); } }, 20);`;
    const templatesDir = await tinyTemplates({
      build: [["node", "-e", build]],
      command: ["node", "-e", `require("node:fs").statSync("built.txt"); import(process.cwd() + "/server.mjs");`],
    });
    await using app = await projectsApp({ templatesDir });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await setUpProject(app, ada, "Slow");
    const params = { id: project.id };
    await api.files.put({ params: { ...params, path: ".hold" }, body: { content: "" } });
    const createAwaitingSetup = async (name: string) => {
      const made = await api.containers.create({ params, body: { name } });
      await vi.waitFor(async () =>
        expect((await api.files.tree({ params })).entries.map(({ path }) => path)).toContain(`${name}/server.mjs`),
      );
      return made;
    };
    const web = await createAwaitingSetup("web");
    const { task_id } = await api.containers.start({ params: at(web) });
    await vi.waitFor(async () =>
      expect((await api.tasks.get({ params: { task_id: task_id ?? "" } })).progress.message).toBe("Waiting until web is set up"),
    );
    await expect(api.containers.rename({ params: at(web), body: { name: "shop" } })).rejects.toMatchObject({ code: "project_busy" });
    const other = await createAwaitingSetup("other");
    await api.containers.remove({ params: at(other) });
    expect(await ended(app, ada, other.task_id)).toMatchObject({ status: "cancelled" });
    await api.files.remove({ params: { ...params, path: ".hold" } });
    expect(await ended(app, ada, web.task_id)).toMatchObject({ status: "completed", error: null });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  });

  test("services get names, folders and generated passwords, and invalid input is rejected", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const bob = await app.signUp();
    const { project } = await setUpProject(app, ada);
    const first = await add(app, ada, project.id, "postgres");
    expect(first).toMatchObject({
      name: "PostgreSQL",
      directory: "services/postgres",
      container_name: `${project.slug}-postgresql`,
      container_type: "service",
      service_slug: "postgres",
      internal_port: 5432,
      status: "stopped",
      url: null,
      env_var_keys: ["POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER"],
      service_outputs: { DATABASE_URL: expect.any(String) },
      task_id: null,
      status_url: null,
    });
    expect(await add(app, ada, project.id, "postgres")).toMatchObject({
      name: "PostgreSQL (2)",
      directory: "services/postgres-2",
      internal_port: 5433,
    });
    expect(await add(app, ada, project.id, "nginx", { name: "Front" })).toMatchObject({
      name: "Front",
      directory: "services/nginx",
      url: expect.stringContaining(`${project.slug}-front.`),
    });
    const sealed = await app.studio.database.pool.query(
      "select environment_vars from containers where service_slug = 'postgres' and project_id = $1",
      [project.id],
    );
    const texts = (sealed.rows as { environment_vars: Buffer }[]).map((row) => row.environment_vars.toString("latin1"));
    expect(new Set(texts).size).toBe(2);
    expect(texts.join()).not.toContain("POSTGRES");

    const path = `/api/projects/${project.id}/containers`;
    const refused = async (json: object, user = ada) => {
      const response = await app.request(path, { method: "POST", json, user });
      const { code } = (await response.json()) as { code?: string };
      return [response.status, code];
    };
    expect(await refused({ container_type: "service" })).toEqual([400, "bad_request"]);
    expect(await refused({ container_type: "service", service_slug: "nonsense" })).toEqual([404, "not_found"]);
    expect(await refused({ container_type: "machine" })).toEqual([422, undefined]);
    expect(await refused({ container_type: "service", service_slug: "postgres", deployment_mode: "external" })).toEqual([
      400,
      "bad_request",
    ]);
    expect(await refused({ container_type: "service", service_slug: "postgres", credentials: { A: "b" } })).toEqual([400, "bad_request"]);
    expect(await refused({ base_id: "nonsense" })).toEqual([404, "not_found"]);
    expect(await refused({ name: "!!!" })).toEqual([400, "bad_request"]);
    expect(await refused({ container_type: "service", service_slug: "redis" }, bob)).toEqual([404, "not_found"]);
  });

  test("a service that cannot run on this machine says what is missing", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project } = await setUpProject(app, ada);
    const made = await add(app, ada, project.id, "elasticsearch");
    const { task_id } = await app.as(ada).containers.start({ params: at(made) });
    expect(await ended(app, ada, task_id)).toMatchObject({
      status: "failed",
      error: "Elasticsearch is only available as an image, which needs Docker: set RUNTIME_DRIVER=docker.",
    });
    expect(await app.as(ada).containers.get({ params: at(made) })).toMatchObject({ status: "failed" });
  });
});

describe("external services", () => {
  test("connects external services with credentials that are never returned", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const bob = await app.signUp();
    const { project } = await setUpProject(app, ada);
    const path = `/api/projects/${project.id}/containers`;
    const refused = await app.request(path, { method: "POST", json: { container_type: "service", service_slug: "supabase" }, user: ada });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ detail: [{ loc: ["body", "credentials", "SUPABASE_URL"], type: "missing" }] });

    const made = await add(app, ada, project.id, "supabase", {
      external_endpoint: "https://abc.supabase.example",
      credentials: { SUPABASE_ANON_KEY: "anon-key-of-ada" },
    });
    expect(made).toMatchObject({
      status: "connected",
      deployment_mode: "external",
      external_endpoint: "https://abc.supabase.example",
      credentials_id: expect.any(String),
      url: null,
      task_id: null,
    });
    expect(JSON.stringify(made)).not.toContain("anon-key-of-ada");
    const stored = await app.studio.database.pool.query("select sealed_values from container_credentials where id = $1", [
      made.credentials_id,
    ]);
    expect((stored.rows[0] as { sealed_values: Buffer }).sealed_values.toString("latin1")).not.toContain("anon");

    const started = await app.request(`${path}/${made.id}/start`, { method: "POST", user: ada });
    expect(started.status).toBe(400);
    expect(await started.json()).toMatchObject({ code: "external_service" });
    expect(await app.as(ada).containers.stop({ params: at(made) })).toMatchObject({ container_id: made.id });
    expect(await app.as(ada).containers.get({ params: at(made) })).toMatchObject({ status: "connected" });
    // Availability depends on the machine.
    expect(await app.as(ada).projects.status({ params: { id: project.id } })).toMatchObject({
      status: "stopped",
      containers: { supabase: { status: "connected", ready: true, running: false } },
    });

    const put = (json: unknown, user: TestUser = ada) => app.request(`${path}/${made.id}/credentials`, { method: "PUT", json, user });
    expect((await put({ credentials: { SUPABASE_ANON_KEY: "a-second-anon-key" } })).status).toBe(200);
    expect((await put({ credentials: { NONSENSE: "x" } })).status).toBe(422);
    expect((await put({ credentials: {}, external_endpoint: "not an address" })).status).toBe(422);
    expect((await put({})).status).toBe(422);
    expect((await put({ credentials: {} }, bob)).status).toBe(404);
    expect(app.logs()).not.toContain("anon-key");
  });

  test("switching a hybrid service stops its container and stores its credentials", async () => {
    await using app = await projectsApp();
    const ada = await app.signUp();
    const { project } = await setUpProject(app, ada);
    const made = await add(app, ada, project.id, "qdrant");
    expect(made).toMatchObject({ deployment_mode: "container", status: "stopped", env_var_keys: ["QDRANT__SERVICE__API_KEY"] });
    const api = app.as(ada).containers;
    const there = await api.update({
      params: at(made),
      body: { deployment_mode: "external", external_endpoint: "https://q.example" },
    });
    expect(there).toMatchObject({ deployment_mode: "external", status: "connected", external_endpoint: "https://q.example" });
    const response = await app.request(`/api/projects/${project.id}/containers/${made.id}/credentials`, {
      method: "PUT",
      json: { credentials: { QDRANT_API_KEY: "a-key-of-theirs" } },
      user: ada,
    });
    expect(response.status).toBe(201);
    expect(await api.update({ params: at(made), body: { deployment_mode: "container" } })).toMatchObject({
      deployment_mode: "container",
      status: "stopped",
      external_endpoint: null,
      internal_port: 6333,
    });
    const patch = async (container: Container, json: object) =>
      (await app.request(`/api/projects/${project.id}/containers/${container.id}`, { method: "PATCH", json, user: ada })).status;
    const postgres = await add(app, ada, project.id, "postgres");
    const stripe = await add(app, ada, project.id, "stripe", { credentials: { STRIPE_SECRET_KEY: "sk_test_1234" } });
    expect(await patch(postgres, { deployment_mode: "external" })).toBe(400);
    expect(await patch(stripe, { deployment_mode: "container" })).toBe(400);
    expect(await patch(postgres, { external_endpoint: "https://x.example" })).toBe(400);
    expect(await patch(postgres, { deployment_provider: "vercel" })).toBe(400);
    expect(await patch(postgres, { name: "stripe" })).toBe(409);
    expect(await patch(postgres, { port: 6333 })).toBe(409);
    expect(await patch(postgres, { port: 70_000 })).toBe(422);
    expect(await patch(stripe, { external_endpoint: null })).toBe(200);
  });
});
