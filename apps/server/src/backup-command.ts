import { randomUUID } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createRuntime, reachable, releaseReachable } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import {
  BackupError,
  backupMark,
  chunksOfBackup,
  createBackup,
  createBackupStore,
  createPauseClient,
  failureMark,
  openFolderTarget,
  openRepository,
  openS3Target,
  prepareDataDir,
  refuseNewerBackup,
  refuseTargetInContainer,
  refuseTargetInside,
  restoreInstallation,
  restoreProjectFiles,
  scheduledBackupJob,
  selectBackup,
  UnconfirmedCopyError,
  unsealKeys,
  verifyBackups,
  type BackupManifest,
  type BackupRepository,
  type BackupTarget,
  type FilesElsewhere,
  type PauseSandbox,
  type PruneRules,
} from "./features/operations/backup/index.ts";
import { createBus } from "./platform/bus.ts";
import { isContainerImage } from "./platform/container-image.ts";
import { loadSecretKey } from "./platform/crypto.ts";
import { appliedMigrations, connectDatabase, knownMigrations, type DatabaseHandle } from "./platform/database.ts";
import { isDatabaseClaimed } from "./platform/database-claim.ts";
import { isDatabaseEmpty, replaceDatabase } from "./platform/dump/index.ts";
import { loadEncryptionKeys } from "./platform/encryption-keys.ts";
import { explainRefusedAccess } from "./platform/file-access.ts";
import { deleteJobs } from "./platform/jobs.ts";
import { markRestored, readUnconfirmedRestore } from "./platform/installation.ts";
import { refuseKeysOfOtherDatabase } from "./platform/key-check.ts";
import type { Logger } from "./platform/logger.ts";
import { bucketAddress, createStorageOutbound } from "./platform/objects/index.ts";
import { openInstallation, type OpenInstallation } from "./open-installation.ts";
import { holdDataDir } from "./platform/data-folder-lock.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded.ts";
import { findPostgresPrograms } from "./platform/postgres/programs.ts";
import { kubernetesOptions, readRemoteOptions } from "./runner-options.ts";
import { settings as allSettings } from "./settings/index.ts";
import { settingsOf } from "./settings/kinds.ts";
import type { Environment } from "./settings/read.ts";
import { version } from "./version.ts";

export interface CommandContext {
  config: Config;
  environment: Environment;
  log: Logger;
  print: (line: string) => void;
  signal: AbortSignal;
}

/** A folder, or `s3://bucket/prefix`. */
async function openTarget(address: string, { backups: { s3 }, outbound }: Pick<Config, "backups" | "outbound">): Promise<BackupTarget> {
  if (!address.startsWith("s3://")) return openFolderTarget(address);
  if (!URL.canParse(address) || new URL(address).host === "") throw new BackupError(`${address} is not s3://bucket/prefix.`);
  const { fetch } = await createStorageOutbound(outbound, { bucket: new URL(address).host, endpoint: s3.endpoint });
  return openS3Target(address, { ...s3, secretAccessKey: s3.secretAccessKey?.reveal() ?? "", fetch });
}

/** Refuses a folder that is lost together with the installation: in the data folder, or in the container itself. */
function refuseLostFolder(folder: string, { dataDir }: Pick<Config, "dataDir">): void {
  refuseTargetInside(folder, dataDir);
  if (isContainerImage()) refuseTargetInContainer(folder);
}

/** Writes, reads and deletes an object there. Throws when that is not possible. */
export async function checkBackupTarget(address: string, config: Pick<Config, "backups" | "dataDir" | "outbound">): Promise<void> {
  if (!address.startsWith("s3://")) refuseLostFolder(address, config);
  const target = await openTarget(address, config);
  const name = `checks/${randomUUID()}`;
  const written = Buffer.from(name);
  await target.put(name, written);
  const read = await target.get(name);
  await target.remove(name);
  if (!read?.equals(written)) throw new BackupError(`${target.address} returned another content than it was sent.`);
}

async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch(async (cause: NodeJS.ErrnoException) => {
    const refusal = await explainRefusedAccess(resolve(file), cause, "read");
    throw new BackupError(`The passphrase file ${refusal ?? `${file} cannot be read (${cause.code}).`}`, { cause });
  });
  return text.replace(/\r?\n$/, "");
}

/** Asks the running server; without one, services that continue after its end are paused from here. */
async function openPauses(
  { config, log }: CommandContext,
  { dataDir, database, isRunning, closers }: OpenInstallation,
): Promise<PauseSandbox> {
  if (isRunning) {
    const bus = await createBus(database.pool, database.connection, log);
    closers.push(() => bus.close());
    return createPauseClient(bus);
  }
  const still = { isStill: true, wasRunning: false, resume: async () => undefined };
  if (globSync("runtime/sandboxes/*/services/*/service.json", { cwd: dataDir }).length === 0) return async () => still;
  const programs = await findPostgresPrograms();
  const runtime = await createRuntime({
    driver: config.runtime.driver,
    dataDir,
    docker: config.runtime.docker,
    remote: await readRemoteOptions(config.runtime),
    kubernetes: kubernetesOptions(config.runtime),
    ...(config.runtime.orphanGraceMs !== undefined && { orphanGraceMs: config.runtime.orphanGraceMs }),
    ...(programs !== undefined && { programs: { postgres: programs } }),
    log,
  });
  closers.push(() => runtime.close({ leaveRunning: true }));
  return (sandbox) => runtime.pause(sandbox);
}

