import os from "node:os";
import { and, eq, ne, sql } from "drizzle-orm";
import pg from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./database.ts";
import type { Logger } from "./logger.ts";
import { processes } from "../db/schema/platform.ts";

const lockClass = 7473747;

/**
 * Registers this process in the database. Its id is held as an advisory lock on a dedicated connection, so that
 * other processes see at once when it dies (even by kill -9) and can mark its tasks as interrupted.
 */
export interface Presence {
  readonly id: number;
  close(): Promise<void>;
}

/** SQL subquery of the ids of processes that hold their lock. */
export const lockHolders = sql`(select objid::int from pg_locks where locktype = 'advisory' and classid = ${sql.raw(String(lockClass))} and granted and database = (select oid from pg_database where datname = current_database()))`;

/**
 * SQL subquery of the ids of live processes: those that hold their lock. Of several servers, those that have a lease: a lock is also lost with
 * a connection, and kept by a process that does not respond.
 */
export const liveProcesses = sql`(select objid as id from ${lockHolders} as held
  where not exists (select from servers s where s.process_id = held.objid and (s.ended_at is not null or s.lease_until < now()))
  union select s.process_id from servers s where s.ended_at is null and s.lease_until > now())`;

/** Whether another server process uses the database. */
export const hasOtherProcesses = async (db: Database, processId: number): Promise<boolean> =>
  (
    await db
      .select({ id: processes.id })
      .from(processes)
      .where(and(ne(processes.id, processId), sql`${processes.id} in ${liveProcesses}`))
      .limit(1)
  ).length > 0;

export async function registerProcess(db: Database, connection: pg.ClientConfig, log: Logger): Promise<Presence> {
  const [row] = await db.insert(processes).values({ host: os.hostname(), pid: process.pid }).returning({ id: processes.id });
  if (!row) throw new Error("process registration failed");
  let client: pg.Client | undefined;
  let isClosed = false;
  const hold = async () => {
    const next = new pg.Client({ ...connection, application_name: "tesslate-studio presence" });
    next.on("error", () => undefined);
    await next.connect();
    await next.query("select pg_advisory_lock($1, $2)", [lockClass, row.id]);
    client = next;
    next.once("end", () => void regain());
  };
  const regain = async () => {
    for (let attempt = 0; !isClosed; attempt++) {
      await sleep(Math.min(50 * 2 ** attempt, 2000), undefined, { ref: false });
      try {
        if (!isClosed) await hold();
        return;
      } catch (err) {
        log.debug({ err }, "presence lock not reacquired yet");
      }
    }
  };
  await hold();
  // Delete rows of dead processes.
  await db.delete(processes).where(sql`${processes.id} <> ${row.id} and ${processes.id} not in ${liveProcesses}`);
  return {
    id: row.id,
    close: async () => {
      isClosed = true;
      await db
        .delete(processes)
        .where(eq(processes.id, row.id))
        .catch(() => undefined);
      await client?.end().catch(() => undefined);
    },
  };
}
