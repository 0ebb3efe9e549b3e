import { sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";

/** Counts for the Prometheus metrics. */
export interface SystemNumbers {
  tasks: { type: string; status: string; count: number }[];
  runs: { status: string; count: number }[];
  jobs: { ready: number; scheduled: number; failing: number };
  usage: { calls: number; input: number; output: number };
}

export type SystemStore = ReturnType<typeof createSystemStore>;
export function createSystemStore(db: Database) {
  return {
    numbers: async (): Promise<SystemNumbers> => {
      const [tasks, runs, jobs, usage] = await Promise.all([
        db.execute<{ type: string; status: string; count: number }>(
          sql`select type, status, count(*)::int as count from tasks where status in ('queued', 'running') group by type, status`,
        ),
        db.execute<{ status: string; count: number }>(
          sql`select status, count(*)::int as count from tasks where type = 'agent_execution' and created_at > now() - interval '24 hours' group by status`,
        ),
        db.execute<SystemNumbers["jobs"]>(sql`
          select count(*) filter (where run_at <= now() and attempts < max_attempts)::int as ready,
            count(*) filter (where run_at > now() and attempts < max_attempts)::int as scheduled,
            count(*) filter (where last_error is not null)::int as failing
          from graphile_worker.jobs`),
        db.execute<SystemNumbers["usage"]>(
          sql`select count(*)::float8 as calls, coalesce(sum(tokens_input), 0)::float8 as input, coalesce(sum(tokens_output), 0)::float8 as output from usage_logs`,
        ),
      ]);
      return {
        tasks: tasks.rows,
        runs: runs.rows,
        jobs: jobs.rows[0] ?? { ready: 0, scheduled: 0, failing: 0 },
        usage: usage.rows[0] ?? { calls: 0, input: 0, output: 0 },
      };
    },
  };
}
