import { setProjectFacts } from "../../projects/projects/index.ts";
import { and, asc, desc, eq, gt, gte, ilike, inArray, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import type { AdminProject, EnvironmentStatus } from "@tesslate/contract";
import type { Database } from "../../../platform/database.ts";
import { chats } from "../../../db/schema/agent/chats.ts";
import { containers } from "../../../db/schema/runtime.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { dueCopies } from "../../../db/schema/source.ts";
import { tasks } from "../../../db/schema/core.ts";
import { users } from "../../../db/schema/accounts.ts";
import { containsPattern } from "../../accounts/audit/index.ts";
import { copiedUntil } from "../../source/snapshots/index.ts";

export interface ProjectFilter {
  search?: string;
  owner_id?: string;
  status?: EnvironmentStatus;
  deployment_status?: "deployed" | "development";
  has_git?: boolean;
  has_containers?: boolean;
  created_after?: string;
  created_before?: string;
  sort_by?: "created_at" | "last_activity" | "name" | "container_count" | "disk_bytes" | "copy_due_since";
  sort_order?: "asc" | "desc";
}

const containerCount = sql<number>`(select count(*)::int from ${containers} where ${containers.project_id} = ${projects.id})`;
const hasContainers = sql`exists (select 1 from ${containers} where ${containers.project_id} = ${projects.id})`;
const copyDueSince = sql<string | null>`(select ${dueCopies.due_at} from ${dueCopies} where ${dueCopies.project_id} = ${projects.id})`;
const columns = {
  id: projects.id,
  name: projects.name,
  slug: projects.slug,
  description: projects.description,
  owner_id: projects.owner_id,
  owner_username: users.username,
  owner_email: users.email,
  environment_status: projects.environment_status,
  stop_reason: projects.stop_reason,
  is_deployed: projects.is_deployed,
  deploy_type: projects.deploy_type,
  has_git_repo: projects.has_git_repo,
  deployment_count: sql<number>`(select count(*)::int from ${containers} where ${containers.project_id} = ${projects.id} and ${containers.deployment_provider} is not null)`,
  container_count: containerCount,
  disk_bytes: projects.disk_bytes,
  copied_until: copiedUntil(sql`${projects.id}`).mapWith(projects.last_activity),
  copy_due_since: copyDueSince.mapWith(projects.last_activity),
  last_activity: projects.last_activity,
  hibernated_at: projects.hibernated_at,
  created_at: projects.created_at,
};
const sortable: Record<NonNullable<ProjectFilter["sort_by"]>, SQL> = {
  created_at: sql`${projects.created_at}`,
  last_activity: sql`${projects.last_activity}`,
  name: sql`lower(${projects.name})`,
  container_count: containerCount,
  disk_bytes: sql`${projects.disk_bytes}`,
  copy_due_since: copyDueSince,
};
/** Nulls sort last in both directions. The id makes pages stable. */
const orderOf = ({ sort_by = "created_at", sort_order = "desc" }: ProjectFilter): SQL[] => {
  const isKnown = sort_by === "created_at" || sort_by === "name" || sort_by === "container_count";
  const by = sort_order === "asc" ? sql`${sortable[sort_by]} asc` : sql`${sortable[sort_by]} desc`;
  return [isKnown ? by : sql`${by} nulls last`, sort_order === "asc" ? asc(projects.id) : desc(projects.id)];
};

export type AdminProjectsStore = ReturnType<typeof createAdminProjectsStore>;
export function createAdminProjectsStore(db: Database) {
  const where = (f: ProjectFilter) =>
    and(
      f.search === undefined
        ? undefined
        : or(ilike(projects.name, containsPattern(f.search)), ilike(projects.slug, containsPattern(f.search))),
      f.owner_id === undefined ? undefined : eq(projects.owner_id, f.owner_id),
      f.status === undefined ? undefined : eq(projects.environment_status, f.status),
      f.deployment_status === undefined ? undefined : eq(projects.is_deployed, f.deployment_status === "deployed"),
      f.has_git === undefined ? undefined : eq(projects.has_git_repo, f.has_git),
      f.has_containers === undefined ? undefined : f.has_containers ? hasContainers : sql`not ${hasContainers}`,
      f.created_after === undefined ? undefined : gte(projects.created_at, f.created_after),
      f.created_before === undefined ? undefined : lt(projects.created_at, f.created_before),
    );
  return {
    /** Two statements: first the ids of the page, then its rows. */
    /** Branches have no copies: they are discarded. */
    listWithoutFiles: (): Promise<ProjectRow[]> =>
      db
        .select()
        .from(projects)
        .where(and(eq(projects.environment_status, "files_missing"), isNull(projects.branch_of)))
        .orderBy(desc(projects.last_activity)),
    list: async (
      f: ProjectFilter,
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: AdminProject[]; total: number }> => {
      const page = db
        .select({ id: projects.id })
        .from(projects)
        .where(where(f))
        .orderBy(...orderOf(f))
        .limit(limit)
        .offset(offset)
        .as("page");
      const [rows, total] = await Promise.all([
        db
          .select(columns)
          .from(page)
          .innerJoin(projects, eq(projects.id, page.id))
          .innerJoin(users, eq(users.id, projects.owner_id))
          .orderBy(...orderOf(f)),
        db.$count(projects, where(f)),
      ]);
      return { rows, total };
    },
    /** Keyset page after this id. */
    listAfter: (f: ProjectFilter, id: string | undefined, limit: number): Promise<AdminProject[]> =>
      db
        .select(columns)
        .from(projects)
        .innerJoin(users, eq(users.id, projects.owner_id))
        .where(and(where(f), id === undefined ? undefined : gt(projects.id, id)))
        .orderBy(asc(projects.id))
        .limit(limit),
    /** By UUID or slug, including projects that are being deleted. */
    find: async (ref: string, isId: boolean) =>
      (
        await db
          .select({
            ...columns,
            template_slug: projects.template_slug,
            updated_at: projects.updated_at,
            copy_error: sql<string | null>`(select ${dueCopies.error} from ${dueCopies} where ${dueCopies.project_id} = ${projects.id})`,
            chat_count: sql<number>`(select count(*)::int from ${chats} where ${chats.project_id} = ${projects.id})`,
            active_runs: sql<number>`(select count(*)::int from ${tasks} where ${tasks.project_id} = ${projects.id} and ${tasks.type} = 'agent_execution' and ${tasks.status} in ('queued', 'running'))`,
          })
          .from(projects)
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(isId ? eq(projects.id, ref) : eq(projects.slug, ref))
      )[0],
    containersOf: (projectId: string) =>
      db
        .select({
          id: containers.id,
          name: containers.name,
          framework: containers.framework,
          container_type: containers.container_type,
          status: containers.status,
          status_message: containers.status_message,
        })
        .from(containers)
        .where(eq(containers.project_id, projectId))
        .orderBy(containers.created_at, containers.id)
        .limit(200),
    /** Names and owners of projects by id. */
    ownersOf: (ids: string[]) =>
      ids.length === 0
        ? Promise.resolve([])
        : db
            .select({
              id: projects.id,
              project_name: projects.name,
              project_slug: projects.slug,
              owner_id: projects.owner_id,
              owner_username: users.username,
              owner_email: users.email,
              is_deployed: projects.is_deployed,
              last_activity: projects.last_activity,
            })
            .from(projects)
            .innerJoin(users, eq(users.id, projects.owner_id))
            .where(inArray(projects.id, ids)),
    saveSize: (projectId: string, bytes: number): Promise<void> => setProjectFacts(db, projectId, { disk_bytes: bytes }),
  };
}
