import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { freePort, startModelServer, startS3Server, type ModelServer } from "@tesslate/testkit";
import pg from "pg";
import { expect, inject, vi } from "vitest";
import { clientsAt } from "./address.ts";
import { modelEnv } from "./chat.ts";
import { onServer, testConnection } from "./postgres.ts";
import { bootOf, ended } from "./projects.ts";
import { sharedBucket } from "./several-servers.ts";
import { spawnStudio, type SpawnedStudio } from "./spawned-studio.ts";
import { tinyTemplates } from "./tiny-template.ts";

/** A server of an installation, as a process of its own. */
export interface InstallationServer {
  port: number;
  as: ReturnType<typeof clientsAt>;
  studio: SpawnedStudio;
}

/** Several servers on one database, one bucket and one scripted model. */
export interface Installation extends AsyncDisposable {
  readonly servers: ReadonlyMap<string, InstallationServer>;
  readonly model: ModelServer;
  at(name: string): InstallationServer;
  /** Also again, at the port it had. */
  start(name: string): Promise<InstallationServer>;
  query(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** The server that owns a project. */
  ownerOf(projectId: string): Promise<string | undefined>;
  /** Signs up at the first server and in at the second one. */
  signUp(): Promise<{ token: string }>;
  /** A project that runs, created and started with requests to the given servers. */
  startedProject(user: { token: string }, createdAt: string, startedAt?: string): Promise<string>;
  /** Ends each server by SIGTERM and starts it again, after the load has reached the one before. */
  rollingRestart(names: readonly string[], load: { ready: ReadonlySet<string> }): Promise<void>;
  /** The number that a project's app got when it started, as its preview at that server says. */
  bootAt(name: string, user: { token: string }, projectId: string): Promise<number>;
}

/** `env`: where projects run, and other settings. */
export async function openInstallation({
  names,
  folder,
  env,
}: {
  names: readonly [string, string, ...string[]];
  folder: string;
  env: Record<string, string>;
}): Promise<Installation> {
  const { server, template, prefix } = inject("postgres");
  const database = `${prefix}_${randomBytes(5).toString("hex")}`;
  await onServer(server, (client) => client.query(`create database ${database} template ${template} strategy file_copy`));
  const databaseUrl =
    "url" in server
      ? Object.assign(new URL(server.url), { pathname: `/${database}` }).href
      : `postgres://tesslate@localhost/${database}?host=${encodeURIComponent(server.socketDir)}`;
  const pool = new pg.Pool({ ...testConnection(server, database), max: 2 });
  const model = await startModelServer({ tokenDelayMs: 5 });
  const objects = await startS3Server(sharedBucket);
  const templatesDir = await tinyTemplates();
  const shared = {
    DATABASE_URL: databaseUrl,
    APP_BASE_URL: `http://localhost:${await freePort()}`,
    OBJECTS_S3_ENDPOINT: objects.endpoint,
    OBJECTS_S3_BUCKET: sharedBucket.bucket,
    OBJECTS_S3_ACCESS_KEY_ID: sharedBucket.accessKeyId,
    OBJECTS_S3_SECRET_ACCESS_KEY: sharedBucket.secretAccessKey,
    OUTBOUND_ALLOW_HOSTS: new URL(objects.endpoint).host,
    AGENT_CHAT_TITLES: "0",
    DRAIN_SECONDS: "2",
    TIER_MAX_PROJECTS_FREE: "1000",
    ...modelEnv(model),
    ...env,
  };

  const servers = new Map<string, InstallationServer>();
  const at = (name: string): InstallationServer => {
    const found = servers.get(name);
    if (!found) throw new Error(`there is no server ${name}`);
    return found;
  };
  const start = async (name: string): Promise<InstallationServer> => {
    const port = servers.get(name)?.port ?? (await freePort());
    const own = { ...shared, SERVER_ADDRESS: `http://127.0.0.1:${port}` };
    const studio = await spawnStudio({ port, dataDir: join(folder, name), templatesDir, env: own });
    const started = { port, as: clientsAt(port), studio };
    servers.set(name, started);
    return started;
  };
  const query = (sql: string, values?: unknown[]) => pool.query(sql, values);
  const close = async () => {
    for (const { studio } of servers.values()) await studio.kill();
    await pool.end();
    await model.close();
    await objects[Symbol.asyncDispose]();
    await onServer(server, (client) => client.query(`drop database if exists ${database} with (force)`));
  };
  try {
    await Promise.all(names.map(start));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    servers,
    model,
    at,
    start,
    query,
    async ownerOf(projectId) {
      const { rows } = await query("select s.address from project_owners o join servers s on s.id = o.server_id where o.project_id = $1", [
        projectId,
      ]);
      const address = (rows[0] as { address: string } | undefined)?.address;
      return [...servers].find(([, { port }]) => address === `http://127.0.0.1:${port}`)?.[0];
    },
    async signUp() {
      const person = { email: `${randomBytes(4).toString("hex")}@example.com`, password: "correct horse battery" };
      await at(names[0])
        .as()
        .auth.register({ body: { ...person, name: "Ada" } });
      return { token: (await at(names[1]).as().auth.login({ body: person })).access_token ?? "" };
    },
    async startedProject(user, createdAt, startedAt = createdAt) {
      const created = await at(createdAt)
        .as(user)
        .projects.create({ body: { name: "Shop" } });
      expect(await ended(at(startedAt), user, created.task_id)).toMatchObject({ status: "completed", error: null });
      const { task_id } = await at(startedAt)
        .as(user)
        .projects.start({ params: { id: created.id } });
      if (task_id) expect(await ended(at(createdAt), user, task_id)).toMatchObject({ status: "completed", error: null });
      return created.id;
    },
    async rollingRestart(names, { ready }) {
      for (const name of names) {
        const { child } = at(name).studio;
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        expect(await exited).toEqual([0, null]);
        await start(name);
        await vi.waitFor(() => expect(ready.has(name)).toBe(true), { timeout: 60_000 });
      }
    },
    bootAt: (name, user, projectId) => bootOf(at(name), user, projectId),
    [Symbol.asyncDispose]: close,
  };
}
