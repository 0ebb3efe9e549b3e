import { describe, expect, test, vi } from "vitest";
import type { DeploymentRequest } from "@tesslate/contract";
import { ended, setUpProject, visitHost } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe?.can.peers === true && (await probe.findPrograms(["/opt/postgres/bin/postgres"])).length > 0;
await probe?.[Symbol.asyncDispose]();

/** A page that says whether the database of DATABASE_URL responds to the first message of PostgreSQL's protocol. */
const server = `
import { connect } from "node:net";
import { createServer } from "node:http";
const url = new URL(process.env.DATABASE_URL ?? "postgresql://nobody@127.0.0.1:1/none");
const ask = () => new Promise((resolve) => {
  const socket = connect(Number(url.port), url.hostname, () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
  socket.once("data", (data) => { socket.destroy(); resolve(data.toString()); });
  socket.once("error", (error) => resolve(error.code));
});
createServer(async (request, response) => {
  if (request.url === "/crash") process.exit(3);
  response.setHeader("content-type", "text/html");
  response.end(JSON.stringify({ answer: await ask(), host: url.host, password: url.password }));
}).listen(Number(process.env.PORT), "0.0.0.0");
`;

describe.skipIf(!canRun)("services of deployed apps", () => {
  test("run with data of their own, restart, change with a promotion and are deleted with the project", { timeout: 240_000 }, async () => {
    await using app = await sandboxApp();
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project, container } = await setUpProject(app, ada);
    const params = { id: project.id };
    await api.files.put({ params: { ...params, path: "server.mjs" }, body: { content: server } });
    const database = await api.containers.create({ params, body: { container_type: "service", service_slug: "postgres" } });
    await api.connections.create({ params, body: { source_container_id: database.id, target_container_id: container.id } });
    await ended(app, ada, (await api.projects.start({ params })).task_id);

    const request: DeploymentRequest = { project_id: project.id, provider: "local" };
    const plan = await api.deployments.plan({ body: request });
    expect(plan.services).toEqual([{ container_id: database.id, name: "PostgreSQL", service_slug: "postgres" }]);
    expect(plan.env).toContainEqual({ name: "DATABASE_URL", source: "connection", change: "added" });
    expect(plan.warnings).toEqual([]);

    const deploy = async (body: DeploymentRequest) => {
      const { deployment, task_id } = await api.deployments.create({ body });
      expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
      const found = (await api.deployments.list({ params: { project_id: project.id }, query: {} })).items.find(
        ({ id }) => id === deployment.id,
      );
      expect(found).toMatchObject({ status: "success", error: null });
      return found?.deployment_url ?? "";
    };
    const ask = async (url: string) =>
      JSON.parse((await visitHost(app, new URL(url).host).fetch("/")).text) as { answer: string; host: string; password: string };
    const live = await deploy(request);
    const first = await ask(live);
    // "N": it responds, without TLS.
    expect(first.answer).toBe("N");

    // Its data is listed beside the project's, and is another one.
    const databases = async () => (await api.databases.list({ params, query: {} })).items;
    const deployedId = `deployed-production-${database.id}`;
    expect(await databases()).toMatchObject([
      { id: database.id, environment: "development", state: "ready" },
      { id: deployedId, environment: "production", state: "ready", kind: "postgres", name: "PostgreSQL" },
    ]);
    const deployedParams = { ...params, database_id: deployedId };
    const sql = "create table visitors (id int primary key, name text); insert into visitors values (1, 'Grace')";
    await expect(api.databases.query({ params: deployedParams, body: { sql } })).rejects.toMatchObject({ code: "read_only_query" });
    await api.databases.execute({ params: deployedParams, body: { sql, write: true } });
    const tables = async (database_id: string) =>
      (await api.databases.tables({ params: { ...params, database_id }, query: {} })).items.map(({ name }) => name);
    expect(await tables(deployedId)).toEqual(["visitors"]);
    expect(await tables(database.id)).toEqual([]);
    const rows = () => api.databases.rows({ params: deployedParams, body: { schema: "public", table: "visitors" } });
    expect((await rows()).rows).toMatchObject([{ cells: ["1", "Grace"] }]);
    const eve = app.as(await app.signUp());
    await expect(eve.databases.tables({ params: deployedParams, query: {} })).rejects.toMatchObject({ status: 404 });
    await expect(
      api.databases.tables({ params: { ...params, database_id: `deployed-preview-${database.id}` }, query: {} }),
    ).rejects.toMatchObject({ status: 404 });

    const sandboxes = async () => (await app.runtime.list()).map(({ id }) => id).filter((id) => id.startsWith("services-"));
    expect(await sandboxes()).toEqual([`services-production-${project.id}`]);

    // The project's own database has another password, and stopping the project does not stop the deployment's.
    const own = (await api.containers.get({ params: { ...params, container_id: database.id } })).env_var_keys;
    expect(own).toContain("POSTGRES_PASSWORD");
    await api.projects.stop({ params });
    expect((await ask(live)).answer).toBe("N");
    expect((await rows()).rows).toHaveLength(1);

    // A preview deployment has a database of its own until it is promoted.
    const preview = await deploy({ ...request, environment: "preview" });
    const second = await ask(preview);
    expect(second.answer).toBe("N");
    expect(second.password).not.toBe(first.password);
    const { items } = await api.deployments.list({ params: { project_id: project.id }, query: {} });
    const previewed = items.find(({ environment }) => environment === "preview");
    const { task_id } = await api.deployments.promote({ params: { deployment_id: previewed?.id ?? "" }, body: {} });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    expect(await ask(live)).toEqual(first);

    // It restarts after a crash.
    const sandbox = await app.runtime.find(`services-production-${project.id}`);
    await sandbox?.exec([
      "sh",
      "-c",
      'kill -9 $(cat /proc/[0-9]*/comm >/dev/null; for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = postgres ] && basename $p; done)',
    ]);
    await vi.waitFor(async () => expect((await ask(live)).answer).toBe("N"), 30_000);

    await ended(app, ada, (await api.projects.remove({ params })).task_id);
    await vi.waitFor(async () => expect(await sandboxes()).toEqual([]), 10_000);
  });
});
