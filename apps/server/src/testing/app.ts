import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { Writable } from "node:stream";
import pg from "pg";
import { inject } from "vitest";
import type { StudioClient } from "@tesslate/client";
import type { User } from "@tesslate/contract";
import { freePort } from "@tesslate/testkit";
import { compose, type Studio, type Swap } from "../compose.ts";
import { readConfig, type Config } from "../config.ts";
import type { Database } from "../platform/database.ts";
import { createLogger } from "../platform/logger.ts";
import { createWorkContext } from "../platform/work-context.ts";
import { clientsAt } from "./address.ts";
import { testConnection, onServer, type TestPostgres } from "./postgres.ts";
import { noRuntime } from "./runtime.ts";
import { temporaryFolder } from "./temporary.ts";
import { oncePerWorker } from "./worker.ts";

export interface TestAppOptions {
  /** A separate server without special settings, e.g. because the test restarts it, counts rows or leaves data that other tests would see. */
  ownServer?: boolean;
  /** Overrides of the test defaults (no rate limits, a free port). */
  env?: Record<string, string>;
  /** Replacements; without a runtime nothing can run. */
  swap?: Omit<Swap, "database" | "log" | "longestOutageMs">;
  /** The runtime of the configuration instead of none, such as a runner's. */
  hasConfiguredRuntime?: boolean;
  /** Configuration changes that have no environment variable. */
  configure?: (config: Config) => void;
  /** Use the production cost of password hashing. */
  hasDearPasswords?: boolean;
  /** The database of an earlier app, to test restarts; it is not deleted at the end. */
  database?: string;
  /** Database server of the app, if not the one of the tests. */
  server?: TestPostgres["server"];
  /** Default: one minute. */
  longestOutageMs?: number;
  dataDir?: string;
}
/** A registered user. */
export interface TestUser extends User {
  password: string;
  /** Bearer token. */
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
  /** Registers over the API and signs in. Not an administrator by default. */
  signUp(options?: { name?: string; email?: string; password?: string; username?: string; admin?: boolean }): Promise<TestUser>;
  /** Typed client of a user, or unauthenticated. */
  as(user?: Pick<TestUser, "token">): StudioClient;
  /** A request with a relative `path`; `json` is the body as a value. */
  request(
    path: string,
    init?: Omit<RequestInit, "body"> & { json?: unknown; body?: RequestInit["body"]; user?: Pick<TestUser, "token"> },
  ): Promise<Response>;
  /** An empty tree for a project that is inserted directly. Does nothing without a runtime. */
  createTree(projectId: string): Promise<void>;
  /** Every line logged so far. */
  logs(): string;
  close(): Promise<void>;
}

/**
 * The real server. Without options it is shared by all tests of the worker, so a test creates its own users and projects and must
 * tolerate those of others. With options it is a separate server with its own port and database. `await using app = await testApp()`.
 */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  if (Object.keys(options).length > 0) return ownApp(options);
  return sharedView(await oncePerWorker("app", () => ownApp({})));
}

/** A view of the shared app for one test: log lines from now on, and no close. */
export function sharedView(app: TestApp): TestApp {
  const from = app.logs().length;
  return {
    ...app,
    logs: () => app.logs().slice(from),
    close: async () => {
      throw new Error("this server is shared: a test that closes its server must use `ownServer`");
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
    SECRET_KEY: "a secret key of the tests, 32+ characters",
    RATE_LIMIT_FACTOR: "0",
    TIER_MAX_PROJECTS_FREE: "1000",
    LOG_LEVEL: "debug",
    // Crash tests must not depend on restarts or on the memory of this host.
    RESTART_ATTEMPTS: "0",
    // A test that is about it turns it on.
    TEMPLATE_PREPARATION: "0",
    BROWSER_DOWNLOAD: "0",
    // Scripted models only answer scripted calls.
    AGENT_CHAT_TITLES: "0",
    AGENT_COMMIT_MESSAGES: "0",
    PROJECT_GIT: "0",
    MEMORY_WATERMARK_PERCENT: "0",
    // No real providers: a test that deploys starts a fake one.
    VERCEL_API_URL: "http://127.0.0.1:1",
    NETLIFY_API_URL: "http://127.0.0.1:1",
    CLOUDFLARE_API_URL: "http://127.0.0.1:1",
    ...options.env,
  });
  // Otherwise the first user would become administrator.
  config.http.isLoopbackOnly = false;
  if (!options.hasDearPasswords) config.auth.passwordCost = { memoryKib: 64, passes: 1 };
  config.deployProviders.retry = { tries: 3, firstMs: 20, maxWaitMs: 5000 };
  // A test that is not about automatic fixes would find a run of its own in its chat.
  config.repairs.quietMs = 3_600_000;
  config.modelRetries.timeFactor = 0.01;
  config.runtime.preparationPauseMs = 0;
  options.configure?.(config);

  const reached = options.server ?? server;
  const work = createWorkContext();
  const studio = await compose(config, {
    ...(!options.hasConfiguredRuntime && { runtime: noRuntime() }),
    ...options.swap,
    work,
    log: createLogger(config.log.level, output, work),
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
    createTree: async (projectId) => void (await options.swap?.runtime?.open({ id: projectId })),
    logs: () => lines,
    close,
    [Symbol.asyncDispose]: close,
  };
  return app;
}
