import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { reachable, releaseReachable } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import { createCryptoBox, loadSecretKey } from "./platform/crypto.ts";
import { connectDatabase, migrateDatabase } from "./platform/database.ts";
import type { Logger } from "./platform/logger.ts";
import { storeKeyFingerprints } from "./platform/key-check.ts";
import { holdDataDir } from "./platform/data-folder-lock.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded.ts";
import { reencrypt, type Reencrypted } from "./platform/encrypted-column.ts";
import { beginRotation, endRotation, loadEncryptionKeys } from "./platform/encryption-keys.ts";
import { encryptedColumns } from "./encrypted-columns.ts";

/**
 * `./studio rotate-keys`: creates a new encryption key (or uses the configured one), re-encrypts everything with it and deletes the previous ones.
 * Can be interrupted and started again at any moment. Throws when it cannot start.
 */
export async function rotateKeys(config: Config, { log, print }: { log: Logger; print: (line: string) => void }): Promise<Reencrypted> {
  const dataDir = resolve(config.dataDir);
  await mkdir(dataDir, { recursive: true });
  const isOurs = config.auth.encryptionKey === undefined;
  if (isOurs && config.database.url)
    throw new Error(
      "With an external database you manage the key: set DEPLOYMENT_ENCRYPTION_KEY to a new random value, put the previous one " +
        "(or SECRET_KEY) into DEPLOYMENT_ENCRYPTION_KEYS_FORMER, restart the server, then run this again.",
    );
  const closers: (() => Promise<unknown>)[] = [];
  try {
    // The embedded database belongs to one process, so a running server must be stopped first.
    if (!config.database.url) closers.push(await holdDataDir(dataDir));
    const secretKey = await loadSecretKey(config.auth.secretKey?.reveal(), dataDir);
    if (isOurs) await beginRotation(dataDir);
    const encryptionKeys = await loadEncryptionKeys(config, dataDir);
    const box = createCryptoBox(secretKey, encryptionKeys);
    const embedded = config.database.url
      ? undefined
      : await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
    if (embedded) closers.push(() => embedded.stop());
    const database = connectDatabase(
      config.database.url ? { url: config.database.url.reveal() } : { socketDir: embedded?.socketDir ?? "" },
      log,
    );
    closers.push(() => database.close());
    await migrateDatabase(database, log);
    const result = await reencrypt({
      db: database.db,
      box,
      columns: encryptedColumns,
      onProgress: (column, done) => print(`${column.name}: ${done} values re-encrypted so far`),
    });
    if (result.unreadable.length === 0) {
      await storeKeyFingerprints(database.db, secretKey, encryptionKeys);
      if (isOurs) await endRotation(dataDir);
    }
    return result;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
