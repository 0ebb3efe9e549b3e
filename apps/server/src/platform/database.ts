import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { drizzle } from "drizzle-orm/node-postgres";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import type { Logger } from "pino";
import { createReconnect, waitForConnections, type Reconnect } from "./reconnect.ts";
import { postgresTextCodecs } from "./postgres-text.ts";
import { version } from "../version.ts";
import { traceQueries, type Traces } from "./traces.ts";
import { isConnectionLoss } from "./connection-loss.ts";

export type Database = ReturnType<typeof drizzle>;
/** A database or a transaction; stores accept either. */
export type Queries = Pick<
  Database,
  "select" | "insert" | "update" | "delete" | "execute" | "selectDistinct" | "selectDistinctOn" | "$count" | "with"
>;

export interface DatabaseHandle {
  db: Database;
  pool: pg.Pool;
  connection: pg.ClientConfig;
  reconnect: Reconnect;
  close(): Promise<void>;
}

/** At module level, so that its closure keeps nothing alive. */
const ignore = (): void => undefined;

/** `postgres://…` or the socket folder of the embedded server. */
export function connectDatabase(
  target: { url: string } | { socketDir: string; database?: string },
  log: Logger,
  options: { maxConnections?: number; traces?: Traces | undefined; longestOutageMs?: number } = {},
): DatabaseHandle {
  const connection: pg.ClientConfig =
    "url" in target
      ? { connectionString: target.url }
      : { host: target.socketDir, user: "tesslate", database: target.database ?? "tesslate" };
  const pool = new pg.Pool({
    ...connection,
    max: options.maxConnections ?? 16,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    application_name: "tesslate-studio",
  });
  // A lost connection must not crash the process; the next query reports it.
  pool.on("error", (err) => log.warn({ err }, "idle database connection lost"));
  const { traces } = options;
  if (traces) pool.on("connect", (client) => traceQueries(client, traces));
  pool.on("connect", (client) => client.on("error", (err) => log.debug({ err }, "database connection lost")));
  const close = async () => {
    await pool.end();
    // graphile-worker keeps a reference to the pool forever; it must not keep the logger, and with it a server, alive through these listeners.
    pool.removeAllListeners().on("error", ignore);
  };
  const db = drizzle({ client: pool, codecs: postgresTextCodecs });
  const reconnect = createReconnect(log, options.longestOutageMs);
  waitForConnections(pool, db, reconnect);
  return { db, pool, connection, reconnect, close };
}

// Source and bundle are at different depths below apps/server.
const migrationsFolder =
  ["../../migrations", "../migrations"].map((p) => fileURLToPath(new URL(p, import.meta.url))).find((p) => existsSync(p)) ?? "migrations";

/** Host, port and name, for messages. */
export const addressOfDatabase = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `${host || "its socket"}${pathname}`;
};

/**
 * Waits for a database that is still starting. `address` is its URL without the password, for messages. Throws an error that names
 * `DATABASE_URL` on timeout, or at once when the server rejects the connection.
 */
export async function awaitDatabase({ pool }: DatabaseHandle, address: string, log: Logger, patienceMs = 30_000): Promise<void> {
  for (const until = Date.now() + patienceMs, isFirst = { value: true }; ; await sleep(500)) {
    try {
      await pool.query("select 1");
      return;
    } catch (cause) {
      const { message } = innermost(cause);
      if (!isConnectionLoss(cause) && !isUnreachable(cause))
        throw new Error(
          `The database at ${address} (DATABASE_URL) rejected the connection: ${message}. Check user, password and database name.`,
          { cause },
        );
      if (Date.now() > until)
        throw new Error(
          `No database reachable at ${address} (DATABASE_URL): ${message}. Start PostgreSQL there, or correct DATABASE_URL.`,
          {
            cause,
          },
        );
      if (isFirst.value)
        log.warn(`waiting up to ${Math.round(patienceMs / 1000)} s for the database at ${address} (DATABASE_URL): ${message}`);
      isFirst.value = false;
    }
  }
}

/**
 * Throws when the database is reached through a pooler in transaction mode, where LISTEN and session locks are lost without an error: then a
 * connection has another server process when its last one is busy.
 */
