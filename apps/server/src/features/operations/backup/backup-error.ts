/** A message for the operator: what is wrong with a target, a backup or a request. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}
