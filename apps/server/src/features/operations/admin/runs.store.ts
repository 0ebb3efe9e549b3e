import { and, asc, desc, eq, gte, ilike, lt, or, sql, type SQL } from "drizzle-orm";
import type { AdminDeploymentFilter, AdminRunFilter } from "@tesslate/contract";
import { deployments } from "../../../db/schema/delivery.ts";
import { projects } from "../../../db/schema/projects.ts";
import { tasks } from "../../../db/schema/core.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { users } from "../../../db/schema/accounts.ts";
import type { Database } from "../../../platform/database.ts";
import { containsPattern } from "../../accounts/audit/index.ts";

/** The rows after this one, newest first. */
export interface After {
  id: string;
  created_at: string;
}
interface Page {
  limit: number;
  offset: number;
}
type Order = "asc" | "desc" | undefined;

const ofRun = (column: SQL) => sql<number>`(select ${column} from ${usageLogs} where ${usageLogs.task_id} = ${tasks.id})`;
const runColumns = {
  id: tasks.id,
  status: tasks.status,
  user_id: tasks.user_id,
  username: users.username,
  project_id: tasks.project_id,
  project_name: projects.name,
  model: sql<
    string | null
  >`coalesce((select max(${usageLogs.model}) from ${usageLogs} where ${usageLogs.task_id} = ${tasks.id} and ${usageLogs.purpose} = 'turn'), ${tasks.input}->>'model_id')`,
  model_calls: ofRun(sql`count(*)::int`),
  credits: ofRun(sql`coalesce(sum(${usageLogs.credits_deducted}), 0)::int`),
  cost_cents: ofRun(sql`coalesce(sum(${usageLogs.cost_total}), 0)::float8`),
  error: tasks.error,
  error_code: tasks.error_code,
  created_at: tasks.created_at,
  completed_at: tasks.completed_at,
  duration_ms: sql<
    number | null
  >`(extract(epoch from ${tasks.completed_at} - coalesce(${tasks.started_at}, ${tasks.created_at})) * 1000)::int`,
};
const deploymentColumns = {
  id: deployments.id,
  version: deployments.version,
  status: deployments.status,
  provider: deployments.provider,
  environment: deployments.environment,
  is_live: deployments.is_live,
  user_id: deployments.user_id,
  username: users.username,
  project_id: deployments.project_id,
  project_name: projects.name,
  container_name: deployments.container_name,
  deployment_url: deployments.deployment_url,
  files: deployments.files,
  bytes: deployments.bytes,
  error: deployments.error,
  created_at: deployments.created_at,
  completed_at: deployments.completed_at,
};

type Filtered = Pick<AdminRunFilter & AdminDeploymentFilter, "user_id" | "project_id" | "created_after" | "created_before" | "search">;
/** The filters that runs and deployments share. The search finds users, projects, ids, and `searched`. */
const isIn = (table: typeof tasks | typeof deployments, f: Filtered, searched?: typeof deployments.deployment_url) => {
  const pattern = f.search === undefined ? undefined : containsPattern(f.search);
  return and(
    f.user_id === undefined ? undefined : eq(table.user_id, f.user_id),
    f.project_id === undefined ? undefined : eq(table.project_id, f.project_id),
    f.created_after === undefined ? undefined : gte(table.created_at, f.created_after),
    f.created_before === undefined ? undefined : lt(table.created_at, f.created_before),
    pattern === undefined
      ? undefined
      : or(
          ilike(users.username, pattern),
          ilike(projects.name, pattern),
          searched && ilike(searched, pattern),
          sql`${table.id}::text = ${f.search?.toLowerCase()}`,
        ),
  );
};

export type AdminRunsStore = ReturnType<typeof createAdminRunsStore>;
/** Runs and deployments of all projects. Costs are computed for the rows of a page only. */
export function createAdminRunsStore(db: Database) {
  const isRun = (f: AdminRunFilter) =>
    and(
      eq(tasks.type, "agent_execution"),
      f.status === undefined ? undefined : eq(tasks.status, f.status),
      f.error_code === undefined ? undefined : eq(tasks.error_code, f.error_code),
      isIn(tasks, f),
    );
  const isDeployment = (f: AdminDeploymentFilter) =>
    and(
      f.status === undefined ? undefined : eq(deployments.status, f.status),
      f.provider === undefined ? undefined : eq(deployments.provider, f.provider),
      f.environment === undefined ? undefined : eq(deployments.environment, f.environment),
      f.is_live === undefined ? undefined : eq(deployments.is_live, f.is_live),
      isIn(deployments, f, deployments.deployment_url),
    );
  const runs = (where: SQL | undefined, order: Order) =>
    db
      .select(runColumns)
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.user_id))
      .leftJoin(projects, eq(projects.id, tasks.project_id))
      .where(where)
      .orderBy(...(order === "asc" ? [asc(tasks.created_at), asc(tasks.id)] : [desc(tasks.created_at), desc(tasks.id)]));
  const versions = (where: SQL | undefined, order: Order) =>
    db
      .select(deploymentColumns)
      .from(deployments)
      .innerJoin(users, eq(users.id, deployments.user_id))
      .innerJoin(projects, eq(projects.id, deployments.project_id))
      .where(where)
      .orderBy(
        ...(order === "asc" ? [asc(deployments.created_at), asc(deployments.id)] : [desc(deployments.created_at), desc(deployments.id)]),
      );
  const isAfter = (table: typeof tasks | typeof deployments, after: After | undefined) =>
    after && sql`(${table.created_at}, ${table.id}) < (${after.created_at}::timestamptz, ${after.id}::uuid)`;
  const total = async (query: Promise<{ n: number }[]>) => (await query)[0]?.n ?? 0;
  return {
    listRuns: async (f: AdminRunFilter, order: Order, { limit, offset }: Page) => {
      const counted = db
        .select({ n: sql<number>`count(*)::int` })
        .from(tasks)
        .innerJoin(users, eq(users.id, tasks.user_id))
        .leftJoin(projects, eq(projects.id, tasks.project_id))
        .where(isRun(f));
      const [rows, n] = await Promise.all([runs(isRun(f), order).limit(limit).offset(offset), total(counted)]);
      return { rows, total: n };
    },
    runsAfter: (f: AdminRunFilter, after: After | undefined, limit: number) =>
      runs(and(isRun(f), isAfter(tasks, after)), "desc").limit(limit),
    listDeployments: async (f: AdminDeploymentFilter, order: Order, { limit, offset }: Page) => {
      const counted = db
        .select({ n: sql<number>`count(*)::int` })
        .from(deployments)
        .innerJoin(users, eq(users.id, deployments.user_id))
        .innerJoin(projects, eq(projects.id, deployments.project_id))
        .where(isDeployment(f));
      const [rows, n] = await Promise.all([versions(isDeployment(f), order).limit(limit).offset(offset), total(counted)]);
      return { rows, total: n };
    },
    deploymentsAfter: (f: AdminDeploymentFilter, after: After | undefined, limit: number) =>
      versions(and(isDeployment(f), isAfter(deployments, after)), "desc").limit(limit),
  };
}
