import type { ChunkId } from "./chunks.ts";
import type { SealedKeys } from "./sealed-keys.ts";

/** What one backup consists of, and what a restore needs to know before it starts. */
export interface BackupManifest {
  /** `20261201-034512-4f2a`, the moment in UTC: sorts by age. */
  id: string;
  started_at: string;
  finished_at: string;
  /** Version of Tesslate Studio. */
  version: string;
  /** Names of the migrations of the database, the oldest first. */
  migrations: string[];
  /** `server_version` of PostgreSQL. */
  postgres: string;
  host: string;
  data_dir: string;
  /** Whether files have the user ids of their projects. */
  has_owners: boolean;
  /** The chunk that lists the chunks of the dump. */
  database: { chunks: ChunkId; bytes: number };
  /** The tree of the data folder. */
  files: ChunkId;
  file_count: number;
  file_bytes: number;
  /** What this backup added to the target, compressed. */
  added_bytes: number;
  projects: { id: string; slug: string; name: string }[];
  /** Projects whose files are not in the backup: they are on a runner, or there are none. Missing in older backups. */
  projects_without_files?: number;
  /** Made by the server itself, by `BACKUP_SCHEDULE`. Missing in older backups. */
  is_scheduled?: boolean;
  /** Null without a passphrase: then the keys must be kept elsewhere. */
  keys: SealedKeys | null;
  /** Settings that are no secrets, as they were set. */
  settings: Record<string, string>;
  /** The bucket that has the files of the server, which are then not in the backup. Missing in older backups. */
  objects?: string | null;
  warnings: string[];
}

export const newBackupId = (at: Date, suffix: string): string => {
  const [day = "", time = ""] = at.toISOString().replaceAll(/[-:]/g, "").slice(0, 15).split("T");
  return `${day}-${time}-${suffix}`;
};
