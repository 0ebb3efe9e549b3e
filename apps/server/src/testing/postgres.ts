import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { runMigrations } from "graphile-worker";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { connectDatabase, migrateDatabase } from "../platform/database.ts";
import { createLogger } from "../platform/logger.ts";
import { startEmbeddedPostgres } from "../platform/postgres/embedded.ts";
import { postgresIsUnused } from "./postgres-users.ts";

/** Database server of this test run. */
export interface TestPostgres {
  /** Either the socket folder of the embedded server or the URL of an existing one. */
  server: { socketDir: string } | { url: string };
  /** Migrated once; every test database is a copy of it. */
  template: string;
  /** Name prefix of the databases of this run. */
  prefix: string;
  /** See `usePostgres`. */
  usersDir: string;
}
declare module "vitest" {
  export interface ProvidedContext {
    postgres: TestPostgres;
  }
}

export const testConnection = (server: TestPostgres["server"], database: string): pg.ClientConfig => {
  if ("socketDir" in server) return { host: server.socketDir, user: "tesslate", database };
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return { connectionString: url.href };
};
/** Runs statements on the server's maintenance database. */
export async function onServer<T>(server: TestPostgres["server"], work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(testConnection(server, "postgres"));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** In memory if there is enough: every test creates and drops a database of 300 files, which is slow on disk. */
async function databaseFolder(): Promise<string> {
  const memory = "/dev/shm";
  if (tmpdir().startsWith(`${memory}/`)) return tmpdir();
  const free = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return Math.min(free, freemem()) > 6 * 2 ** 30 ? memory : tmpdir();
}

/** vitest's global set-up: one PostgreSQL per run (or the one at TEST_DATABASE_URL) with a migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = createLogger(process.env["TEST_LOG_LEVEL"] ?? "error");
  const url = process.env["TEST_DATABASE_URL"];
  const prefix = `tesslate_test_${randomBytes(4).toString("hex")}`;
  const template = `${prefix}_template`;
  const dir = await mkdtemp(join(await databaseFolder(), "studio-test-pg-"));
  await chmod(dir, 0o755);
  const embedded = url
    ? undefined
    : await startEmbeddedPostgres({
        dataDir: dir,
        reach: async (folder) => folder,
        log,
        settings: { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "500", shared_buffers: "64MB" },
      });
  const server: TestPostgres["server"] = url ? { url } : { socketDir: embedded?.socketDir ?? "" };
  await onServer(server, (client) => client.query(`create database ${template}`));
  const database = connectDatabase(
    "url" in server ? { url: testConnection(server, template).connectionString ?? "" } : { ...server, database: template },
    log,
  );
  await migrateDatabase(database, log);
  await runMigrations({ pgPool: database.pool });
  await database.close();
  const usersDir = join(dir, "users");
  project.provide("postgres", { server, template, prefix, usersDir });

  return async () => {
    await postgresIsUnused(usersDir);
    if (embedded) await embedded.stop();
    else
      await onServer(server, async (client) => {
        const left = await client.query<{ datname: string }>("select datname from pg_database where starts_with(datname, $1)", [prefix]);
        for (const { datname } of left.rows) await client.query(`drop database if exists ${pg.escapeIdentifier(datname)} with (force)`);
      });
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  };
}