export async function refuseTransactionPooling({ connection }: Pick<DatabaseHandle, "connection">): Promise<void> {
  const open = async () => {
    const client = new pg.Client({ ...connection, application_name: "tesslate-studio check", query_timeout: poolCheckMs });
    client.on("error", ignore);
    await client.connect();
    return client;
  };
  const processOf = async (client: pg.Client) => (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
  const [first, second] = [await open(), await open()];
  try {
    const before = await processOf(first);
    await second.query("begin");
    await processOf(second);
    const after = await processOf(first);
    if (before === after) return;
    throw new Error(transactionPooling);
  } catch (error) {
    // A pool of one connection does not answer; one in statement mode refuses transactions.
    if (/timeout|statement pooling/i.test((error as Error).message)) throw new Error(transactionPooling, { cause: error });
    throw error;
  } finally {
    await Promise.all([first, second].map((client) => client.end().catch(ignore)));
  }
}
const poolCheckMs = 3_000;
const transactionPooling =
  "DATABASE_URL is the address of a pooler in transaction mode, such as PgBouncer with pool_mode=transaction, which loses LISTEN and session locks. " +
  "Set pool_mode=session for it, or connect to PostgreSQL directly.";

/** DNS lookup or connection failed. */
const isUnreachable = (error: unknown): boolean =>
  /^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/.test(String((innermost(error) as NodeJS.ErrnoException).code));

/** The innermost cause. */
function innermost(error: unknown): Error {
  let found = error instanceof Error ? error : new Error(String(error));
  for (;;) {
    const inner = found instanceof AggregateError ? found.errors[0] : found.cause;
    if (!(inner instanceof Error)) return found;
    found = inner;
  }
}

/** Work at the start of a server that other servers must not do at the same time. */
export async function inTurn(pool: pg.Pool, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock(7473749)");
    await work();
  } finally {
    await client.query("select pg_advisory_unlock(7473749)").catch(() => undefined);
    client.release();
  }
}

/** Runs migrations, one process at a time. */
export async function migrateDatabase({ pool }: DatabaseHandle, log: Logger): Promise<void> {
  const started = Date.now();
  const client = await pool.connect();
  let pending = 0;
  try {
    await client.query("select pg_advisory_lock(7473746)");
    await refuseNewer(client);
    pending = knownMigrations().length - (await appliedMigrations(client)).length;
    await migrate(drizzle({ client }), { migrationsFolder }).catch((cause: unknown) => {
      throw new Error(
        `The database could not be migrated to version ${version}: ${innermost(cause).message}. Nothing was changed. ` +
          "Restore the backup that was made before the upgrade, or report this with the log.",
        { cause },
      );
    });
  } finally {
    await client.query("select pg_advisory_unlock(7473746)").catch(() => undefined);
    client.release();
  }
  if (pending > 0) log.info({ migrations: pending, duration_ms: Date.now() - started }, "database migrated");
}

/** Names of the migrations of this version, the oldest first. */
export const knownMigrations = (): string[] => readMigrationFiles({ migrationsFolder }).map(({ name }) => name);

/** Names of the migrations that a database has, the oldest first; none when it is new. */
export async function appliedMigrations(client: Pick<pg.PoolClient, "query">): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string | null }>("select to_regclass('drizzle.__drizzle_migrations')::text as name");
  if (!tables[0]?.name) return [];
  const { rows } = await client.query<{ name: string }>(
    "select name from drizzle.__drizzle_migrations where name is not null order by name",
  );
  return rows.map(({ name }) => name);
}

/** Throws when a newer version has migrated the database. */
async function refuseNewer(client: pg.PoolClient): Promise<void> {
  const known = new Set(knownMigrations());
  const newer = (await appliedMigrations(client)).filter((name) => !known.has(name));
  if (newer.length === 0) return;
  throw new Error(
    `The database was migrated by a newer version of Tesslate Studio (it has ${newer.at(-1)}, which version ${version} does not know). ` +
      "Start that version or a newer one, or restore the backup that was made before the upgrade. Nothing was changed.",
  );
}

/** The PostgreSQL error code, unwrapped from drizzle's error. */
export function pgCode(error: unknown): string | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if ("code" in e && typeof e.code === "string") return e.code;
  return undefined;
}
export const isUniqueViolation = (error: unknown, constraint?: string): boolean => {
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if ("code" in e && e.code === "23505") return constraint === undefined || ("constraint" in e && e.constraint === constraint);
  return false;
};
/** Whether a disk is full, the database's or this host's. */
export function isDiskFull(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if ("code" in e && ["ENOSPC", "EDQUOT", "53100"].includes(String(e.code))) return true;
  return false;
}
