import { sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";

export interface StoredServer {
  id: string;
  address: string;
  version: string;
  started_at: Date;
  heartbeat_at: Date;
  /** Since the last heartbeat, by the database's clock. */
  silent_ms: number;
  accepts_projects: boolean;
  ended_at: Date | null;
  projects: number;
  runs: number;
  report: unknown;
  reported_at: Date | null;
}

/** More than anyone runs; a restart loop leaves many that have ended. */
const maxServers = 200;

export type ServersStore = ReturnType<typeof createServersStore>;
export function createServersStore(db: Database) {
  return {
    /** Servers that run or have ended without closing in the last hour. `leaseMs`: how long a renewal lasts. */
    list: async (leaseMs: number): Promise<StoredServer[]> => {
      const lease = sql`make_interval(secs => ${leaseMs / 1000}::float8)`;
      const { rows } = await db.execute<Omit<StoredServer, "started_at" | "heartbeat_at" | "ended_at" | "reported_at"> & Times>(sql`
        with found as (
          select s.*, least(now(), greatest(s.started_at, s.lease_until - ${lease})) as heartbeat_at from servers s
          where s.ended_at is null or s.ended_at > now() - interval '1 hour'
          order by s.ended_at desc nulls first, s.started_at limit ${maxServers})
        select f.id, f.address, f.version, f.started_at, f.heartbeat_at, f.accepts_projects, f.ended_at,
          (extract(epoch from now() - f.heartbeat_at) * 1000)::float8 as silent_ms, r.report, r.reported_at,
          coalesce(o.projects, 0)::int as projects, coalesce(t.runs, 0)::int as runs
        from found f left join server_reports r on r.server_id = f.id
          left join (select server_id, count(*) as projects from project_owners where server_id is not null group by server_id) o on o.server_id = f.id
          left join (select process_id, count(*) as runs from tasks where status = 'running' and type = 'agent_execution' group by process_id) t
            on t.process_id = f.process_id
        order by f.started_at, f.address`);
      return rows.map((row) => ({
        ...row,
        started_at: new Date(row.started_at),
        heartbeat_at: new Date(row.heartbeat_at),
        ended_at: row.ended_at === null ? null : new Date(row.ended_at),
        reported_at: row.reported_at === null ? null : new Date(row.reported_at),
      }));
    },
    /** Runs that any process executes. */
    countRuns: async (): Promise<number> => {
      const { rows } = await db.execute<{ runs: number }>(
        sql`select count(*)::int as runs from tasks where status = 'running' and type = 'agent_execution'`,
      );
      return rows[0]?.runs ?? 0;
    },
    now: async (): Promise<Date> =>
      new Date((await db.execute<{ now: string | Date }>(sql`select now() as now`)).rows[0]?.now ?? Date.now()),
  };
}

interface Times extends Record<string, unknown> {
  started_at: string | Date;
  heartbeat_at: string | Date;
  ended_at: string | Date | null;
  reported_at: string | Date | null;
}
