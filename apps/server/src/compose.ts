import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { contract } from "@tesslate/contract";
import { createRuntime, reachable, type RuntimeDriver } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import { mountAuth, createAuth } from "./features/auth/index.ts";
import { mountSystem } from "./features/system/index.ts";
import { createTasks, createTasksStore, mountTasks } from "./features/tasks/index.ts";
import { createUsers, mountUsers } from "./features/users/index.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import { createBus } from "./platform/bus.ts";
import { createCryptoBox, loadSecretKey } from "./platform/crypto.ts";
import { connectDatabase, migrateDatabase } from "./platform/database.ts";
import { createEventLog } from "./platform/events.ts";
import { startJobs } from "./platform/jobs.ts";
import { createLogger, type Logger } from "./platform/logger.ts";
import { holdDataDir, startEmbeddedPostgres } from "./platform/postgres.ts";
import { announceProcess } from "./platform/presence.ts";
import { createRateLimiter } from "./platform/rate-limit.ts";
import { createServerSettings } from "./platform/server-settings.ts";
import { version } from "./version.ts";

/** What tests put in the place of the real thing. */
export interface Swap {
  runtime?: RuntimeDriver;
  log?: Logger;
  /** A database that is already there, instead of the embedded server. */
  database?: { socketDir: string; database: string } | { url: string };
  webDir?: string;
}

export interface Studio {
  http: HttpServer;
  /** For the start-up banner. */
  facts: { driver: string; isolation: string; warnings: readonly string[]; models: string[]; setupToken: string | undefined };
  /** Orderly end: streams, runs, sandboxes (left for the next start to adopt), database. */
  close(): Promise<void>;
}

/** The composition root: builds everything in reading order. The only file that knows every constructor. */
export async function compose(config: Config, swap: Swap = {}): Promise<Studio> {
  const log = swap.log ?? createLogger(config.log.level);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.reverse()) await end().catch((err: unknown) => log.error({ err }, "close failed"));
    closers.length = 0;
  };
  try {
    return await build();
  } catch (error) {
    await close();
    throw error;
  }

  async function build(): Promise<Studio> {
    // Platform
    const dataDir = resolve(config.dataDir);
    await mkdir(dataDir, { recursive: true });
    closers.push(await holdDataDir(dataDir));
    const secretKey = await loadSecretKey(config.auth.secretKey?.reveal(), dataDir);
    const box = createCryptoBox(secretKey);
    const given = swap.database ?? (config.database.url ? { url: config.database.url.reveal() } : undefined);
    const embedded = given ? undefined : await startEmbeddedPostgres({ dataDir, reach: (dir) => reachable(dir), log });
    if (embedded) closers.push(() => embedded.stop());
    const database = connectDatabase(given ?? { socketDir: embedded?.socketDir ?? "" }, log);
    closers.push(() => database.close());
    await migrateDatabase(database, log);
    const { db } = database;
    const isShared = config.database.url !== undefined;
    const presence = await announceProcess(db, database.connection, log);
    closers.push(() => presence.close());
    const bus = await createBus(database.pool, database.connection, log);
    closers.push(() => bus.close());
    const events = createEventLog({ db, bus, log, isShared, processId: presence.id });
    closers.push(() => events.close());
    const settings = createServerSettings({ db, bus, box });
    const limits = createRateLimiter({ db, factor: config.http.rateLimitFactor });

    // Runtime
    const runtime = swap.runtime ?? (await createRuntime({ driver: config.runtime.driver, dataDir, log }));
    closers.push(() => runtime.close({ leaveRunning: true }));

    // Features
    const tasks = createTasks({ db, store: createTasksStore(db), events, bus, log, processId: presence.id, isShared });
    closers.push(() => tasks.close());
    const users = createUsers({ db });
    const auth = await createAuth({ db, bus, box, users, settings, limits, config: config.auth, http: config.http, log });
    closers.push(() => auth.close());

    // Jobs start last: everything they may call exists.
    const jobs = await startJobs({ pool: database.pool, log, handlers: { ...tasks.jobHandlers }, cron: { prune_tasks: "*/10 * * * *" } });
    closers.push(() => jobs.close());
    await tasks.start(jobs);

    // Front door
    const http = await createHttpServer({
      config: config.http,
      log,
      auth: auth.authenticator,
      preview: previews.site,
      contract,
      version,
      webDir: swap.webDir,
    });
    closers.push(() => http.close());
    const { mount } = http;
    mountSystem(mount, {});
    mountAuth(mount, { auth });
    mountUsers(mount, { users });
    mountTasks(mount, { tasks, resolveProject: async (userId, ref) => (await projects.require(userId, ref)).id });

    return {
      http,
      facts: { driver: runtime.name, isolation: runtime.isolation, warnings: runtime.warnings, models: [], setupToken: undefined },
      close,
    };
  }
}
