import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { reachable, releaseReachable } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import { addressOfDatabase, awaitDatabase, connectDatabase, type DatabaseHandle } from "./platform/database.ts";
import { isDatabaseClaimed } from "./platform/database-claim.ts";
import type { Logger } from "./platform/logger.ts";
import { holdDataDir } from "./platform/data-folder-lock.ts";
import { findRunningPostgres } from "./platform/postgres/earlier-server.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded.ts";

export interface OpenInstallation {
  dataDir: string;
  database: DatabaseHandle;
  /** Its server uses the database. */
  isRunning: boolean;
  /** Called in reverse order by `close`. */
  closers: (() => Promise<unknown>)[];
  close(): Promise<void>;
}

/**
 * The database of the installation and whether its server runs. Changes nothing in it. `waits`: for an external database that cannot be
 * reached yet, as the server does.
 */
export async function openInstallation({
  config,
  log,
  waits = false,
}: {
  config: Config;
  log: Logger;
  waits?: boolean;
}): Promise<OpenInstallation> {
  const dataDir = resolve(config.dataDir);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    if (!existsSync(dataDir)) throw new Error(`${dataDir} does not exist. Set DATA_DIR to the data folder of the server.`);
    let database: DatabaseHandle;
    let isRunning: boolean;
    if (config.database.url) {
      database = connectDatabase({ url: config.database.url.reveal() }, log);
      closers.push(() => database.close());
      if (waits) await awaitDatabase(database, addressOfDatabase(config.database.url.reveal()), log);
      isRunning = await isDatabaseClaimed(database.pool);
      if (!isRunning) closers.push(await holdDataDir(dataDir));
    } else {
      const socketDir = await findRunningPostgres(dataDir);
      if (socketDir === undefined) {
        if (!existsSync(join(dataDir, "postgres/data/PG_VERSION")))
          throw new Error(`${dataDir} has no database yet. Set DATA_DIR to the data folder of the server, or DATABASE_URL.`);
        closers.push(await holdDataDir(dataDir));
        const embedded = await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
        closers.push(() => embedded.stop());
        database = connectDatabase({ socketDir: embedded.socketDir }, log);
      } else database = connectDatabase({ socketDir }, log);
      closers.push(() => database.close());
      isRunning = socketDir !== undefined;
      if (isRunning && !(await isDatabaseClaimed(database.pool)))
        throw new Error(`Another command uses the database of ${dataDir}. Wait until it has ended.`);
    }
    return { dataDir, database, isRunning, closers, close };
  } catch (error) {
    await close();
    throw error;
  }
}
