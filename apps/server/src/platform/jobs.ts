import { Logger as WorkerLogger, run, type Runner, type RunnerOptions } from "graphile-worker";
import { sql } from "drizzle-orm";
import type pg from "pg";
import type { Queries } from "./database.ts";
import type { Logger } from "./logger.ts";

/** Background jobs by graphile-worker: picked up within milliseconds through NOTIFY, at most once per `key`. */
export interface Jobs {
  /** Enqueues inside the caller's transaction: the job exists exactly when the transaction commits. */
  enqueue(tx: Queries, name: string, payload: object, options?: { key?: string; delayMs?: number }): Promise<void>;
  /** Rejects when jobs are no longer picked up. */
  check(): Promise<void>;
  close(): Promise<void>;
}
export type JobHandlers = Record<string, (payload: unknown) => Promise<void>>;

/** Enqueues inside the caller's transaction. Failed attempts come again after e^n seconds. */
export async function enqueueJob(
  tx: Queries,
  name: string,
  payload: object,
  { key, maxAttempts = 5, delayMs = 0 }: { key?: string; maxAttempts?: number; delayMs?: number } = {},
): Promise<void> {
  await tx.execute(
    sql`select graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json, job_key := ${key ?? null}, run_at := now() + make_interval(secs => ${delayMs / 1000}::float8), max_attempts := ${maxAttempts}::smallint)`,
  );
}

/** `cron` maps a job's name to a crontab expression, e.g. `prune_events` to every ten minutes; a cron job runs once over all processes. */
export async function startJobs({
  pool,
  log,
  handlers,
  cron = {},
}: {
  pool: pg.Pool;
  log: Logger;
  handlers: JobHandlers;
  cron?: Record<string, string>;
}): Promise<Jobs> {
  // graphile-worker keeps the options of every runner there ever was; through `live` alone, so that a closed one lets its server go.
  const live: { handlers: JobHandlers; log: Logger | undefined } = { handlers, log };
  const options: RunnerOptions = {
    pgPool: pool,
    concurrency: 4,
    // The bell rings within milliseconds; this is how long jobs wait after the database was away.
    pollInterval: 2000,
    noHandleSignals: true,
    logger: new WorkerLogger(
      () => (level, message, meta) =>
        live.log?.[level === "warning" ? "warn" : level === "info" ? "debug" : level](
          { meta: meta && "error" in meta ? meta["error"] : undefined },
          message,
        ),
    ),
    taskList: Object.fromEntries(Object.keys(handlers).map((name) => [name, async (payload: unknown) => live.handlers[name]?.(payload)])),
    crontab: Object.entries(cron)
      .map(([name, when]) => `${when} ${name}`)
      .join("\n"),
  };
  const runner: Runner = await run(options);
  // The runner's own failure must reach the log, not kill the process.
  let failure: unknown;
  let isRunning = true;
  runner.promise
    .catch((err: unknown) => {
      failure = err;
      live.log?.error({ err }, "job runner stopped");
    })
    .finally(() => (isRunning = false));
  return {
    enqueue: enqueueJob,
    check: async () => {
      if (!isRunning) throw new Error("the job runner has stopped", { cause: failure });
    },
    close: async () => {
      await runner.stop().catch(() => undefined);
      await runner.promise.catch(() => undefined);
      live.handlers = {};
      live.log = undefined;
      delete options.pgPool;
    },
  };
}
