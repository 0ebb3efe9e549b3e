/** A message for the operator: what is wrong with a target, a backup or a request. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** A scheduled backup that is not made, because the installation may be a copy. Nothing has failed. */
export class UnconfirmedCopyError extends BackupError {}
