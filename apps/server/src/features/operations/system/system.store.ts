import { sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";

/** Counts for the Prometheus metrics. */
export interface SystemNumbers {
  tasks: { type: string; status: string; count: number }[];
  /** `oldest_seconds`: how long the oldest job that is due has been waiting. */
  jobs: { ready: number; scheduled: number; failing: number; oldest_seconds: number };
  mailWaiting: number;
}

export type SystemStore = ReturnType<typeof createSystemStore>;
export function createSystemStore(db: Database) {
  return {
    numbers: async (): Promise<SystemNumbers> => {
      const [tasks, jobs, mail] = await Promise.all([
        db.execute<{ type: string; status: string; count: number }>(
          sql`select type, status, count(*)::int as count from tasks where status in ('queued', 'running') group by type, status`,
        ),
        db.execute<SystemNumbers["jobs"]>(sql`
          select count(*) filter (where run_at <= now() and attempts < max_attempts)::int as ready,
            count(*) filter (where run_at > now() and attempts < max_attempts)::int as scheduled,
            count(*) filter (where last_error is not null)::int as failing,
            greatest(0, coalesce(extract(epoch from now() - min(run_at) filter (where locked_at is null and attempts < max_attempts)), 0))::float8 as oldest_seconds
          from graphile_worker.jobs`),
        db.execute<{ count: number }>(sql`select count(*)::int as count from emails where status = 'queued'`),
      ]);
      return {
        tasks: tasks.rows,
        jobs: jobs.rows[0] ?? { ready: 0, scheduled: 0, failing: 0, oldest_seconds: 0 },
        mailWaiting: mail.rows[0]?.count ?? 0,
      };
    },
  };
}
