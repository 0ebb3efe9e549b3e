import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeRestore, restoredSettings, restoreMark } from "./backup.ts";
import { chunksOfTree, findTree, restoreFolder } from "./folders.ts";
import type { BackupManifest } from "./manifest.ts";
import { BackupError } from "./backup-error.ts";
import type { ChunkId } from "./chunks.ts";
import type { BackupRepository } from "./repository.ts";
import type { InstallationKeys } from "./sealed-keys.ts";

/** The chunks of a backup's dump. */
const dumpOf = async (repository: Pick<BackupRepository, "get">, { database }: BackupManifest): Promise<ChunkId[]> =>
  JSON.parse((await repository.get(database.chunks)).toString("utf8")) as ChunkId[];

/** Every chunk that a backup needs. `seen` has trees that were listed already. */
export async function* chunksOfBackup(
  repository: Pick<BackupRepository, "get">,
  manifest: BackupManifest,
  seen: Set<ChunkId> = new Set(),
): AsyncGenerator<ChunkId, void> {
  yield manifest.database.chunks;
  yield* await dumpOf(repository, manifest);
  yield* chunksOfTree(repository, manifest.files, seen);
}

export interface Verification {
  backups: number;
  /** What is wrong, one sentence each; empty when everything is there and unchanged. */
  problems: string[];
}

/** Reads everything back: each pack has the content of its name, and each backup has all of its chunks. */
export async function verifyBackups(
  repository: BackupRepository,
  onProgress?: (done: number, total: number) => void,
): Promise<Verification> {
  const problems = (await repository.checkPacks(onProgress)).map((pack) => `The pack ${pack} is missing or has another content.`);
  const seen = new Set<ChunkId>();
  const backups = await repository.list();
  for (const manifest of backups) {
    let missing = 0;
    try {
      for await (const chunk of chunksOfBackup(repository, manifest, seen)) if (!repository.has(chunk)) missing++;
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      problems.push(`${manifest.id}: ${error.message}`);
      // Trees that were not read to their end must not count as complete for the next backup.
      seen.clear();
      continue;
    }
    if (missing > 0) problems.push(`${manifest.id}: ${missing} chunks are missing.`);
  }
  return { backups: backups.length, problems };
}

/** The backup with that id, or the newest. */
export async function selectBackup(repository: BackupRepository, id: string | undefined): Promise<BackupManifest> {
  const all = await repository.list();
  const found = id === undefined ? all.at(-1) : all.find((manifest) => manifest.id === id);
  if (!found)
    throw new BackupError(
      id === undefined
        ? `There are no backups in ${repository.address}.`
        : `${repository.address} has no backup ${id}. It has: ${all.map((manifest) => manifest.id).join(", ") || "none"}.`,
    );
  return found;
}

/** A version can restore backups of its own and of earlier versions. */
export function refuseNewerBackup({ id, version: made, migrations }: BackupManifest, known: readonly string[], version: string): void {
  const newer = migrations.filter((name) => !known.includes(name));
  if (newer.length > 0)
    throw new BackupError(
      `The backup ${id} was made by version ${made}, and this is ${version}, which does not know its database (${newer.at(-1)}). Restore it with that version or a newer one.`,
    );
}

/** Files of locks, which a process creates before it looks, and the folder that ext4 creates on each volume. */
const isInEmptyFolder = (name: string) => name.startsWith("studio.pid") || name === "lost+found";

/** Throws unless the data folder is empty; `isForced` moves what is there aside and returns where it is. */
export function prepareDataDir(dataDir: string, { isForced, now }: { isForced: boolean; now: Date }): string | undefined {
  mkdirSync(dataDir, { recursive: true });
  const names = readdirSync(dataDir).filter((name) => !isInEmptyFolder(name));
  if (names.length === 0) return undefined;
  if (!isForced)
    throw new BackupError(
      `${dataDir} is not empty. Set DATA_DIR or --data-dir to an empty folder, or pass --force: then what is there is moved aside first.`,
    );
  const aside = join(dataDir, `${beforeRestore}${now.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}`);
  mkdirSync(aside, { mode: 0o700 });
  for (const name of names) if (!name.startsWith(beforeRestore)) renameSync(join(dataDir, name), join(aside, name));
  return aside;
}

export interface RestoreInstallationOptions {
  repository: BackupRepository;
  manifest: BackupManifest;
  dataDir: string;
  keys: InstallationKeys | undefined;
  /** Fills the empty database, in one transaction. */
  loadDatabase(dump: AsyncIterable<Buffer>): Promise<void>;
  onProgress?: (text: string) => void;
  signal: AbortSignal;
}

/**
 * Restores everything into an empty data folder and an empty database. Until it has ended, a server does not start on the folder. Returns
 * the file with the secret settings, if the backup has some.
 */
export async function restoreInstallation({
  repository,
  manifest,
  dataDir,
  keys,
  loadDatabase,
  onProgress = () => undefined,
  signal,
}: RestoreInstallationOptions): Promise<string | undefined> {
  writeFileSync(join(dataDir, restoreMark), `${manifest.id}\n`, { mode: 0o600, flush: true });
  onProgress("Restoring files");
  await restoreFolder(manifest.files, dataDir, { store: repository, hasOwners: manifest.has_owners && process.getuid?.() === 0, signal });
  if (keys) writeKeys(dataDir, keys);
  const settingsFile = keys && Object.keys(keys.settings).length > 0 ? join(dataDir, restoredSettings) : undefined;
  if (keys && settingsFile !== undefined) writeFileSync(settingsFile, envFile(keys.settings), { mode: 0o600, flush: true });
  onProgress("Restoring the database");
  await loadDatabase(repository.read(await dumpOf(repository, manifest)));
  rmSync(join(dataDir, restoreMark));
  return settingsFile;
}

function writeKeys(dataDir: string, { secret_key, encryption_keys }: InstallationKeys): void {
  writeFileSync(join(dataDir, "secret.key"), secret_key, { mode: 0o600, flush: true });
  if (encryption_keys.length > 0)
    writeFileSync(join(dataDir, "sealing.keys"), `${encryption_keys.join("\n")}\n`, { mode: 0o600, flush: true });
}

const envFile = (settings: Record<string, string>) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${/^[\w.:/@-]*$/.test(value) ? value : JSON.stringify(value)}\n`)
    .join("");

/** Restores the files of one project into a folder that does not exist yet. */
export async function restoreProjectFiles(
  repository: BackupRepository,
  manifest: BackupManifest,
  { project, folder, signal }: { project: string; folder: string; signal: AbortSignal },
): Promise<{ name: string }> {
  const found = manifest.projects.find(({ id, slug }) => id === project || slug === project);
  if (!found)
    throw new BackupError(
      `The backup ${manifest.id} has no project ${project}. It has: ${manifest.projects.map(({ slug }) => slug).join(", ")}.`,
    );
  const tree = await findTree(repository, manifest.files, `runtime/sandboxes/${found.id}/files`);
  if (tree === undefined) throw new BackupError(`The project ${project} has no files in the backup ${manifest.id}.`);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new BackupError(`${folder} is not empty. Choose a new folder.`);
  await restoreFolder(tree, folder, { store: repository, hasOwners: false, signal });
  chmodSync(folder, 0o700);
  return { name: found.name };
}
