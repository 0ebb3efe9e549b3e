import { EventEmitter } from "node:events";
import { Logger as WorkerLogger, run, runMigrations, type Runner, type RunnerOptions, type WorkerEvents } from "graphile-worker";
import { sql } from "drizzle-orm";
import type pg from "pg";
import { isConnectionLoss } from "./connection-loss.ts";
import type { Database, Queries } from "./database.ts";
import type { Logger } from "./logger.ts";
import { liveProcesses } from "./presence.ts";
import type { Traces } from "./traces.ts";
import type { WorkContext } from "./work-context.ts";

/** Background jobs with graphile-worker: started within milliseconds through NOTIFY, deduplicated by `key`. */
export interface Jobs {
  /** Enqueues in the caller's transaction: the job exists if and only if it commits. */
  enqueue(tx: Queries, name: string, payload: object, options?: { key?: string; delayMs?: number }): Promise<void>;
  /** Rejects when the runner has stopped. */
  check(): Promise<void>;
  close(): Promise<void>;
}
export type JobHandlers = Record<string, (payload: unknown) => Promise<void>>;

/** Enqueues in the caller's transaction. Failed attempts are retried after e^n seconds. Jobs of one `queue` run one after another. */
export async function enqueueJob(
  tx: Queries,
  name: string,
  payload: object,
  { key, maxAttempts = 5, delayMs = 0, queue }: { key?: string; maxAttempts?: number; delayMs?: number; queue?: string } = {},
): Promise<void> {
  await tx.execute(
    sql`select graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json, queue_name := ${queue ?? null}, job_key := ${key ?? null}, run_at := now() + make_interval(secs => ${delayMs / 1000}::float8), max_attempts := ${maxAttempts}::smallint)`,
  );
}

/** Creates or upgrades the tables of jobs. `startJobs` does that too, but several servers must not do it at the same time. */
export const migrateJobs = (pool: pg.Pool): Promise<void> => runMigrations({ pgPool: pool });

/**
 * Makes jobs that a killed server was running run again. graphile-worker would wait for four hours. Call before `startJobs`; does nothing while another
 * server uses the database.
 */
export async function releaseAbandonedJobs(db: Database, processId: number): Promise<void> {
  const { rows } = await db.execute<{ exists: boolean }>(sql`select to_regclass('graphile_worker._private_jobs') is not null as exists`);
  if (!rows[0]?.exists) return;
  for (const table of [sql`_private_jobs`, sql`_private_job_queues`])
    await db.execute(
      sql`update graphile_worker.${table} set locked_at = null, locked_by = null where locked_at is not null and not exists (select from processes where id <> ${processId} and id in ${liveProcesses})`,
    );
}

/** The same for the jobs of runners whose servers have ended, while other servers use the database. */
export async function releaseJobsOf(db: Database, workers: readonly string[]): Promise<void> {
  if (workers.length > 0) await db.execute(sql`select graphile_worker.force_unlock_workers(${sql.param([...workers])}::text[])`);
}

/** Deletes the jobs of that name, also those that a server was running. For databases that no server uses. */
export async function deleteJobs(client: Pick<pg.ClientBase, "query">, name: string): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>("select to_regclass('graphile_worker._private_jobs') is not null as exists");
  if (!rows[0]?.exists) return;
  await client.query(
    "delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t where t.id = j.task_id and t.identifier = $1",
    [name],
  );
}

/** `cron` maps job names to crontab expressions; a cron job runs once across all processes. */
export async function startJobs({
  pool,
  log,
  handlers,
  cron = {},
  onWorker,
  traces,
  work,
}: {
  pool: pg.Pool;
  log: Logger;
  handlers: JobHandlers;
  cron?: Record<string, string>;
  traces?: Traces | undefined;
  work?: WorkContext | undefined;
  /** Called with the name under which this runner locks jobs, before it takes any. */
  onWorker?: ((id: string) => Promise<void>) | undefined;
}): Promise<Jobs> {
  // graphile-worker keeps the options of every runner forever. They refer to the server only through `live`, which is cleared on close.
  const live: { handlers: JobHandlers; log: Logger | undefined } = { handlers, log };
  const events: WorkerEvents = new EventEmitter();
  if (onWorker)
    events.once(
      "pool:create",
      ({ workerPool }) => void onWorker(workerPool.id).catch((err: unknown) => live.log?.warn({ err }, "job runner not recorded")),
    );
  const runJob = async (name: string, payload: unknown): Promise<void> => {
    const run = async () => live.handlers[name]?.(payload);
    const traced = traces ? () => traces.within(`job ${name}`, { "studio.job": name }, run, "consumer") : run;
    return work ? work.within({ job: name }, traced) : traced();
  };
  const options: RunnerOptions = {
    events,
    pgPool: retriedPool(pool),
    concurrency: 4,
    // NOTIFY starts jobs within milliseconds; polling only matters after the database was unreachable.
    pollInterval: 2000,
    noHandleSignals: true,
    logger: new WorkerLogger(
      () => (level, message, meta) =>
        live.log?.[level === "warning" ? "warn" : level === "info" ? "debug" : level](
          { meta: meta && "error" in meta ? meta["error"] : undefined },
          message,
        ),
    ),
    taskList: Object.fromEntries(Object.keys(handlers).map((name) => [name, (payload: unknown) => runJob(name, payload)])),
    crontab: Object.entries(cron)
      .map(([name, when]) => `${when} ${name}`)
      .join("\n"),
  };
  const runner: Runner = await run(options);
  // A failure of the runner is logged and must not crash the process.
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

/**
 * Makes graphile-worker retry after a lost connection. It completes a job in the background, retries only after errors whose code it
 * knows, and leaves any other one unhandled, which would end the process; so a lost connection gets the code of a serialization failure.
 */
function retriedPool(pool: pg.Pool): pg.Pool {
  const retryable = (error: unknown): never => {
    if (!isConnectionLoss(error)) throw error;
    throw Object.assign(new Error("database connection lost", { cause: error }), { code: "40001" });
  };
  const connect = async () => {
    const client = await pool.connect().catch(retryable);
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    return Object.create(client, { query: { value: (...args: unknown[]) => query(...args).catch(retryable) } }) as pg.PoolClient;
  };
  return Object.create(pool, {
    connect: { value: (callback?: Parameters<pg.Pool["connect"]>[0]) => (callback ? pool.connect(callback) : connect()) },
  }) as pg.Pool;
}
