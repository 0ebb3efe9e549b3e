import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join, relative, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { findMountPoint, notBackedUp } from "@tesslate/runtime";
import type { DatabaseHandle } from "../../../platform/database.ts";
import { dumpConnection } from "../../../platform/dump/index.ts";
import { openFileCache } from "./file-cache.store.ts";
import { findTree, saveFolder } from "./folders.ts";
import { newBackupId, type BackupManifest } from "./manifest.ts";
import type { PauseSandbox } from "./pauses.ts";
import { BackupError } from "./backup-error.ts";
import type { BackupRepository } from "./repository.ts";
import { sealKeys, type InstallationKeys } from "./sealed-keys.ts";

/** The cache of backups in the data folder. */
const cacheFolder = "backup-cache";
/** Written after each backup; its modification time is that of the last backup. */
export const backupMark = "last-backup";
export const failureMark = "last-backup-failed";
/** Exists while a restore is incomplete: the server does not start. */
export const restoreMark = "unfinished-restore";

/** Secret settings that a restore has written, for the operator to copy. */
export const restoredSettings = "restored-settings.env";
/** Begins the name of a folder with what a restore has moved aside. */
export const beforeRestore = ".before-restore-";

/** Parts of the data folder that a backup leaves out: locks, the record of the running server, caches, keys (they are sealed), and the cluster (it is dumped). */
const leftOut: readonly RegExp[] = [
  /^postgres$/,
  /^(?:secret\.key|sealing\.keys)(?:\.new)?$/,
  /^studio\.pid(?:\.kernel)?(?:-journal)?$/,
  /^server\.json(?:\.new)?$/,
  /^\.?doctor(?:-\d+)?$/,
  new RegExp(`^(?:${backupMark}|${failureMark}|${restoreMark}|${cacheFolder}|${restoredSettings.replaceAll(".", "\\.")})$`),
  new RegExp(`^${beforeRestore.replaceAll(".", "\\.")}`),
  /^(?:chromium|browsers|dumps|git|scratch)$/,
  // Of the file system, if the data folder is a volume; only root can read it.
  /^lost\+found$/,
];
const runtimeFolder = "runtime/";
const isLeftOut = (path: string, spares: readonly string[]): boolean =>
  spares.some((id) => path === `runtime/sandboxes/${id}` || path === `runtime/history/${id}`) ||
  leftOut.some((pattern) => pattern.test(path)) ||
  (path.startsWith(runtimeFolder) && notBackedUp(path.slice(runtimeFolder.length)));

/** Folders whose entries are created before, and deleted after, the rows that name them. */
const namedByRows: ReadonlySet<string> = new Set([
  "runtime/sandboxes",
  "runtime/history",
  "deployments",
  "bases",
  "arrivals",
  "exports",
  "snapshots",
]);

export interface Installation {
  dataDir: string;
  connection: DatabaseHandle["connection"];
  facts(): Promise<Pick<BackupManifest, "projects" | "migrations" | "postgres">>;
  /** Ids of sandboxes that are left out, as of now: no project has them. */
  spares(): Promise<readonly string[]>;
  pause: PauseSandbox;
  keys(): Promise<InstallationKeys>;
  /** Settings that are no secrets. */
  settings: Record<string, string>;
  /** The bucket with the files of the server; null: they are in the data folder. */
  objects: string | null;
  /** Where the files of projects are that are not in the data folder; `undefined`: all are there. */
  elsewhere?: FilesElsewhere | undefined;
  version: string;
}

/** Files of projects that another machine has. */
export interface FilesElsewhere {
  /** For sentences: "on the runner at …". */
  place: string;
  /** What backs them up, as an instruction. */
  advice: string;
  /** Of these files. `everyMinutes`: 0 if only snapshots that people take are copied. `undefined`: none are made. */
  copies: { place: string; everyMinutes: number } | undefined;
}

export interface BackupOptions {
  repository: BackupRepository;
  /** Made by the server itself; its pruning leaves other backups alone. */
  isScheduled?: boolean;
  passphrase?: string | undefined;
  onProgress?: (text: string) => void;
  signal: AbortSignal;
}

/** Refuses a folder for backups inside of the data folder: a backup would contain the earlier ones. */
export function refuseTargetInside(folder: string, dataDir: string): void {
  const path = relative(resolve(dataDir), resolve(folder));
  if (path === "" || (!path.startsWith("..") && !path.startsWith("/")))
    throw new BackupError(`${folder} is in the data folder ${dataDir}. Choose another folder, on another disk or machine.`);
}

/**
 * In the container image: a folder that is not on a mount is deleted with the container. `mountPointOf`: what a path is mounted on, `/` for
 * the container's own files.
 */
export function refuseTargetInContainer(folder: string, mountPointOf = findMountPoint): void {
  const path = resolve(folder);
  if (mountPointOf(path) === "/")
    throw new BackupError(
      `${folder} is in this container and would be deleted with it. Mount a folder of the host there: --volume ${path}:${path}`,
    );
}

/**
 * Backs up an installation while it is used. Files are stored twice: a first pass reads most of them without stopping anything. Then the
 * database is dumped from one snapshot, and a second pass reads what has changed, with each project paused while its files are copied. So
 * whatever the dump refers to was there in one of the passes, and the second takes moments.
 */