/** Settings as they are set: those that are no secrets, and the secret ones. Keys have a place of their own. */
function splitSettings(environment: Environment): { open: Record<string, string>; secret: Record<string, string> } {
  const open: Record<string, string> = {};
  const secret: Record<string, string> = {};
  const keys = new Set(["SECRET_KEY", "DEPLOYMENT_ENCRYPTION_KEY", "DEPLOYMENT_ENCRYPTION_KEYS_FORMER"]);
  for (const { env, isSecret } of settingsOf(allSettings)) {
    const value = environment[env]?.trim();
    if (!value || keys.has(env)) continue;
    // A URL may contain a password.
    if (isSecret || (/URL/.test(env) && value.includes("@"))) secret[env] = value;
    else open[env] = value;
  }
  return { open, secret };
}

/** Where the driver has the files of projects, if not in the data folder. */
function filesElsewhere({ runtime, objects, snapshots }: Pick<Config, "runtime" | "objects" | "snapshots">): FilesElsewhere | undefined {
  const copies =
    objects.s3.bucket === "" || snapshots.copies === "off"
      ? undefined
      : { place: bucketAddress(objects.s3), everyMinutes: snapshots.copyEveryMs / 60_000 };
  if (runtime.driver === "remote")
    return {
      place: `on the runner at ${runtime.runner.url}`,
      advice: "run ./studio backup there (docs/operations/runner.md#backups)",
      copies,
    };
  if (runtime.driver === "kubernetes")
    return { place: "on volumes of the cluster", advice: "back up these volumes with the tools of the cluster", copies };
  return undefined;
}

export async function backUp(
  context: CommandContext,
  {
    target,
    passphraseFile,
    isScheduled = false,
  }: { target: string; passphraseFile?: string | undefined; isScheduled?: boolean | undefined },
): Promise<BackupManifest> {
  const { config, environment, print, signal } = context;
  const passphrase = await readPassphrase(passphraseFile);
  if (!target.startsWith("s3://")) refuseLostFolder(target, config);
  const installation = await openInstallation(context);
  const { dataDir, database } = installation;
  try {
    // In a copy that tests a backup, BACKUP_TARGET may be that of the original.
    const restoredFrom = isScheduled ? await readUnconfirmedRestore(database.pool) : undefined;
    if (restoredFrom !== undefined)
      throw new UnconfirmedCopyError(
        `This installation was restored from ${restoredFrom} and may be a copy, so it makes no scheduled backups. If it replaces the original, run ./studio claim.`,
      );
    const repository = await openRepository(await openTarget(target, config), { isCreated: true });
    const pause = await openPauses(context, installation);
    const store = createBackupStore(database.db);
    const { open, secret } = splitSettings(environment);
    const manifest = await createBackup(
      {
        dataDir,
        connection: database.connection,
        facts: async () => {
          const { rows } = await database.pool.query<{ server_version: string }>("show server_version");
          return {
            projects: await store.projects(),
            migrations: await appliedMigrations(database.pool),
            postgres: rows[0]?.server_version ?? "",
          };
        },
        spares: store.spares,
        pause,
        keys: async () => {
          const { current, former = [] } = await loadEncryptionKeys(config, dataDir);
          const encryption_keys = [...(current === undefined ? [] : [current]), ...former];
          return { secret_key: await loadSecretKey(config.auth.secretKey?.reveal(), dataDir), encryption_keys, settings: secret };
        },
        settings: open,
        objects: config.objects.s3.bucket === "" ? null : bucketAddress(config.objects.s3),
        elsewhere: filesElsewhere(config),
        version,
      },
      { repository, isScheduled, passphrase, onProgress: print, signal },
    );
    await writeFile(join(dataDir, backupMark), `${JSON.stringify(resultOf(manifest, repository.address))}\n`, { mode: 0o600 });
    await rm(join(dataDir, failureMark), { force: true });
    return manifest;
  } finally {
    await installation.close();
  }
}

/** Notes for the administration why a scheduled backup failed; the next backup deletes the note. */
export async function recordFailure({ dataDir }: Pick<Config, "dataDir">, error: unknown): Promise<void> {
  const text = JSON.stringify({ at: new Date().toISOString(), error: error instanceof Error ? error.message : String(error) });
  await writeFile(join(resolve(dataDir), failureMark), `${text}\n`, { mode: 0o600 });
}

/** What the mark of the last backup says, for the administration. */
const resultOf = (
  { id, finished_at, added_bytes, file_bytes, database, keys, warnings, projects_without_files }: BackupManifest,
  target: string,
) => ({
  id,
  finished_at,
  target,
  added_bytes,
  bytes: file_bytes + database.bytes,
  has_keys: keys !== null,
  warnings: warnings.length,
  projects_without_files,
});

