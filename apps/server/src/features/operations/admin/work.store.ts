import { and, desc, eq, sql, type SQL } from "drizzle-orm";
import type { AdminJob, JobState } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { projects } from "../../../db/schema/projects.ts";
import { tasks, type TaskRow } from "../../../db/schema/core.ts";
import { users } from "../../../db/schema/accounts.ts";

export interface TaskFilter {
  status?: TaskRow["status"];
  type?: string;
  user_id?: string;
  project_id?: string;
}
export interface AdminTaskRow {
  task: TaskRow;
  username: string;
  project_name: string | null;
}
export interface JobCounts {
  waiting: number;
  running: number;
  failing: number;
  dead: number;
  /** Age of the oldest due job. */
  oldest_seconds: number;
}

/** Derived from the queue's lock, attempts and last error. */
const state = sql`case when locked_at is not null then 'running' when attempts >= max_attempts then 'dead' when last_error is not null then 'failing' else 'waiting' end`;
const jobColumns = sql`id::text as id, task_identifier as name, ${state} as state, attempts, max_attempts,
  to_char(run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as run_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
  left(split_part(last_error, E'\n', 1), 300) as last_error`;

export type WorkStore = ReturnType<typeof createWorkStore>;
export function createWorkStore(db: Database) {
  const taskRows = () =>
    db
      .select({ task: tasks, username: users.username, project_name: projects.name })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.user_id))
      .leftJoin(projects, eq(projects.id, tasks.project_id));
  const some = async <T>(q: Queries, query: SQL): Promise<T[]> => (await q.execute<Record<string, unknown>>(query)).rows as T[];
  return {
    listTasks: async (
      f: TaskFilter,
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: AdminTaskRow[]; total: number }> => {
      const where = and(
        f.status && eq(tasks.status, f.status),
        f.type === undefined ? undefined : eq(tasks.type, f.type),
        f.user_id === undefined ? undefined : eq(tasks.user_id, f.user_id),
        f.project_id === undefined ? undefined : eq(tasks.project_id, f.project_id),
      );
      const [rows, total] = await Promise.all([
        taskRows().where(where).orderBy(desc(tasks.created_at), desc(tasks.id)).limit(limit).offset(offset),
        db.$count(tasks, where),
      ]);
      return { rows, total };
    },
    findTask: async (id: string): Promise<AdminTaskRow | undefined> => (await taskRows().where(eq(tasks.id, id)))[0],
    taskCounts: async () =>
      (
        await some<{ running: number; queued: number; failed: number; stuck: number }>(
          db,
          sql`select count(*) filter (where status = 'running')::int as running, count(*) filter (where status = 'queued')::int as queued,
            count(*) filter (where status = 'failed' and completed_at > now() - interval '24 hours')::int as failed,
            count(*) filter (where status = 'queued' and created_at < now() - interval '1 minute')::int as stuck from tasks`,
        )
      )[0],

    listJobs: async (
      f: { state?: JobState; name?: string },
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: AdminJob[]; total: number }> => {
      const where = sql`where ${f.state === undefined ? sql`true` : sql`${state} = ${f.state}`} and ${f.name === undefined ? sql`true` : sql`task_identifier = ${f.name}`}`;
      const [rows, total] = await Promise.all([
        some<AdminJob>(
          db,
          sql`select ${jobColumns} from graphile_worker.jobs ${where} order by (last_error is null), jobs.created_at desc, jobs.id desc limit ${limit} offset ${offset}`,
        ),
        some<{ n: number }>(db, sql`select count(*)::int as n from graphile_worker.jobs ${where}`),
      ]);
      return { rows, total: total[0]?.n ?? 0 };
    },
    findJob: async (tx: Queries, id: string): Promise<AdminJob | undefined> =>
      (await some<AdminJob>(tx, sql`select ${jobColumns} from graphile_worker.jobs where id = ${id}::bigint`))[0],
    /** False when the job is running or does not exist. */
    retryJob: async (tx: Queries, id: string): Promise<boolean> =>
      (
        await some(
          tx,
          sql`select id from graphile_worker.reschedule_jobs(array[${id}::bigint], run_at := now(), attempts := 0) as changed where changed.id is not null`,
        )
      ).length > 0,
    /** False when the job is running or does not exist. */
    removeJob: async (tx: Queries, id: string): Promise<boolean> =>
      (await some(tx, sql`select id from graphile_worker.complete_jobs(array[${id}::bigint]) as done where done.id is not null`)).length >
      0,
    jobCounts: async (): Promise<JobCounts & { last_error: string | null }> => {
      const [row] = await some<JobCounts & { last_error: string | null }>(
        db,
        sql`select count(*) filter (where ${state} = 'waiting')::int as waiting, count(*) filter (where ${state} = 'running')::int as running,
          count(*) filter (where ${state} = 'failing')::int as failing, count(*) filter (where ${state} = 'dead')::int as dead,
          coalesce(max(extract(epoch from now() - run_at)) filter (where ${state} = 'waiting' and run_at <= now()), 0)::int as oldest_seconds,
          (array_agg(left(split_part(last_error, E'\n', 1), 300) order by updated_at desc) filter (where last_error is not null))[1] as last_error
        from graphile_worker.jobs`,
      );
      if (!row) throw new Error("job counts returned no row");
      return row;
    },

    /** Emails that were not sent. */
    emailCounts: async (): Promise<{ waiting: number; postponed: number; failed: number; last_error: string | null }> =>
      (
        await some<{ waiting: number; postponed: number; failed: number; last_error: string | null }>(
          db,
          sql`select count(*) filter (where status = 'queued' and last_error is null)::int as waiting,
            count(*) filter (where status = 'queued' and last_error is not null)::int as postponed, count(*) filter (where status = 'failed')::int as failed,
            (array_agg(last_error order by created_at desc) filter (where last_error is not null))[1] as last_error from letters`,
        )
      )[0] ?? { waiting: 0, postponed: 0, failed: 0, last_error: null },

    /** Version, size, connections and longest query of the database. */
    database: async () => {
      const [row] = await some<{ version: string; bytes: number; connections: number; max_connections: number; longest_seconds: number }>(
        db,
        sql`select current_setting('server_version') as version, pg_database_size(current_database())::float8 as bytes,
          (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
          current_setting('max_connections')::int as max_connections,
          (select coalesce(max(extract(epoch from now() - query_start)), 0)::int from pg_stat_activity
            where datname = current_database() and state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()) as longest_seconds`,
      );
      if (!row) throw new Error("database facts returned no row");
      return row;
    },
    /** The last successful call per provider with the server's own key, within 30 days. */
    lastAnswers: async (): Promise<Map<string, string>> =>
      new Map(
        (
          await some<{ provider: string; at: string }>(
            db,
            sql`select split_part(model, '/', 1) as provider, to_char(max(created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
              from usage_logs where created_at > now() - interval '30 days' and not is_byok group by 1`,
          )
        ).map(({ provider, at }) => [provider, at]),
      ),
    /** Number of runs failed by a model in the last 24 hours, and the last error. */
    modelFailures: async () =>
      (
        await some<{ n: number; error: string | null }>(
          db,
          sql`select count(*)::int as n, (array_agg(error order by completed_at desc))[1] as error from tasks
            where type = 'agent_execution' and status = 'failed' and completed_at > now() - interval '24 hours'
              and error_code in ('model_error', 'model_auth_failed', 'rate_limited')`,
        )
      )[0],
  };
}
