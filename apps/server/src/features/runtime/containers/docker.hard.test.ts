import { existsSync } from "node:fs";
import { forwardPort, sandboxPort } from "@tesslate/runtime";
import { importPostgres, importRedis } from "@tesslate/testkit/docker-databases";
import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPostgresPrograms } from "../../../platform/postgres/programs.ts";
import { testApp } from "../../../testing/app.ts";
import { ended, enterPreview, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const engine = await startDockerEngine();
afterAll(() => engine.close());
const postgres = await findPostgresPrograms();
const hasRedis = existsSync("/usr/bin/redis-server");

describe.skipIf(engine.reason !== undefined)(
  `projects in docker${engine.reason === undefined ? "" : ` (skipped: ${engine.reason})`}`,
  () => {
    beforeAll(async () => {
      if (postgres) await importPostgres(engine.host, "postgres:18-alpine", postgres);
      if (hasRedis) await importRedis(engine.host, "redis:8-alpine");
    }, 120_000);
    const dockerApp = async () => {
      const runtime = await realRuntime({ driver: "docker", docker: { host: engine.host } });
      const app = await testApp({ swap: { runtime, templatesDir: await tinyTemplates() } });
      return {
        runtime,
        app,
        async [Symbol.asyncDispose]() {
          await app[Symbol.asyncDispose]();
          await runtime[Symbol.asyncDispose]();
        },
      };
    };

    test("creates, starts, previews and stops a project; health names the driver", { timeout: 120_000 }, async () => {
      await using studio = await dockerApp();
      const { app } = studio;
      const ada = await app.signUp();
      expect(await app.as(ada).system.health()).toMatchObject({ runtime: { driver: "docker", isolation: "full" } });
      const { project } = await startedProject(app, ada);
      const visit = await enterPreview(app, ada, project.id);
      expect(await visit.fetch("/")).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
      expect(Object.values((await app.as(ada).projects.status({ params: { id: project.id } })).containers)).toMatchObject([
        {
          status: "running",
          ready: true,
        },
      ]);
      const { task_id } = await app
        .as(ada)
        .projects.stop({ params: { id: project.id } })
        .then((result) => ({ task_id: null, ...result }));
      if (task_id) await ended(app, ada, task_id);
      expect((await app.as(ada).projects.status({ params: { id: project.id } })).status).toBe("stopped");
    });

    test.skipIf(!postgres || !hasRedis)("databases run from their images and keep their data", { timeout: 180_000 }, async () => {
      await using studio = await dockerApp();
      const { app, runtime } = studio;
      const ada = await app.signUp();
      const { project } = await startedProject(app, ada);
      const add = async (slug: string, variables: Record<string, string>) => {
        const made = await app.as(ada).containers.create({
          params: { id: project.id },
          body: { container_type: "service", service_slug: slug },
        });
        const params = { id: project.id, container_id: made.id };
        await app.as(ada).containers.update({ params, body: { env_vars_to_set: variables } });
        return params;
      };
      const lifecycle = async (params: { id: string; container_id: string }) => {
        const { task_id } = await app.as(ada).containers.start({ params });
        expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
      };
      const portOf = async (port: number) => {
        const sandbox = await runtime.find(project.id);
        if (!sandbox) throw new Error("no sandbox");
        return sandboxPort(sandbox, port);
      };
      const query = async (text: string) => {
        await using at = await forwardPort(await portOf(5432));
        const client = new pg.Client({ host: at.host, port: at.port, user: "app", database: "app", password: "secret" });
        client.on("error", () => undefined);
        await client.connect();
        try {
          return (await client.query(text)).rows as unknown[];
        } finally {
          await client.end();
        }
      };
      const redis = async (...lines: string[]) => {
        const stream = await (await portOf(6379)).connect();
        stream.write(`${["AUTH secret", ...lines, "QUIT"].join("\r\n")}\r\n`);
        return new Promise<string>((resolve, reject) => {
          let text = "";
          stream
            .on("data", (data) => (text += String(data)))
            .on("end", () => resolve(text))
            .on("error", reject);
        });
      };
      const database = await add("postgres", { POSTGRES_PASSWORD: "secret" });
      const cache = await add("redis", { REDIS_PASSWORD: "secret" });
      await Promise.all([lifecycle(database), lifecycle(cache)]);
      await query("create table notes (text text)");
      await query("insert into notes values ('kept')");
      expect(await redis("SET a kept")).toContain("+OK\r\n+OK");
      for (const params of [database, cache]) await app.as(ada).containers.stop({ params });
      await Promise.all([lifecycle(database), lifecycle(cache)]);
      expect(await query("select text from notes")).toEqual([{ text: "kept" }]);
      expect(await redis("GET a")).toContain("kept");
    });
  },
);