export const openBackups = async (target: string, config: Pick<Config, "backups" | "outbound">): Promise<BackupRepository> =>
  openRepository(await openTarget(target, config));

export async function pruneBackups(repository: BackupRepository, rules: PruneRules) {
  const release = await repository.lock("prune");
  try {
    const seen = new Set<string>();
    return await repository.prune(rules, (manifest) => chunksOfBackup(repository, manifest, seen));
  } finally {
    await release();
  }
}

export { verifyBackups };

export interface RestoreRequest {
  target: string;
  at?: string | undefined;
  isForced: boolean;
  passphraseFile?: string | undefined;
}
export interface RestoreResult {
  manifest: BackupManifest;
  dataDir: string;
  /** Where the previous content of the data folder is. */
  movedTo: string | undefined;
  /** Secret settings of the backup. */
  settingsFile: string | undefined;
  /** The keys fit the database; false when they have to be set before the server starts. */
  hasKeys: boolean;
}

/** Restores an installation into an empty data folder and an empty database. */
export async function restore(context: CommandContext, { target, at, isForced, passphraseFile }: RestoreRequest): Promise<RestoreResult> {
  const { config, log, print, signal } = context;
  const repository = await openBackups(target, config);
  const manifest = await selectBackup(repository, at);
  refuseNewerBackup(manifest, knownMigrations(), version);
  const passphrase = await readPassphrase(passphraseFile);
  if (passphrase !== undefined && manifest.keys === null)
    throw new BackupError(`The backup ${manifest.id} has no keys: it was made without a passphrase. Leave out --passphrase-file.`);
  const keys = manifest.keys && passphrase !== undefined ? await unsealKeys(manifest.keys, passphrase, manifest.id) : undefined;

  const dataDir = resolve(config.dataDir);
  await mkdir(dataDir, { recursive: true });
  const closers: (() => Promise<unknown>)[] = [await holdDataDir(dataDir)];
  try {
    const url = config.database.url?.reveal();
    if (url !== undefined) await refuseUsedDatabase(url, { isForced, log });
    const movedTo = prepareDataDir(dataDir, { isForced, now: new Date() });
    let connection: DatabaseHandle["connection"] = url === undefined ? {} : { connectionString: url };
    const settingsFile = await restoreInstallation({
      repository,
      manifest,
      dataDir,
      keys,
      onProgress: print,
      signal,
      loadDatabase: async (dump) => {
        if (url === undefined) {
          const embedded = await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
          closers.push(() => embedded.stop());
          connection = { host: embedded.socketDir, user: "tesslate", database: "tesslate" };
        }
        await replaceDatabase(connection, dump, signal, async (client) => {
          await markRestored(client, manifest.id);
          // A scheduled backup has its own job in the database, which the restored server would run again.
          await deleteJobs(client, scheduledBackupJob);
        });
      },
    });
    const hasKeys = await fitsKeys(context, dataDir, connection);
    return { manifest, dataDir, movedTo, settingsFile, hasKeys };
  } finally {
    for (const end of closers.reverse()) await end();
  }
}

async function refuseUsedDatabase(url: string, { isForced, log }: { isForced: boolean; log: Logger }): Promise<void> {
  const database = connectDatabase({ url }, log);
  try {
    if (await isDatabaseClaimed(database.pool))
      throw new BackupError(
        "A server uses the database of DATABASE_URL. Set DATABASE_URL to an empty database, or, to replace that server, stop it first.",
      );
    if (!isForced && !(await isDatabaseEmpty(database.pool)))
      throw new BackupError(
        "The database of DATABASE_URL is not empty. Create an empty one, or pass --force: then its content is replaced.",
      );
  } finally {
    await database.close();
  }
}

/** Whether the keys that the server would use are those of the restored database. Does not create any. */
async function fitsKeys({ config, log }: CommandContext, dataDir: string, connection: DatabaseHandle["connection"]): Promise<boolean> {
  const secretKey =
    config.auth.secretKey?.reveal() ?? (existsSync(join(dataDir, "secret.key")) ? await loadSecretKey(undefined, dataDir) : undefined);
  if (secretKey === undefined) return false;
  const database = connectDatabase(
    connection.connectionString === undefined ? { socketDir: connection.host ?? "" } : { url: connection.connectionString },
    log,
  );
  try {
    await refuseKeysOfOtherDatabase(database, secretKey, await loadEncryptionKeys(config, dataDir));
    return true;
  } catch {
    return false;
  } finally {
    await database.close();
  }
}

/** Restores the files of one project into a new folder, beside any installation. */
export async function restoreProject(
  { config, signal }: Pick<CommandContext, "config" | "signal">,
  { target, at, project, folder }: { target: string; at?: string | undefined; project: string; folder: string },
): Promise<{ name: string; manifest: BackupManifest }> {
  const repository = await openBackups(target, config);
  const manifest = await selectBackup(repository, at);
  const { name } = await restoreProjectFiles(repository, manifest, { project, folder: resolve(folder), signal });
  return { name, manifest };
}
