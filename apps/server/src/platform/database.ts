import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import type { Logger } from "pino";
import { createReconnect, waitForConnections, type Reconnect } from "./reconnect.ts";
import { storableCodecs } from "./storable.ts";
import { traceQueries, type Traces } from "./traces.ts";

export type Database = ReturnType<typeof drizzle>;
/** A database or a transaction of it; stores take either. */
export type Queries = Pick<Database, "select" | "insert" | "update" | "delete" | "execute" | "selectDistinct" | "$count" | "with">;

export interface DatabaseHandle {
  db: Database;
  pool: pg.Pool;
  connection: pg.ClientConfig;
  reconnect: Reconnect;
  close(): Promise<void>;
}

/** Outside of every closure, so that it keeps nothing alive. */
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
  // A server that goes away must not take this process with it: the next query reports it.
  pool.on("error", (err) => log.warn({ err }, "idle database connection lost"));
  const { traces } = options;
  if (traces) pool.on("connect", (client) => traceQueries(client, traces));
  pool.on("connect", (client) => client.on("error", (err) => log.debug({ err }, "database connection lost")));
  const close = async () => {
    await pool.end();
    // Whoever still holds the pool (graphile-worker does, for good) must not hold the log behind its listeners, and with it a server.
    pool.removeAllListeners().on("error", ignore);
  };
  const db = drizzle({ client: pool, codecs: storableCodecs });
  const reconnect = createReconnect(log, options.longestOutageMs);
  waitForConnections(pool, db, reconnect);
  return { db, pool, connection, reconnect, close };
}

// Source and bundle stand at different depths below apps/server.
const migrationsFolder =
  ["../../migrations", "../migrations"].map((p) => fileURLToPath(new URL(p, import.meta.url))).find((p) => existsSync(p)) ?? "migrations";

/** Brings the schema up to date, one process at a time. */
export async function migrateDatabase({ pool }: DatabaseHandle, log: Logger): Promise<void> {
  const started = Date.now();
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock(7473746)");
    await migrate(drizzle({ client }), { migrationsFolder });
  } finally {
    await client.query("select pg_advisory_unlock(7473746)").catch(() => undefined);
    client.release();
  }
  log.info({ duration_ms: Date.now() - started }, "database migrated");
}

/** Postgres' own code of an error, through drizzle's wrapping. */
export function pgCode(error: unknown): string | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if ("code" in e && typeof e.code === "string") return e.code;
  return undefined;
}
export const isUniqueViolation = (error: unknown, constraint?: string): boolean => {
  for (let e: unknown = error; e instanceof Error; e = e.cause)
    if ("code" in e && e.code === "23505") return constraint === undefined || ("constraint" in e && e.constraint === constraint);
  return false;
};
