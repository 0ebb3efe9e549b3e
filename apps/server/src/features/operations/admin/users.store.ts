import { closeAccount, reopenAccount, setUserFlags, suspendUser, unsuspendUser } from "../../accounts/users/index.ts";
import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, isNull, lt, ne, sql, type SQL } from "drizzle-orm";
import type { EnvironmentStatus, UserFilter } from "@tesslate/contract";
import type { Amount } from "../../../platform/amounts.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents } from "../../../db/schema/agent/agents.ts";
import { apiKeys, sessions, users, type UserRow } from "../../../db/schema/accounts.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { projects } from "../../../db/schema/projects.ts";
import { tasks } from "../../../db/schema/core.ts";
import { containsPattern } from "../../accounts/audit/index.ts";

const isThere = ne(projects.environment_status, "deleting");
const projectCount = sql<number>`(select count(*)::int from ${projects} where ${projects.owner_id} = ${users.id} and ${isThere})`;
const hasProjects = sql`exists (select 1 from ${projects} where ${projects.owner_id} = ${users.id} and ${isThere})`;
const isCreator = sql<boolean>`exists (select 1 from ${agents} where ${agents.forked_by_user_id} = ${users.id} or ${agents.created_by_user_id} = ${users.id})`;
const livingBonus = sql<number>`case when ${users.signup_bonus_expires_at} > now() then ${users.signup_bonus_credits} else 0 end`;
const columns = { ...getTableColumns(users), project_count: projectCount, is_creator: isCreator, living_bonus: livingBonus };
export type ListedUser = UserRow & { project_count: number; is_creator: boolean; living_bonus: number };

const statuses: Record<NonNullable<UserFilter["status"]>, SQL> = {
  active: sql`${users.is_active} and not ${users.is_suspended} and not ${users.is_deleted}`,
  suspended: sql`${users.is_suspended} and not ${users.is_deleted}`,
  deleted: sql`${users.is_deleted}`,
  inactive: sql`not ${users.is_active} and not ${users.is_suspended} and not ${users.is_deleted}`,
};
/** Sortable columns; text is sorted case-insensitively. */
const orders: Record<NonNullable<UserFilter["sort_by"]>, SQL> = {
  created_at: sql`${users.created_at}`,
  last_active_at: sql`${users.last_active_at}`,
  email: sql`lower(${users.email})`,
  username: sql`lower(${users.username})`,
  name: sql`lower(${users.name})`,
  subscription_tier: sql`array_position(array['free', 'basic', 'pro', 'ultra'], ${users.subscription_tier})`,
  total_spend_cents: sql`${users.total_spend_cents}`,
  purchased_credits: sql`${users.purchased_credits}`,
  project_count: projectCount,
};
const either = (wanted: boolean | undefined, is: SQL) => (wanted === undefined ? undefined : wanted ? is : sql`not ${is}`);

export interface UserFacts {
  api_key_count: number;
  session_count: number;
  running_project_count: number;
  deployed_projects_count: number;
  tokens_input: number;
  tokens_output: number;
  cost_total: Amount;
}
export interface RecentProject {
  id: string;
  name: string;
  slug: string;
  environment_status: EnvironmentStatus;
  created_at: string;
}

