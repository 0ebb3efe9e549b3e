import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import type { JobHandlers } from "../../../platform/jobs.ts";
import type { Logger } from "../../../platform/logger.ts";

/** The job, in the database. */
export const scheduledBackupJob = "back_up";
/** Exit code of the program when the installation may be a copy, so that it makes no scheduled backup. */
export const leftOutExitCode = 3;
const lastWords = 2000;
/** A killed backup does no harm, so closing the server does not wait longer. */
const endMs = 5_000;

/**
 * Runs the backup program at the times of `BACKUP_SCHEDULE`, in a process of its own with low priority and the environment of the server.
 * The program records its result in the data folder.
 */
export function createScheduledBackups({ program, log }: { program: string | undefined; log: Logger }) {
  let running: ChildProcess | undefined;
  const run = async (): Promise<void> => {
    if (program === undefined) return log.error("the program that makes backups is not installed with this server");
    if (running) return log.warn("the previous backup is still running, so this one is left out");
    const started = Date.now();
    const child = spawn(process.execPath, [program, "--scheduled"], { stdio: ["ignore", "ignore", "pipe"] });
    running = child;
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (words = (words + text).slice(-lastWords)));
    try {
      await once(child, "spawn");
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      const [code] = (await once(child, "close")) as [number | null];
      if (code === 0 && words.trim() !== "")
        log.warn({ duration_ms: Date.now() - started, warnings: words.trim() }, "scheduled backup made, with warnings");
      else if (code === 0) log.info({ duration_ms: Date.now() - started }, "scheduled backup made");
      else if (code === leftOutExitCode) log.warn({ reason: words.trim() }, "no scheduled backup made");
      else log.error({ exit_code: code, output: words.trim() }, "the scheduled backup failed");
    } catch (err) {
      log.error({ err }, "the scheduled backup could not be started");
    } finally {
      running = undefined;
    }
  };
  return {
    jobHandlers: { [scheduledBackupJob]: run } satisfies JobHandlers,
    close: async () => {
      const child = running;
      if (!child) return;
      const ended = once(child, "close");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), endMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
