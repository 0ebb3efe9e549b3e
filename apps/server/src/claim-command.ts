import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";
import { failureMark } from "./features/operations/backup/index.ts";
import { confirmInstallation } from "./platform/installation.ts";
import type { Logger } from "./platform/logger.ts";
import { openObjects } from "./platform/objects/index.ts";
import { openInstallation } from "./open-installation.ts";

/**
 * Says that this installation replaces the one it was restored from: it makes scheduled backups, and deletes what it no longer needs in the
 * bucket, if it has one. Returns the address of the bucket. Can be repeated; a running server follows within seconds.
 */
export async function claimInstallation(context: { config: Config; log: Logger }): Promise<string | undefined> {
  const { dataDir, database, closers, close } = await openInstallation(context);
  try {
    const { objects, close: closeObjects } = await openObjects(context.config, dataDir);
    closers.push(closeObjects);
    const id = await confirmInstallation(database.pool);
    await objects.owner?.set(id);
    await rm(join(dataDir, failureMark), { force: true });
    return objects.owner && objects.address;
  } finally {
    await close();
  }
}
