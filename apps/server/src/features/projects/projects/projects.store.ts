import { and, desc, eq, inArray, isNotNull, isNull, ne, sql } from "drizzle-orm";
import type { EnvironmentStatus, ProjectHistory, RunStatus, StopReason, Tier } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { containers } from "../../../db/schema/runtime.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { exclusiveTaskOf, type ExclusiveTaskType } from "../../core/tasks/index.ts";
import { fixedRunStatus } from "./run-status.ts";

/** A project with the statuses of its non-external containers, from which its `status` is derived. */
export type ProjectWithStatuses = ProjectRow & { container_statuses: string[] };
/** A project as its owner's requests load it, with the task that replaces its files at that moment. */
export type OwnedProject = ProjectWithStatuses & { exclusive_task: ExclusiveTaskType | null };

const statuses = sql<
  string[]
>`array(select ${containers.status} from ${containers} where ${containers.project_id} = ${projects.id} and ${containers.deployment_mode} <> 'external')`;
/** `runStatusOf` in SQL, for the list filter; a test compares the two. */
const runStatus = sql`case ${projects.environment_status} ${sql.raw(
  Object.entries(fixedRunStatus)
    .map(([environment, status]) => `when '${environment}' then '${status}'`)
    .join(" "),
)} else (select case
  when count(*) filter (where s.status in ('running', 'frozen')) = 0 then case when bool_or(s.status = 'starting') then 'starting' when bool_or(s.status = 'failed') then 'error' else 'stopped' end
  when bool_and(s.status in ('running', 'frozen')) then 'running' else 'partial' end from unnest(${statuses}) as s(status)) end`;
const columns = { project: projects, container_statuses: statuses };
const ownedColumns = { ...columns, exclusive_task: exclusiveTaskOf(projects.id) };
const merge = ({ project, container_statuses }: { project: ProjectRow; container_statuses: string[] }): ProjectWithStatuses => ({
  ...project,
  container_statuses,
});
/** Whether the project may run; `row` when its status changed. */
export interface RunningClaim {
  isClaimed: boolean;
  /** The owner is suspended or deleted; their projects may not run. */
  isRefused?: true;
  limit: number;
  running: { id: string; name: string; slug: string }[];
  row?: ProjectRow;
}
const runs = (status: EnvironmentStatus) => status === "starting" || status === "active";
const isOwnerActive = sql<boolean>`(${users.is_active} and not ${users.is_suspended} and not ${users.is_deleted})`;
const isThere = ne(projects.environment_status, "deleting");
/** Only a restore of its files changes the status of a project without files. */
const hasFiles = ne(projects.environment_status, "files_missing");

