export {
  type FilesElsewhere,
  backupMark,
  createBackup,
  failureMark,
  refuseTargetInContainer,
  refuseTargetInside,
  restoreMark,
} from "./backup.ts";
export { createBackupStore } from "./backup.store.ts";
export { readBackupFailure, readLastBackup } from "./last-backup.ts";
export type { BackupManifest } from "./manifest.ts";
export { createBackupPauses, createPauseClient, type PauseSandbox } from "./pauses.ts";
export { BackupError, UnconfirmedCopyError } from "./backup-error.ts";
export { openRepository, type BackupRepository, type PruneRules } from "./repository.ts";
export {
  chunksOfBackup,
  prepareDataDir,
  refuseNewerBackup,
  restoreInstallation,
  restoreProjectFiles,
  selectBackup,
  verifyBackups,
} from "./restore.ts";
export { openS3Target } from "./s3-target.ts";
export { createScheduledBackups, leftOutExitCode, scheduledBackupJob } from "./scheduled.ts";
export { unsealKeys } from "./sealed-keys.ts";
export { openFolderTarget, type BackupTarget } from "./target.ts";
