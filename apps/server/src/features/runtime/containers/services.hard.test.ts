import pg from "pg";
import { describe, expect, test } from "vitest";
import type { Container, CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { fetchPort, forwardPort, sandboxPort, type Sandbox } from "@tesslate/runtime";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
const has = async (...paths: string[]) => ((await probe?.findPrograms(paths)) ?? []).length > 0;
const hasPostgres = await has("/opt/postgres/bin/postgres");
const hasRedis = await has("/usr/bin/redis-server", "/usr/bin/valkey-server");
const hasNginx = await has("/usr/sbin/nginx");
const hasMariadb =
  (await has("/usr/sbin/mariadbd")) && (await has("/usr/bin/mariadb-install-db")) && (await has("/usr/bin/my_print_defaults"));
const hasPrometheus = await has("/usr/bin/prometheus");
await probe?.[Symbol.asyncDispose]();

async function withService(
  work: (given: {
    app: TestApp;
    ada: TestUser;
    service: Container;
    start: () => Promise<void>;
    sandbox: () => Promise<Sandbox>;
  }) => Promise<void>,
  body: Static<typeof CreateContainer>,
): Promise<void> {
  await using app = await sandboxApp();
  const ada = await app.signUp();
  const { project } = await setUpProject(app, ada);
  const service = await app.as(ada).containers.create({ params: { id: project.id }, body: { container_type: "service", ...body } });
  await work({
    app,
    ada,
    service,
    start: async () => {
      const { task_id } = await app.as(ada).containers.start({ params: { id: project.id, container_id: service.id } });
      expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
    },
    sandbox: async () => {
      const sandbox = await app.runtime.find(project.id);
      if (!sandbox) throw new Error("no sandbox");
      return sandbox;
    },
  });
}

describe.skipIf(!canRun)("services in a sandbox", () => {
  test.skipIf(!hasPostgres)(
    "PostgreSQL uses its password, keeps its rows across a stop and applies a new password",
    { timeout: 90_000 },
    () =>
      withService(
        async ({ app, ada, service, start, sandbox }) => {
          const params = { id: service.project_id, container_id: service.id };
          const api = app.as(ada).containers;
          expect(service).toMatchObject({
            name: "PostgreSQL",
            directory: "services/postgres",
            internal_port: 5432,
            url: null,
            status: "stopped",
          });
          expect(service.env_var_keys).toEqual(["POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER"]);
          const setPassword = (password: string) => api.update({ params, body: { env_vars_to_set: { POSTGRES_PASSWORD: password } } });
          const query = async (password: string, text: string) => {
            await using at = await forwardPort(sandboxPort(await sandbox(), 5432));
            const client = new pg.Client({ host: at.host, port: at.port, user: "app", database: "app", password });
            client.on("error", () => undefined);
            await client.connect();
            try {
              return (await client.query(text)).rows as unknown[];
            } finally {
              await client.end();
            }
          };
          await setPassword('it\'s "quoted" \\ first');
          await start();
          expect(await api.health({ params })).toEqual({ healthy: true, url: null });
          await query('it\'s "quoted" \\ first', "create table notes (text text)");
          await query('it\'s "quoted" \\ first', "insert into notes values ('kept')");
          await expect(query("another one", "select 1")).rejects.toThrow(/password authentication failed/);
          await api.stop({ params });
          await setPassword("the second password");
          await start();
          expect(await query("the second password", "select text from notes")).toEqual([{ text: "kept" }]);
          await expect(query('it\'s "quoted" \\ first', "select 1")).rejects.toThrow(/password authentication failed/);
          await api.stop({ params });
          // A graceful end: nothing to recover at the next start.
          const lines: string[] = [];
          for await (const { line } of (await sandbox()).logs(service.service_slug === "postgres" ? "postgresql" : "")) lines.push(line);
          expect(lines.filter((line) => line.includes("database system is shut down")).length).toBeGreaterThanOrEqual(2);
          expect(lines.join("\n")).not.toMatch(/not properly shut down/);
        },
        { service_slug: "postgres" },
      ),
  );

  test.skipIf(!hasRedis)("Redis requires its password and keeps its keys across a stop", { timeout: 60_000 }, () =>
    withService(
      async ({ app, ada, service, start, sandbox }) => {
        const params = { id: service.project_id, container_id: service.id };
        await app.as(ada).containers.update({ params, body: { env_vars_to_set: { REDIS_PASSWORD: 'quo"ted\\' } } });
        const redis = async (...lines: string[]) => {
          const stream = await (await sandbox()).connect(6379);
          stream.write(`${lines.join("\r\n")}\r\nQUIT\r\n`);
          return new Promise<string>((resolve, reject) => {
            let text = "";
            stream
              .on("data", (data) => (text += String(data)))
              .on("end", () => resolve(text))
              .on("error", reject);
          });
        };
        const auth = '*2\r\n$4\r\nAUTH\r\n$8\r\nquo"ted\\';
        await start();
        expect(await redis("GET a")).toMatch(/^-NOAUTH/);
        expect(await redis(auth, "SET a kept")).toMatch(/^\+OK\r\n\+OK/);
        await app.as(ada).containers.stop({ params });
        await start();
        expect(await redis(auth, "GET a")).toContain("kept");
      },
      { service_slug: "redis" },
    ),
  );

  test.skipIf(!hasNginx)("nginx serves the project's site with variables filled in at its URL", { timeout: 60_000 }, () =>
    withService(
      async ({ app, ada, service, start, sandbox }) => {
        const params = { id: service.project_id, container_id: service.id };
        await start();
        expect(await app.as(ada).containers.health({ params })).toMatchObject({ healthy: true, status_code: 200, url: service.url });
        const get = async (path: string) => (await fetchPort(sandboxPort(await sandbox(), 80), path)).text();
        expect(await get("/")).toContain("This is nginx");
        const file = { id: service.project_id, path: "services/nginx/default.conf.template" };
        const { content } = (await app.as(ada).files.get({ params: file })) as { content: string };
        await app.as(ada).files.put({
          params: file,
          body: { content: content.replace("location / {", "location = /who { return 200 '${WHO} at $host'; }\n  location / {") },
        });
        await app.as(ada).containers.update({ params, body: { env_vars_to_set: { WHO: "ada" } } });
        await app.as(ada).containers.stop({ params });
        await start();
        expect(await get("/who")).toMatch(/^ada at \S+$/);
      },
      { service_slug: "nginx" },
    ),
  );

  test.skipIf(!hasMariadb)("MariaDB speaks the MySQL protocol and shuts down cleanly", { timeout: 90_000 }, () =>
    withService(
      async ({ app, ada, service, start, sandbox }) => {
        const params = { id: service.project_id, container_id: service.id };
        await app.as(ada).containers.update({ params, body: { env_vars_to_set: { MYSQL_PASSWORD: "it's \\ quoted" } } });
        await start();
        expect(await app.as(ada).containers.health({ params })).toMatchObject({ healthy: true });
        await app.as(ada).containers.stop({ params });
        await start();
        const lines: string[] = [];
        for await (const { line } of (await sandbox()).logs("mysql")) lines.push(line);
        expect(lines.join("\n")).toMatch(/Shutdown complete/);
        expect(lines.join("\n")).not.toMatch(/crash recovery|ERROR/);
      },
      { service_slug: "mysql" },
    ),
  );

  test.skipIf(!hasPrometheus)("Prometheus reads the project's configuration", { timeout: 60_000 }, () =>
    withService(
      async ({ app, ada, service, start, sandbox }) => {
        await start();
        expect(await (await fetchPort(sandboxPort(await sandbox(), 9090), "/-/ready")).text()).toMatch(/Ready/);
        await app.as(ada).containers.stop({ params: { id: service.project_id, container_id: service.id } });
      },
      { service_slug: "prometheus" },
    ),
  );
});
