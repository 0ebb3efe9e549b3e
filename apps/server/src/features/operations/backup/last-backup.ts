import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { backupMark, failureMark } from "./backup.ts";

export interface LastBackup {
  /** When the last backup was made. An operator's own script may only touch the file; then the rest is unknown. */
  at: number;
  target?: string;
  warnings?: number;
  /** Projects whose files are not in the backup. */
  projectsWithoutFiles?: number;
}

/** The last backup of a data folder; `undefined` when there was none. */
export async function readLastBackup(dataDir: string): Promise<LastBackup | undefined> {
  const file = join(dataDir, backupMark);
  const facts = await stat(file).catch(() => undefined);
  if (!facts) return undefined;
  const noted = parse<{ target?: string; warnings?: number; projects_without_files?: number }>(
    await readFile(file, "utf8").catch(() => ""),
  );
  return {
    at: facts.mtimeMs,
    ...(typeof noted?.target === "string" && { target: noted.target }),
    ...(typeof noted?.warnings === "number" && { warnings: noted.warnings }),
    ...(typeof noted?.projects_without_files === "number" && { projectsWithoutFiles: noted.projects_without_files }),
  };
}

/** Why the last attempt failed; `undefined` when it succeeded. */
export async function readBackupFailure(dataDir: string): Promise<string | undefined> {
  const noted = parse<{ error?: string }>(await readFile(join(dataDir, failureMark), "utf8").catch(() => ""));
  return typeof noted?.error === "string" ? noted.error : undefined;
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined; // only touched, or absent
  }
}
