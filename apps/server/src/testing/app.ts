import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { Writable } from "node:stream";
import pg from "pg";
import { inject } from "vitest";
import type { Contract, User } from "@tesslate/contract";
import type { Client } from "@tesslate/contract/client";
import { freePort } from "@tesslate/testkit";
import { compose, type Studio, type Swap } from "../compose.ts";
import { readConfig, type Config } from "../config.ts";
import type { Database } from "../platform/database.ts";
import { createLogger } from "../platform/logger.ts";
import { clientsAt } from "./address.ts";
import { testConnection, onServer, type TestPostgres } from "./postgres.ts";
import { noRuntime } from "./runtime.ts";
import { temporaryFolder } from "./temporary.ts";
import { oncePerWorker } from "./worker.ts";

export interface TestAppOptions {
  /** A server of the test's own although it has no settings of its own: because it is restarted, counted, or full of what others would meet. */
  ownServer?: boolean;
  /** On top of defaults fit for tests (no rate limits, a port of its own). */
  env?: Record<string, string>;
  /** In the place of the real things; without a runtime nothing can run. */
  swap?: Omit<Swap, "database" | "log" | "longestOutageMs">;
  /** Changes to the configuration that the environment cannot make. */
  configure?: (config: Config) => void;
  /** Checking a password costs what it does in production. */
  hasDearPasswords?: boolean;
  /** A database of an earlier app, to see what outlives a restart; it is left there at the end. */
  database?: string;
  /** Where the product finds its database server, if not where the tests do. */
  server?: TestPostgres["server"];
  /** Instead of a minute. */
  longestOutageMs?: number;
  dataDir?: string;
}
/** Somebody who signed up. */
export interface TestUser extends User {
  password: string;
  /** A bearer token. */
  token: string;
}
export interface TestApp extends AsyncDisposable {
  url: string;
  port: number;
  config: Config;
  studio: Studio;
  db: Database;
  database: string;
  dataDir: string;
  /** Registers through the front door and signs in. Nobody is administrator unless asked for. */
  signUp(options?: { name?: string; email?: string; password?: string; username?: string; admin?: boolean }): Promise<TestUser>;
  /** The typed client of that user, or of nobody. */
  as(user?: Pick<TestUser, "token">): Client<Contract>;
  /** A plain request; `path` is relative, JSON bodies are given as values. */
  request(
    path: string,
    init?: Omit<RequestInit, "body"> & { json?: unknown; body?: RequestInit["body"]; user?: Pick<TestUser, "token"> },
  ): Promise<Response>;
  /** Every line logged so far. */
  logs(): string;
  close(): Promise<void>;
}

/**
 * The real product. Without options it is the server that all tests of this worker share: a test brings its own people and projects, and
 * meets those of others. With options it is a server of the test's own, on a port and a database of its own. `await using app = await testApp()`.
 */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  if (Object.keys(options).length > 0) return ownApp(options);
  return borrowed(await oncePerWorker("app", () => ownApp({})));
}

/** A shared app as one test sees it: with the log lines since now, and nothing to close. */
export function borrowed(app: TestApp): TestApp {
  const from = app.logs().length;
  return {
    ...app,
    logs: () => app.logs().slice(from),
    close: async () => {
      throw new Error("this server is shared: a test that ends its server asks for `ownServer`");
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function ownApp(options: TestAppOptions): Promise<TestApp> {
  const { server, template, prefix } = inject("postgres");
  const database = options.database ?? `${prefix}_${randomBytes(5).toString("hex")}`;
  if (options.database === undefined)
    await onServer(server, (client) => client.query(`create database ${database} template ${template} strategy file_copy`));
  const dataDir = options.dataDir ?? temporaryFolder("data");

  let lines = "";
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  const port = await freePort();
  const config = readConfig({
    PORT: String(port),
    DATA_DIR: dataDir,
    SECRET_KEY: "a key of the tests, long enough for everybody",
    RATE_LIMIT_FACTOR: "0",
    TIER_MAX_PROJECTS_FREE: "1000",
    LOG_LEVEL: "debug",
    // Tests of crashes look at what crashed, and the memory of this machine is no test's business.
    RESTART_ATTEMPTS: "0",
    // Scripted models are asked for what their script says.
    AGENT_CHAT_TITLES: "0",
    MEMORY_WATERMARK_PERCENT: "0",
    // Nobody is there: a test that deploys outside brings a provider of its own.
    VERCEL_API_URL: "http://127.0.0.1:1",
    NETLIFY_API_URL: "http://127.0.0.1:1",
    CLOUDFLARE_API_URL: "http://127.0.0.1:1",
    ...options.env,
  });
  // Or whoever signs up first would be administrator.
  config.http.isLoopbackOnly = false;
  if (!options.hasDearPasswords) config.auth.passwordCost = { memoryKib: 64, passes: 1 };
  config.deployProviders.retry = { tries: 3, firstMs: 20, maxWaitMs: 5000 };
  options.configure?.(config);

  const reached = options.server ?? server;
  const studio = await compose(config, {
    runtime: noRuntime(),
    ...options.swap,
    log: createLogger(config.log.level, output),
    database:
      "socketDir" in reached
        ? { socketDir: reached.socketDir, database }
        : { url: testConnection(reached, database).connectionString ?? "" },
    ...(options.longestOutageMs !== undefined && { longestOutageMs: options.longestOutageMs }),
  });
  await studio.http.listen();
  const url = `http://localhost:${port}`;

  const request: TestApp["request"] = (path, { json, user, ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (user) headers.set("authorization", `Bearer ${user.token}`);
    if (json !== undefined) headers.set("content-type", "application/json");
    return fetch(url + path, { redirect: "manual", ...init, headers, ...(json !== undefined && { body: JSON.stringify(json) }) });
  };
  const as = clientsAt(port);

  const close = async () => {
    await studio.close();
    if (options.database === undefined)
      await onServer(server, (client) => client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`));
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  const app: TestApp = {
    url,
    port,
    config,
    studio,
    db: studio.database.db,
    database,
    dataDir,
    request,
    as,
    signUp: async ({ admin = false, password = "correct horse battery", ...given } = {}) => {
      const mark = randomBytes(5).toString("hex");
      const email = given.email ?? `user-${mark}@example.com`;
      const user = await as().auth.register({
        body: { email, password, name: given.name ?? `User ${mark}`, ...(given.username && { username: given.username }) },
      });
      if (admin) await studio.database.pool.query("update users set is_superuser = true where id = $1", [user.id]);
      const { access_token } = await as().auth.login({ body: { email, password } });
      return { ...user, is_superuser: admin || user.is_superuser, password, token: access_token ?? "" };
    },
    logs: () => lines,
    close,
    [Symbol.asyncDispose]: close,
  };
  return app;
}
