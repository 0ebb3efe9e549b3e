import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Database } from "../database.ts";
import type { Logger } from "../logger.ts";
import { releaseJobsOf } from "../jobs.ts";
import { lockHolders } from "../presence.ts";

/** Times of the leases of servers. */
interface LeaseTimes {
  leaseMs: number;
  /** A server whose process has lost its connections, as when it was killed, is given up after this time without a renewal. */
  silentMs: number;
  renewMs: number;
}

/**
 * This server among several. It has a lease on the clock of the database and renews it; a server whose lease has ended never acts again, and
 * the others take its projects. One that cannot reach the database knows nothing of the others, and after an outage all wait for one lease.
 */
export interface ServerRegistry {
  readonly id: string;
  /** It has started and does not drain. */
  readonly acceptsProjects: boolean;
  /** It hands over its projects and ends. */
  readonly isDraining: boolean;
  /** Called after each renewal and by `check`, while the server accepts projects. `hasOrphans`: projects wait for an owner. */
  onRenewed(listener: (found: { hasOrphans: boolean }) => Promise<void>): void;
  /** Called after other servers have ended and their projects were released. */
  onEnded(listener: () => Promise<void>): void;
  /** Renews the lease now, and begins with what it finds. */
  check(): Promise<void>;
  /** Its job runner, for others to release its jobs when it has ended. */
  recordJobWorker(id: string): Promise<void>;
  /** It has started: it accepts projects. */
  serve(): Promise<void>;
  /** Stops accepting projects. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The first lease, because a server that starts may be busy for long. It owns nothing yet. */
const startLease = sql`interval '1 minute'`;
/** Rows of ended servers are kept for a day, so that one that was only suspended finds out. */
const keptInterval = sql`interval '1 day'`;

/** How much longer than a lease a start waits for the server that had its address before. */
const addressGraceMs = 2_000;

interface AddressHolder extends Record<string, unknown> {
  pid: number;
  host: string;
  lease_until: string;
}

/** Inserts this server. Throws when another one that is alive has its address, because requests for the projects of one would reach the other. */
async function insertServer({
  db,
  address,
  version,
  processId,
  leaseMs,
}: {
  db: Database;
  address: string;
  version: string;
  processId: number;
  leaseMs: number;
}): Promise<string> {
  const key = address.replace(/\/$/, "");
  const tryInsert = () =>
    db.transaction(async (tx): Promise<{ id: string } | { holder: AddressHolder }> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`server address:${key}`}, 0))`);
      const { rows: holders } = await tx.execute<AddressHolder>(
        sql`select p.pid, p.host, o.lease_until::text from servers o join processes p on p.id = o.process_id
          where rtrim(o.address, '/') = ${key} and o.ended_at is null and o.lease_until > now() and o.process_id in ${lockHolders} limit 1`,
      );
      if (holders[0]) return { holder: holders[0] };
      const { rows } = await tx.execute<{ id: string }>(
        sql`insert into servers (process_id, address, version, lease_until, steady_since) values (${processId}, ${address}, ${version}, now() + ${startLease}, now()) returning id`,
      );
      if (!rows[0]) throw new Error("server registration failed");
      return rows[0];
    });
  const deadline = Date.now() + leaseMs + addressGraceMs;
  let known: AddressHolder | undefined;
  for (;;) {
    const found = await tryInsert();
    if ("id" in found) return found.id;
    const { holder } = found;
    // A lost machine keeps its lock until the database notices, but does not renew its lease.
    const isRenewed = known?.pid === holder.pid && known.host === holder.host && known.lease_until !== holder.lease_until;
    if (isRenewed || Date.now() > deadline)
      throw new Error(
        `Another server (pid ${holder.pid} on ${holder.host}) has the SERVER_ADDRESS ${address}. Set SERVER_ADDRESS on each server to an address that leads to it alone.`,
      );
    known = holder;
    await sleep(200);
  }
}

export async function registerServer({
  db,
  connection,
  address,
  version,
  processId,
  times: { leaseMs, silentMs, renewMs },
  onLost,
  log,
}: {
  db: Database;
  connection: pg.ClientConfig;
  address: string;
  version: string;
  processId: number;
  times: LeaseTimes;
  /** Called when another server found that the lease had ended. */
  onLost: (message: string) => void;
  log: Logger;
}): Promise<ServerRegistry> {
  const lease = sql`make_interval(secs => ${leaseMs / 1000}::float8)`;
  const id = await insertServer({ db, address, version, processId, leaseMs });
  await db.execute(sql`delete from servers where ended_at < now() - ${keptInterval}`);
  /** Another server that has ended. One that is only slow keeps the lock of its process. */
  const isOver = sql`(o.ended_at is null and o.id <> ${id} and (o.lease_until < now()
    or (o.lease_until < now() + ${lease} - make_interval(secs => ${silentMs / 1000}::float8) and o.process_id not in ${lockHolders})))`;
  // A connection of its own: a lease must not wait for other queries.
  const leasePool = new pg.Pool({
    ...connection,
    max: 1,
    connectionTimeoutMillis: leaseMs,
    query_timeout: leaseMs,
    application_name: "tesslate-studio lease",
  });
  leasePool.on("error", (err) => log.debug({ err }, "connection of the lease lost"));
  const leaseDb = drizzle({ client: leasePool });
  const renewed: ((found: { hasOrphans: boolean }) => Promise<void>)[] = [];
  const ended: (() => Promise<void>)[] = [];
  const closing = new AbortController();
  let acceptsProjects = false;
  let isLost = false;
  let isDraining = false;

  /** Ends servers whose lease has ended, unless this one could not renew its own in time. */
  const endOthers = async (): Promise<void> => {
    const found = await db.execute<{ id: string; address: string; job_worker: string | null }>(
      sql`with ended as (
          update servers o set ended_at = now() where ${isOver}
            and exists (select from servers me where me.id = ${id} and me.ended_at is null and me.lease_until > now() and me.steady_since < now() - ${lease})
          returning o.id, o.address, o.job_worker),
        orphaned as (update project_owners set server_id = null, is_orphaned = true where server_id in (select id from ended))
        select * from ended`,
    );
    if (found.rows.length === 0) return;
    for (const { id: server, address: at } of found.rows) log.warn({ server, address: at }, "a server has ended without closing");
    await releaseJobsOf(
      db,
      found.rows.flatMap(({ job_worker }) => job_worker ?? []),
    );
    for (const listener of ended) await listener().catch((err: unknown) => log.error({ err }, "projects of an ended server not continued"));
  };
  /** Renews the lease, never shortens it. Nothing else is done here, so that nothing delays the next time. */
  const renew = async (): Promise<{ hasEnded: boolean; hasOrphans: boolean } | undefined> => {
    const result = await leaseDb.execute<{ is_renewed: boolean; has_ended: boolean; has_orphans: boolean }>(
      sql`with me as (
          update servers set lease_until = greatest(lease_until, now() + ${lease}), steady_since = case when lease_until < now() then now() else steady_since end
          where id = ${id} and ended_at is null returning steady_since)
        select exists (select from me) as is_renewed,
          exists (select from servers o, me where ${isOver} and me.steady_since < now() - ${lease}) as has_ended,
          exists (select from project_owners where is_orphaned) as has_orphans`,
    );
    const [row] = result.rows;
    if (row?.is_renewed) return { hasEnded: row.has_ended, hasOrphans: row.has_orphans };
    if (!closing.signal.aborted && !isLost) {
      isLost = true;
      onLost("This server could not renew its lease in the database, and other servers have taken its projects. Start it again.");
    }
    return undefined;
  };
  const act = async (found: { hasEnded: boolean; hasOrphans: boolean }): Promise<void> => {
    if (found.hasEnded) await endOthers();
    if (!acceptsProjects) return;
    for (const listener of renewed) await listener({ hasOrphans: found.hasOrphans || found.hasEnded });
  };
  let acting: Promise<void> | undefined;
  const check = async (): Promise<void> => {
    const found = await renew().catch((err: unknown) => void log.warn({ err }, "server lease not renewed"));
    if (!found || isLost) return;
    acting ??= act(found)
      .catch((err: unknown) => log.warn({ err }, "projects of ended servers not taken yet"))
      .finally(() => (acting = undefined));
  };
  const stopped = (async () => {
    while (!closing.signal.aborted) {
      await sleep(renewMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      if (!closing.signal.aborted) await check();
    }
  })();

  const accept = async (does: boolean): Promise<void> => {
    acceptsProjects = does;
    await db.execute(
      sql`update servers set accepts_projects = ${does}, lease_until = now() + ${lease} where id = ${id} and ended_at is null`,
    );
  };

  return {
    id,
    get acceptsProjects() {
      return acceptsProjects;
    },
    get isDraining() {
      return isDraining;
    },
    onRenewed: (listener) => void renewed.push(listener),
    onEnded: (listener) => void ended.push(listener),
    check,
    recordJobWorker: async (worker) => {
      await db.execute(sql`update servers set job_worker = ${worker} where id = ${id}`);
    },
    serve: async () => {
      await accept(true);
      await check();
      await acting;
    },
    drain: () => {
      isDraining = true;
      return accept(false);
    },
    close: async () => {
      closing.abort();
      await stopped;
      await acting;
      await leasePool.end();
      // What it did not release is taken over at once.
      await db
        .execute(
          sql`with orphaned as (update project_owners set server_id = null, is_orphaned = true where server_id = ${id}) delete from servers where id = ${id}`,
        )
        .catch((err: unknown) => log.warn({ err }, "server not unregistered"));
    },
  };
}