export type ProjectsStore = ReturnType<typeof createProjectsStore>;
export function createProjectsStore(db: Database) {
  const owned = eq(projects.owner_id, sql.placeholder("owner"));
  const byId = db
    .select(ownedColumns)
    .from(projects)
    .where(and(eq(projects.id, sql.placeholder("ref")), owned, isThere))
    .prepare("project_by_id");
  const bySlug = db
    .select(ownedColumns)
    .from(projects)
    .where(and(eq(projects.slug, sql.placeholder("ref")), owned, isThere))
    .prepare("project_by_slug");
  const filter = and(
    owned,
    isThere,
    isNull(projects.branch_of),
    sql`(${sql.placeholder("q")}::text is null or position(lower(${sql.placeholder("q")}::text) in lower(${projects.name})) > 0 or position(lower(${sql.placeholder("q")}::text) in ${projects.slug}) > 0)`,
    sql`(${sql.placeholder("status")}::text is null or ${runStatus} = ${sql.placeholder("status")}::text)`,
  );
  const page = db
    .select({ ...columns, total: sql<string>`count(*) over ()` })
    .from(projects)
    .where(filter)
    .orderBy(sql`${projects.pinned_at} is null`, desc(projects.updated_at), desc(projects.id))
    .limit(sql.placeholder("limit"))
    .offset(sql.placeholder("offset"))
    .prepare("projects_page");
  const total = db
    .select({ n: sql<string>`count(*)` })
    .from(projects)
    .where(filter)
    .prepare("projects_total");

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** The caller's project by UUID or slug; never one that is being deleted. */
    findOwned: async (owner: string, ref: string, isId: boolean): Promise<OwnedProject | undefined> => {
      const [row] = await (isId ? byId : bySlug).execute({ ref, owner });
      return row && { ...merge(row), exclusive_task: row.exclusive_task };
    },
    /** Including those that are being deleted. */
    listBranches: (id: string): Promise<ProjectRow[]> => db.select().from(projects).where(eq(projects.branch_of, id)),
    /** Bytes at the last measurement of a project and its branches, without those of `id`. */
    diskBytesBeside: async (id: string): Promise<number> => {
      const { rows } = await db.execute<{ bytes: string }>(sql`
        select coalesce(sum(other.disk_bytes), 0) as bytes from projects p
        join projects other on coalesce(other.branch_of, other.id) = coalesce(p.branch_of, p.id) and other.id <> p.id
        where p.id = ${id}`);
      return Number(rows[0]?.bytes ?? 0);
    },
    find: async (id: string): Promise<ProjectRow | undefined> => (await db.select().from(projects).where(eq(projects.id, id)))[0],
    /** One statement for rows, statuses and total; a second one only beyond the last page. */
    list: async (
      owner: string,
      { q, status, limit, offset }: { q?: string; status?: RunStatus; limit: number; offset: number },
    ): Promise<{ rows: ProjectWithStatuses[]; total: number }> => {
      const values = { owner, q: q ?? null, status: status ?? null };
      const rows = await page.execute({ ...values, limit, offset });
      if (rows.length > 0 || offset === 0) return { rows: rows.map(merge), total: Number(rows[0]?.total ?? 0) };
      return { rows: [], total: Number((await total.execute(values))[0]?.n ?? 0) };
    },
    /** One statement for all of them. Runs are found by their chats, so that the index of `tasks` serves them. */
    histories: async (owner: string, ids: readonly string[]): Promise<ProjectHistory[]> => {
      if (ids.length === 0) return [];
      const { rows } = await db.execute<ProjectHistory & Record<string, unknown>>(sql`
        select p.id as project_id, active.run, live.version as live_version, coalesce(history.points, '[]'::jsonb) as points
        from projects p
        left join lateral (
          select case when bool_or(a.id is not null) then 'waiting' when count(*) > 0 then 'running' end as run
          from chats c
          join tasks t on t.chat_id = c.id and t.type = 'agent_execution' and t.status in ('queued', 'running')
          left join approvals a on a.chat_id = c.id and a.task_id = t.id and a.answered_at is null
          where c.project_id = p.id
        ) active on true
        left join lateral (
          select max(d.version) as version from deployments d where d.project_id = p.id and d.is_live
        ) live on true
        left join lateral (
          select jsonb_agg(jsonb_build_object('id', latest.id, 'kind', latest.kind, 'status', latest.status, 'at', to_jsonb(latest.at)) order by latest.at, latest.id) as points
          from (
            (select t.id, 'run' as kind, t.created_at as at, case
                when t.status in ('queued', 'running') then
                  case when exists (select 1 from approvals a where a.chat_id = c.id and a.task_id = t.id and a.answered_at is null) then 'waiting' else 'running' end
                when t.status = 'failed' then 'failed' else 'done' end as status
              from chats c join tasks t on t.chat_id = c.id and t.type = 'agent_execution'
              where c.project_id = p.id order by t.created_at desc limit 5)
            union all
            (select s.id, 'snapshot', s.created_at, case s.status when 'ready' then 'done' when 'error' then 'failed' else 'running' end
              from snapshots s where s.project_id = p.id and s.snapshot_type = 'manual' and not s.is_soft_deleted order by s.created_at desc limit 5)
            union all
            (select d.id, 'deployment', d.created_at, case d.status when 'success' then 'done' when 'failed' then 'failed' else 'running' end
              from deployments d where d.project_id = p.id order by d.created_at desc limit 5)
            order by at desc, id desc limit 5
          ) latest
        ) history on true
        where p.owner_id = ${owner} and p.environment_status <> 'deleting' and p.id in (${sql.join(
          ids.map((id) => sql`${id}`),
          sql`, `,
        )})`);
      return rows.map((row) => ({ ...row, points: row.points.map((point) => ({ ...point, at: new Date(point.at).toISOString() })) }));
    },
    /** Number of projects by the slug of their template. */
    countTemplateUses: async (): Promise<ReadonlyMap<string, number>> => {
      const rows = await db
        .select({ slug: projects.template_slug, uses: sql<number>`count(*)::int` })
        .from(projects)
        .where(isNotNull(projects.template_slug))
        .groupBy(projects.template_slug);
      return new Map(rows.flatMap(({ slug, uses }) => (slug === null ? [] : [[slug, uses] as const])));
    },
    /** `undefined` when the slug is taken. */
    insert: async (tx: Queries, values: typeof projects.$inferInsert): Promise<ProjectRow | undefined> =>
      (await tx.insert(projects).values(values).onConflictDoNothing({ target: projects.slug }).returning())[0],
    update: async (
      id: string,
      values: Partial<Pick<ProjectRow, "name" | "description">>,
      settings?: Record<string, unknown>,
    ): Promise<void> => {
      await db
        .update(projects)
        .set({
          ...values,
          // Shallow merge in the database, so that concurrent writers do not overwrite each other; a null value removes its key.
          ...(settings && {
            settings: sql`(select coalesce(jsonb_object_agg(key, value), '{}'::jsonb) from jsonb_each(coalesce(${projects.settings}, '{}'::jsonb) || ${asJsonb(settings)}) where value <> 'null'::jsonb)`,
          }),
          updated_at: sql`now()`,
        })
        .where(eq(projects.id, id));
    },
    /** Not a change of the project: `updated_at` stays. */
    setPinned: async (id: string, isPinned: boolean): Promise<void> => {
      await db
        .update(projects)
        .set({ pinned_at: isPinned ? sql`now()` : null })
        .where(eq(projects.id, id));
    },
    /**
     * Sets the stored status, unless the project is being deleted. One without files keeps its status until they are back. `undefined` when nothing
     * changed.
     */
    setEnvironment: async (
      id: string,
      status: EnvironmentStatus,
      { q = db, reason, areFilesBack = false }: { q?: Queries; reason?: StopReason; areFilesBack?: boolean } = {},
    ): Promise<ProjectRow | undefined> =>
      (
        await q
          .update(projects)
          .set({
            environment_status: status,
            ...(status === "active" && { last_activity: sql`now()`, hibernated_at: null }),
            ...(runs(status) ? { stop_reason: null } : reason && { stop_reason: reason }),
          })
          .where(and(eq(projects.id, id), isThere, ne(projects.environment_status, status), ...(areFilesBack ? [] : [hasFiles])))
          .returning()
      )[0],
    /** Projects and branches that should have files. */
    listWithFiles: async (): Promise<string[]> =>
      (
        await db
          .select({ id: projects.id })
          .from(projects)
          .where(inArray(projects.environment_status, ["active", "stopped", "starting", "stopping", "hibernating", "hibernated"]))
      ).map(({ id }) => id),
    /** Returns a project from `setup_failed` to `provisioning`. `undefined` when another request did so first. */
    reopenSetup: async (tx: Queries, id: string): Promise<ProjectRow | undefined> =>
      (
        await tx
          .update(projects)
          .set({ environment_status: "provisioning" })
          .where(and(eq(projects.id, id), eq(projects.environment_status, "setup_failed")))
          .returning()
      )[0],
    /** Sets `starting` if the owner's limit of running projects allows it; a running project stays as it is. Serialized per owner. */
    claimRunning: (id: string, limits: Record<Tier, number>): Promise<RunningClaim> =>
      db.transaction(async (tx) => {
        const [found] = await tx
          .select({ owner: projects.owner_id, tier: users.subscription_tier, isLiving: isOwnerActive })
          .from(projects)
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(and(eq(projects.id, id), isThere));
        if (!found) return { isClaimed: true, limit: 0, running: [] };
        if (!found.isLiving) return { isClaimed: false, isRefused: true, limit: 0, running: [] };
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`running:${found.owner}`}, 0))`);
        const running = await tx
          .select({ id: projects.id, name: projects.name, slug: projects.slug })
          .from(projects)
          .where(and(eq(projects.owner_id, found.owner), inArray(projects.environment_status, ["starting", "active"])))
          .orderBy(projects.name);
        const limit = limits[found.tier];
        if (running.some((other) => other.id === id)) return { isClaimed: true, limit, running };
        if (running.length >= limit) return { isClaimed: false, limit, running };
        const [row] = await tx
          .update(projects)
          .set({ environment_status: "starting", stop_reason: null })
          .where(and(eq(projects.id, id), isThere, hasFiles))
          .returning();
        return { isClaimed: true, limit, running, ...(row && { row }) };
      }),
    /** Sets `deleting`; from here on the project is 404. `undefined` when another request did so first. */
    markDeleting: async (tx: Queries, id: string): Promise<ProjectRow | undefined> =>
      (
        await tx
          .update(projects)
          .set({ environment_status: "deleting", updated_at: sql`now()` })
          .where(and(eq(projects.id, id), isThere))
          .returning()
      )[0],
    touch: async (id: string, isChange: boolean): Promise<void> => {
      await db
        .update(projects)
        .set({ last_activity: sql`now()`, ...(isChange && { updated_at: sql`now()` }) })
        .where(eq(projects.id, id));
    },
    /** Idle time of these projects by the database clock, and which of them are hosted. */
    restOf: async (ids: string[]): Promise<Map<string, { idleMs: number; isKept: boolean }>> => {
      if (ids.length === 0) return new Map();
      const rows = await db
        .select({
          id: projects.id,
          idleMs: sql<number>`coalesce(extract(epoch from now() - ${projects.last_activity}) * 1000, 1e12)::float8`,
          isKept: projects.is_deployed,
        })
        .from(projects)
        .where(inArray(projects.id, ids));
      return new Map(rows.map(({ id, ...rest }) => [id, rest]));
    },
    tierOf: async (user: string): Promise<UserRow["subscription_tier"]> =>
      (await db.select({ tier: users.subscription_tier }).from(users).where(eq(users.id, user)))[0]?.tier ?? "free",
    serviceKeys: async (id: string): Promise<string[]> =>
      (await db.select({ key: containers.service_key }).from(containers).where(eq(containers.project_id, id))).map((r) => r.key),
    /** Number of projects, without branches, and tier of a user. Locks the user's row until the transaction ends. */
    countOwned: async (tx: Queries, owner: string): Promise<{ tier: UserRow["subscription_tier"]; count: number }> => {
      const [user] = await tx.select({ tier: users.subscription_tier }).from(users).where(eq(users.id, owner)).for("no key update");
      const [row] = await tx
        .select({ n: sql<string>`count(*)` })
        .from(projects)
        .where(and(eq(projects.owner_id, owner), isThere, isNull(projects.branch_of)));
      return { tier: user?.tier ?? "free", count: Number(row?.n ?? 0) };
    },
    /** Names of the user's projects that begin like the given one, as far as a number after it would not cut it. */
    listNamesLike: async (tx: Queries, owner: string, name: string): Promise<string[]> =>
      (
        await tx
          .select({ name: projects.name })
          .from(projects)
          .where(
            and(
              eq(projects.owner_id, owner),
              isThere,
              isNull(projects.branch_of),
              sql`starts_with(lower(${projects.name}), lower(${name.slice(0, 90)}))`,
            ),
          )
      ).map((row) => row.name),
    setRemote: async (tx: Queries, id: string, remote_url: string): Promise<void> => {
      await tx.update(projects).set({ has_git_repo: true, git_remote_url: remote_url }).where(eq(projects.id, id));
    },
    /** The tier of the project's owner; free when the project is gone. */
    ownerTier: async (id: string): Promise<UserRow["subscription_tier"]> =>
      (
        await db
          .select({ tier: users.subscription_tier })
          .from(projects)
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(eq(projects.id, id))
      )[0]?.tier ?? "free",
    /** With everything that belongs to the project: chats, containers, terminals and so on (foreign keys). */
    delete: async (id: string): Promise<void> => {
      await db.delete(projects).where(eq(projects.id, id));
    },
    /** Projects that run or have an operation in progress. */
    listActive: (): Promise<ProjectRow[]> =>
      db
        .select()
        .from(projects)
        .where(sql`${projects.environment_status} in ('provisioning', 'starting', 'stopping', 'active', 'deleting')`),
    /** The ids among these that are projects. */
    known: async (ids: string[]): Promise<ProjectRow[]> =>
      ids.length === 0
        ? []
        : db
            .select()
            .from(projects)
            .where(sql`${projects.id}::text in ${ids}`),
    hasAny: async (): Promise<boolean> => (await db.select({ id: projects.id }).from(projects).limit(1)).length > 0,
  };
}

/** Sets facts that other features establish about a project. */
export async function setProjectFacts(
  q: Queries,
  id: string,
  facts: Partial<Pick<typeof projects.$inferInsert, "has_git_repo" | "git_remote_url" | "disk_bytes">>,
): Promise<void> {
  await q.update(projects).set(facts).where(eq(projects.id, id));
}
/** Measures a project's or branch's use of the disk and stores it. Returns bytes. */
export async function measureProject(q: Queries, sandbox: Pick<Sandbox, "id" | "stats">): Promise<number> {
  const { diskBytes } = await sandbox.stats();
  await setProjectFacts(q, sandbox.id, { disk_bytes: diskBytes });
  return diskBytes;
}
/** Turns hosting on or off. `undefined` if the project is being deleted, or was not hosted when hosting is turned off. */
export async function setProjectHosting(q: Queries, id: string, isHosted: boolean): Promise<ProjectRow | undefined> {
  const [row] = await q
    .update(projects)
    .set({
      is_deployed: isHosted,
      deploy_type: isHosted ? "deployed" : "development",
      deployed_at: isHosted ? sql`coalesce(${projects.deployed_at}, now())` : null,
      updated_at: sql`now()`,
    })
    .where(and(eq(projects.id, id), isHosted ? ne(projects.environment_status, "deleting") : eq(projects.is_deployed, true)))
    .returning();
  return row;
}