export async function createBackup(
  { dataDir, connection, facts, spares, pause, keys, settings, objects, elsewhere, version }: Installation,
  { repository, isScheduled = false, passphrase, onProgress = () => undefined, signal }: BackupOptions,
): Promise<BackupManifest> {
  const started = new Date();
  const id = newBackupId(started, randomBytes(2).toString("hex"));
  const warnings: string[] = [];
  const sealed = passphrase === undefined ? null : await sealKeys(await keys(), passphrase, id);
  const release = await repository.lock("backup");
  const cache = openFileCache(join(dataDir, cacheFolder, "files.sqlite"), repository.id);
  let isComplete = false;
  try {
    onProgress("Reading files");
    const unowned = await spares();
    const first = await saveFolder(dataDir, { store: repository, cache, isLeftOut: (path) => isLeftOut(path, unowned), signal });

    onProgress("Dumping the database");
    const { projects, migrations, postgres } = await facts();
    const dump = await saveDump(connection, repository, signal);
    if (dump.leftOut.length > 0) warnings.push(`The database has ${dump.leftOut.join(", ")}, which are not part of the backup.`);

    onProgress("Reading what has changed");
    // A project that has become one since is in the dump, and needs its files.
    const stillUnowned = await spares();
    const names = new Map(projects.map((project) => [project.id, project.name]));
    /** Of the sandbox that is being copied. */
    let wasRunning = false;
    const files = await saveFolder(dataDir, {
      store: repository,
      cache,
      isLeftOut: (path) => isLeftOut(path, stillUnowned),
      signal,
      former: { tree: first.tree, folders: namedByRows },
      hold: async (path) => {
        const [, sandbox, folder] = /^runtime\/sandboxes\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
        if (sandbox === undefined) return undefined;
        // Programs may write through memory maps, which does not always change a file's time.
        if (folder !== undefined) return folder === "volumes" ? { isRead: wasRunning, release: async () => undefined } : undefined;
        const paused = await pause(sandbox);
        wasRunning = paused.wasRunning;
        if (!paused.isStill && paused.wasRunning)
          warnings.push(
            `${names.get(sandbox) ?? sandbox} ran and could not be paused: files that its programs changed during the backup, such as those of databases, may need a recovery.`,
          );
        return { isRead: false, release: paused.resume };
      },
    });

    const trees = await treesOf(repository, files.tree);
    const withoutFiles = projects.filter(({ id: project }) => !trees.has(project));
    if (elsewhere && withoutFiles.length > 0) warnings.push(describeMissing(withoutFiles.length, elsewhere));
    else
      for (const { name } of withoutFiles)
        warnings.push(`${name} has no files: its setup had not ended, or it was deleted during the backup.`);
    const added = await repository.flush();
    const manifest: BackupManifest = {
      id,
      started_at: started.toISOString(),
      finished_at: new Date().toISOString(),
      version,
      migrations,
      postgres,
      host: hostname(),
      data_dir: dataDir,
      has_owners: process.getuid?.() === 0,
      database: { chunks: dump.list, bytes: dump.bytes },
      files: files.tree,
      file_count: files.files,
      file_bytes: files.bytes,
      added_bytes: added,
      projects,
      projects_without_files: withoutFiles.length,
      is_scheduled: isScheduled,
      keys: sealed,
      settings,
      objects,
      warnings,
    };
    await repository.save(manifest);
    isComplete = true;
    return manifest;
  } finally {
    cache.close({ isComplete });
    await release();
  }
}

const describeMissing = (count: number, { place, advice, copies }: FilesElsewhere): string =>
  `Files of ${count === 1 ? "1 project" : `${count} projects`} are ${place} and are not in this backup: ${advice}.${
    copies ? ` ${describeCopies(copies)}` : ""
  }`;

const describeCopies = ({ place, everyMinutes }: NonNullable<FilesElsewhere["copies"]>): string =>
  everyMinutes > 0
    ? `Copies in ${place} protect them: projects that changed are copied every ${everyMinutes === 1 ? "minute" : `${everyMinutes} minutes`}.`
    : `Copies of their snapshots in ${place} protect them, as they were when the last snapshot was taken.`;

/** Ids of sandboxes with files in a backup. */
async function treesOf(repository: BackupRepository, files: string): Promise<Set<string>> {
  const tree = await findTree(repository, files, "runtime/sandboxes");
  if (tree === undefined) return new Set();
  const { entries } = JSON.parse((await repository.get(tree)).toString("utf8")) as { entries: [string, string][] };
  return new Set(entries.map(([, name]) => name));
}

async function saveDump(connection: DatabaseHandle["connection"], repository: BackupRepository, signal: AbortSignal) {
  const out = new PassThrough({ highWaterMark: 2 ** 20 });
  const stored = repository.putStream(out);
  const [leftOut, content] = await Promise.all([dumpConnection(connection, out, signal), stored]);
  return { leftOut, bytes: content.bytes, list: await repository.put(Buffer.from(JSON.stringify(content.chunks))) };
}