export type AdminUsersStore = ReturnType<typeof createAdminUsersStore>;
export function createAdminUsersStore(db: Database) {
  const where = (f: UserFilter) =>
    and(
      eq(users.is_system, false),
      f.search === undefined
        ? undefined
        : sql`(${users.email} ilike ${containsPattern(f.search)} or ${users.username} ilike ${containsPattern(f.search)} or ${users.name} ilike ${containsPattern(f.search)} or ${users.id}::text = ${f.search.toLowerCase()})`,
      f.tier === undefined ? undefined : eq(users.subscription_tier, f.tier),
      f.status === undefined ? undefined : statuses[f.status],
      f.is_superuser === undefined ? undefined : eq(users.is_superuser, f.is_superuser),
      f.verified === undefined ? undefined : eq(users.is_verified, f.verified),
      f.created_after === undefined ? undefined : gte(users.created_at, f.created_after),
      f.created_before === undefined ? undefined : lt(users.created_at, f.created_before),
      f.last_active_after === undefined ? undefined : gte(users.last_active_at, f.last_active_after),
      f.last_active_before === undefined ? undefined : lt(users.last_active_at, f.last_active_before),
      either(f.has_projects, hasProjects),
      either(f.is_creator, isCreator),
    );
  return {
    /** Two statements: rows and total. */
    list: async (f: UserFilter, page: { limit: number; offset: number }): Promise<{ rows: ListedUser[]; total: number }> => {
      const by = orders[f.sort_by ?? "created_at"];
      const [rows, total] = await Promise.all([
        db
          .select(columns)
          .from(users)
          .where(where(f))
          .orderBy(f.sort_order === "asc" ? sql`${by} asc nulls last` : sql`${by} desc nulls last`, asc(users.id))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(users, where(f)),
      ]);
      return { rows, total };
    },
    /** Keyset page after this id. */
    listAfter: (f: UserFilter, id: string | undefined, limit: number): Promise<ListedUser[]> =>
      db
        .select(columns)
        .from(users)
        .where(and(where(f), id === undefined ? undefined : gt(users.id, id)))
        .orderBy(asc(users.id))
        .limit(limit),
    find: async (id: string): Promise<ListedUser | undefined> =>
      (
        await db
          .select(columns)
          .from(users)
          .where(and(eq(users.id, id), eq(users.is_system, false)))
      )[0],
    facts: async (id: string): Promise<UserFacts> => {
      const mine = and(eq(projects.owner_id, id), isThere);
      const [[keys], [open], [own], [usage]] = await Promise.all([
        db.select({ n: count() }).from(apiKeys).where(eq(apiKeys.user_id, id)),
        db
          .select({ n: count() })
          .from(sessions)
          .where(and(eq(sessions.user_id, id), isNull(sessions.revoked_at), sql`${sessions.expires_at} > now()`)),
        db
          .select({
            running: sql<number>`(count(*) filter (where ${projects.environment_status} in ('starting', 'active')))::int`,
            deployed: sql<number>`(count(*) filter (where ${projects.is_deployed}))::int`,
          })
          .from(projects)
          .where(mine),
        db
          .select({
            tokens_input: sql<number>`coalesce(sum(${usageLogs.tokens_input}), 0)::float8`,
            tokens_output: sql<number>`coalesce(sum(${usageLogs.tokens_output}), 0)::float8`,
            cost_total: sql<Amount>`coalesce(sum(${usageLogs.cost_total}), 0)::text`,
          })
          .from(usageLogs)
          .where(eq(usageLogs.user_id, id)),
      ]);
      return {
        api_key_count: keys?.n ?? 0,
        session_count: open?.n ?? 0,
        running_project_count: own?.running ?? 0,
        deployed_projects_count: own?.deployed ?? 0,
        tokens_input: usage?.tokens_input ?? 0,
        tokens_output: usage?.tokens_output ?? 0,
        cost_total: usage?.cost_total ?? "0",
      };
    },
    recentProjects: (id: string): Promise<RecentProject[]> =>
      db
        .select({
          id: projects.id,
          name: projects.name,
          slug: projects.slug,
          environment_status: projects.environment_status,
          created_at: projects.created_at,
        })
        .from(projects)
        .where(and(eq(projects.owner_id, id), isThere, isNull(projects.branch_of)))
        .orderBy(desc(projects.created_at), asc(projects.id))
        .limit(5),
    suspend: suspendUser,
    unsuspend: unsuspendUser,
    close: closeAccount,
    keep: reopenAccount,
    /** Ids of all who are administrators, whatever state they are in. */
    administrators: async (tx: Queries): Promise<string[]> =>
      (await tx.select({ id: users.id }).from(users).where(eq(users.is_superuser, true))).map(({ id }) => id),
    setFlags: setUserFlags,
    /** Projects of theirs with services that run or start, or with runs of the agent. */
    busyProjects: async (id: string): Promise<string[]> => {
      const rows = await db
        .select({ id: projects.id })
        .from(projects)
        .where(
          and(
            eq(projects.owner_id, id),
            isThere,
            sql`(${projects.environment_status} in ('starting', 'active', 'stopping') or exists (select 1 from ${tasks} where ${tasks.project_id} = ${projects.id} and ${inArray(tasks.status, ["queued", "running"])}))`,
          ),
        );
      return rows.map((row) => row.id);
    },
  };
}
