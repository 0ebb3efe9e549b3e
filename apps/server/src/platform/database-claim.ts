import { setTimeout as sleep } from "node:timers/promises";
import { desc, sql } from "drizzle-orm";
import pg from "pg";
import type { Database } from "./database.ts";
import type { Logger } from "./logger.ts";
import { processes } from "../db/schema/platform.ts";
import { liveProcesses } from "./presence.ts";

const lock = [7473748, 1];
/** Grace period for the previous server to exit. */
const patienceMs = 5_000;

/** Whether a server uses the database now. */
export async function isDatabaseClaimed(client: Pick<pg.Pool, "query">): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    `select exists (select from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and granted
       and database = (select oid from pg_database where datname = current_database())) as taken`,
    lock,
  );
  return rows[0]?.taken === true;
}

export interface DatabaseClaim {
  close(): Promise<void>;
}

/**
 * Claims the database for one server: files and sandboxes are on one machine, so a second server would take tasks it cannot run. The claim is an
 * advisory lock on a dedicated connection, acquired again after a reconnect. Throws when another server holds it; calls `onLost`
 * when another one claimed it while this one was disconnected. Servers that are several share the claim.
 */
export async function claimDatabase(
  db: Database,
  connection: pg.ClientConfig,
  { log, onLost, isOneOfSeveral = false }: { log: Logger; onLost: (message: string) => void; isOneOfSeveral?: boolean },
): Promise<DatabaseClaim> {
  let client: pg.Client | undefined;
  let isClosed = false;
  const take = async (): Promise<boolean> => {
    const next = new pg.Client({ ...connection, application_name: "tesslate-studio claim" });
    next.on("error", () => undefined);
    await next.connect();
    try {
      const tryLock = isOneOfSeveral ? "pg_try_advisory_lock_shared" : "pg_try_advisory_lock";
      const { rows } = await next.query<{ taken: boolean }>(`select ${tryLock}($1, $2) as taken`, lock);
      if (rows[0]?.taken !== true) {
        await next.end();
        return false;
      }
    } catch (cause) {
      await next.end().catch(() => undefined);
      throw cause;
    }
    client = next;
    next.once("end", () => void retake());
    return true;
  };
  /** The lock of a lost connection is released when the database notices; a restarted embedded server has no locks. */
  const takeWithRetry = async (): Promise<boolean> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      if (await take()) return true;
      if (Date.now() > deadline) return false;
      await sleep(200);
    }
  };
  const retake = async () => {
    for (let attempt = 0; !isClosed; attempt++) {
      await sleep(Math.min(50 * 2 ** attempt, 2000), undefined, { ref: false });
      try {
        if (isClosed || (await takeWithRetry())) return;
        return onLost(await refusal());
      } catch (err) {
        log.debug({ err }, "database claim not reacquired yet");
      }
    }
  };
  const refusal = async (): Promise<string> => {
    // A database that is not migrated yet may have no such table.
    const [holder] = await db
      .select()
      .from(processes)
      .where(sql`${processes.id} in ${liveProcesses}`)
      .orderBy(desc(processes.id))
      .limit(1)
      .catch(() => []);
    const other = `Another Tesslate Studio${holder ? ` (pid ${holder.pid} on ${holder.host})` : ""} uses this database`;
    return isOneOfSeveral
      ? `${other}, and it has no SERVER_ADDRESS. Stop that server, or set SERVER_ADDRESS on all of them.`
      : `${other}, and only one server may. Stop that server, set DATABASE_URL to another database, or set SERVER_ADDRESS on all servers if they belong to one installation.`;
  };
  if (!(await takeWithRetry())) throw new Error(await refusal());
  return {
    close: async () => {
      isClosed = true;
      await client?.end().catch(() => undefined);
    },
  };
}
