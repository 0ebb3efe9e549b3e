import { sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";

/** What happened on a UTC day. */
export interface DayRow {
  /** `YYYY-MM-DD`. */
  date: string;
  new_users: number;
  active_users: number;
  runs: number;
  /** Runs that completed or failed; cancelled ones are neither. */
  ended_runs: number;
  failed_runs: number;
  credits: number;
  revenue_cents: number;
  failed_deployments: number;
  /** Null on days on which the server was not measured. */
  disk_bytes: number | null;
}

const dayOf = (column: string) => sql.raw(`(${column} at time zone 'UTC')::date`);

export type TrendsStore = ReturnType<typeof createTrendsStore>;
/** Series per day. Each source is read once, over an indexed range of its time. */
export function createTrendsStore(db: Database) {
  return {
    /** Every day from `from` to today, in order. */
    days: async (from: string): Promise<DayRow[]> => {
      const since = sql`${from}::timestamptz`;
      const { rows } = await db.execute<Record<string, unknown>>(sql`
        with days as (select d::date as day from generate_series(${since} at time zone 'UTC', now() at time zone 'UTC', interval '1 day') as d),
        joined as (
          select ${dayOf("created_at")} as day, count(*)::int as n from users where created_at >= ${since} and not is_system and not is_deleted group by 1),
        calls as (
          select ${dayOf("created_at")} as day, count(distinct task_id)::int as runs, sum(credits_deducted)::float8 as credits
          from usage_logs where created_at >= ${since} group by 1),
        active as (
          select day, count(*)::int as n from (
            select user_id, ${dayOf("created_at")} as day from usage_logs where created_at >= ${since} and user_id is not null
            union select user_id, ${dayOf("created_at")} from chats where created_at >= ${since}
            union select owner_id, ${dayOf("created_at")} from projects where created_at >= ${since} and branch_of is null) seen
          group by day),
        ended as (
          select ${dayOf("created_at")} as day, count(*) filter (where status in ('completed', 'failed'))::int as ended, count(*) filter (where status = 'failed')::int as failed
          from tasks where created_at >= ${since} and type = 'agent_execution' group by 1),
        moved as (
          select ${dayOf("created_at")} as day, sum(amount_cents)::float8 as cents
          from ledger_entries where account = 'stripe' and created_at >= ${since} and (posting like 'payment:%' or posting like 'refund:%') group by 1),
        deployed as (
          select ${dayOf("created_at")} as day, count(*)::int as failed from deployments where created_at >= ${since} and status = 'failed' group by 1)
        select days.day::text as date, coalesce(joined.n, 0) as new_users, coalesce(active.n, 0) as active_users,
          coalesce(calls.runs, 0) as runs, greatest(coalesce(ended.ended, 0), coalesce(kept.ended_runs, 0)) as ended_runs,
          greatest(coalesce(ended.failed, 0), coalesce(kept.failed_runs, 0)) as failed_runs, coalesce(calls.credits, 0) as credits,
          coalesce(moved.cents, 0) as revenue_cents, coalesce(deployed.failed, 0) as failed_deployments, kept.disk_bytes::float8 as disk_bytes
        from days left join joined using (day) left join calls using (day) left join active using (day) left join ended using (day)
          left join moved using (day) left join deployed using (day) left join server_days kept using (day)
        order by days.day`);
      return rows as unknown as DayRow[];
    },
    /** Keeps what would be lost: the disk is only known now, and tasks of ended runs are deleted after a month. */
    keepDays: async (diskBytes: number): Promise<void> => {
      await db.execute(sql`
        insert into server_days (day, ended_runs, failed_runs, disk_bytes)
        select d::date, coalesce(count(t.id) filter (where t.status in ('completed', 'failed')), 0)::int, coalesce(count(t.id) filter (where t.status = 'failed'), 0)::int,
          case when d::date = (now() at time zone 'UTC')::date then ${diskBytes}::bigint end
        from generate_series((now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date, interval '1 day') d
          left join tasks t on t.type = 'agent_execution' and t.created_at >= d at time zone 'UTC' and t.created_at < (d + interval '1 day') at time zone 'UTC'
        group by d
        on conflict (day) do update set ended_runs = excluded.ended_runs, failed_runs = excluded.failed_runs,
          disk_bytes = coalesce(excluded.disk_bytes, server_days.disk_bytes)`);
    },
  };
}
