import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import * as schema from "./schema.ts";

export type Database = ReturnType<typeof openDatabase>["db"];

/** Opens a pool of connections. A connection that breaks, such as when the database restarts, is replaced by the next query. */
export function openDatabase(url: string) {
  const pool = new Pool({ connectionString: url, max: 10 });
  pool.on("error", (error) => console.error(`A database connection broke: ${error.message}`));
  return { db: drizzle(pool, { schema }), close: () => pool.end() };
}

const longestStartMs = 60_000;
/** The server refuses connections, has no address yet, or says that it is starting up. */
const startingCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "57P03"]);

/** Connects as soon as the database accepts connections: it may start at the same time as this server. */
async function connect(url: string): Promise<Client> {
  for (const until = Date.now() + longestStartMs; ; await sleep(50)) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() > until || !startingCodes.has((error as { code?: string }).code ?? "")) throw error;
    }
  }
}

/** Applies the migrations that the database does not have yet. Several servers may start at once: one after another applies them. */
export async function migrateDatabase(url: string): Promise<void> {
  const client = await connect(url);
  try {
    await client.query("select pg_advisory_lock(7260143)");
    await migrate(drizzle(client), { migrationsFolder: join(import.meta.dirname, "migrations") });
  } finally {
    await client.end();
  }
}
