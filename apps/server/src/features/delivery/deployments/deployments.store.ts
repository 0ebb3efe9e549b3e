import type { DeployEnvironment, DeployProvider, DeploymentStatus } from "@tesslate/contract";
import { and, asc, count, desc, eq, gt, inArray, isNull, like, max, ne, or, sql } from "drizzle-orm";
import { isUniqueViolation, type Database, type Queries } from "../../../platform/database.ts";
import { containers, type ContainerRow } from "../../../db/schema/runtime.ts";
import { projects } from "../../../db/schema/projects.ts";
import { users } from "../../../db/schema/accounts.ts";
import { tasks, type TaskRow } from "../../../db/schema/core.ts";
import { deploymentLogs, deployments, deploymentSites, type DeploymentRow, type SiteRow } from "../../../db/schema/delivery.ts";

type Page = { limit: number; offset: number };
/** Versions are numbered, and one of them is live, per container and provider. */
export type DeploymentKey = { container_id: string; provider: DeployProvider };
/** A successful preview deployment whose files are still stored. */
const isPreviewHere = and(eq(deployments.environment, "preview"), eq(deployments.status, "success"), eq(deployments.has_artifact, true));
const isShown = or(eq(deployments.is_live, true), isPreviewHere);
type Changes = Partial<Omit<DeploymentRow, "id" | "project_id" | "created_at" | "updated_at">>;
const isOwnerActive = sql`${users.is_active} and not ${users.is_suspended} and not ${users.is_deleted} and ${projects.environment_status} <> 'deleting'`;
/** Unique key of the unfinished cutover task of a container at a provider: at most one (`release/cutover.ts`). */
export const cutoverKey = ({ container_id, provider }: DeploymentKey): string => `deployment_switch:${container_id}:${provider}`;
const isUnfinished = inArray(tasks.status, ["queued", "running"]);
const at = ({ container_id, provider }: DeploymentKey) =>
  and(eq(deployments.container_id, container_id), eq(deployments.provider, provider));

export type DeploymentsStore = ReturnType<typeof createDeploymentsStore>;
export function createDeploymentsStore(db: Database) {
  const update = async (id: string, values: Changes, q: Queries = db): Promise<DeploymentRow | undefined> =>
    (
      await q
        .update(deployments)
        .set({ ...values, updated_at: sql`now()` })
        .where(eq(deployments.id, id))
        .returning()
    )[0];
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Serializes version numbers and new deployments of one container at one provider. */
    lock: async (tx: Queries, { container_id, provider }: DeploymentKey): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`deployments:${container_id}:${provider}`}, 0))`);
    },
    /** Whether a deployment or a cutover is running there, ignoring the task `except`. */
    isBusy: async (tx: Queries, key: DeploymentKey, { except }: { except?: string | null } = {}): Promise<boolean> => {
      const isOther = except ? ne(tasks.id, except) : undefined;
      return (
        (await tx.$count(deployments, and(at(key), eq(deployments.is_active, true)))) > 0 ||
        (await tx.$count(tasks, and(eq(tasks.unique_key, cutoverKey(key)), isUnfinished, isOther))) > 0
      );
    },
    /** Unfinished cutover tasks of these versions. */
    listCutovers: (ids: readonly string[], q: Queries = db): Promise<TaskRow[]> =>
      q
        .select()
        .from(tasks)
        .where(and(like(tasks.unique_key, "deployment_switch:%"), isUnfinished, inArray(sql`${tasks.input} ->> 'id'`, [...ids]))),
    /** Active deployments of a task. */
    listActiveOf: (taskId: string): Promise<DeploymentRow[]> =>
      db
        .select()
        .from(deployments)
        .where(and(eq(deployments.task_id, taskId), eq(deployments.is_active, true))),
    nextVersion: async (tx: Queries, key: DeploymentKey): Promise<number> =>
      ((
        await tx
          .select({ n: max(deployments.version) })
          .from(deployments)
          .where(at(key))
      )[0]?.n ?? 0) + 1,
    insert: async (tx: Queries, values: typeof deployments.$inferInsert): Promise<DeploymentRow> =>
      (await tx.insert(deployments).values(values).returning())[0] as DeploymentRow,
    update,
    find: async (id: string, q: Queries = db): Promise<DeploymentRow | undefined> =>
      (await q.select().from(deployments).where(eq(deployments.id, id)))[0],
    list: async (
      filter: { project_id?: string; target_id?: string; provider?: DeployProvider; status?: DeploymentStatus; container_id?: string },
      page: Page,
    ) => {
      const where = and(
        ...(["project_id", "target_id", "provider", "status", "container_id"] as const).flatMap((name) => {
          const value = filter[name];
          return value === undefined ? [] : [eq(deployments[name], value)];
        }),
      );
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(deployments)
          .where(where)
          .orderBy(desc(deployments.created_at), desc(deployments.version), desc(deployments.id))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(deployments, where),
      ]);
      return { rows, total };
    },
    listOfProject: (projectId: string): Promise<DeploymentRow[]> =>
      db.select().from(deployments).where(eq(deployments.project_id, projectId)).orderBy(asc(deployments.created_at)),
    /** Newest first. */
    listVersions: (key: DeploymentKey): Promise<DeploymentRow[]> =>
      db.select().from(deployments).where(at(key)).orderBy(desc(deployments.version)),
    findLive: async (key: DeploymentKey): Promise<DeploymentRow | undefined> =>
      (
        await db
          .select()
          .from(deployments)
          .where(and(at(key), eq(deployments.is_live, true)))
      )[0],
    /** The last successful deployment there in that environment. */
    findLast: async (key: DeploymentKey, environment: DeployEnvironment): Promise<DeploymentRow | undefined> =>
      (
        await db
          .select()
          .from(deployments)
          .where(and(at(key), eq(deployments.environment, environment), eq(deployments.status, "success")))
          .orderBy(desc(deployments.version))
          .limit(1)
      )[0],
    /** Active rows without a running task: their server crashed. */
    listAbandoned: async (): Promise<DeploymentRow[]> =>
      (
        await db
          .select({ row: deployments })
          .from(deployments)
          .leftJoin(tasks, eq(tasks.id, deployments.task_id))
          .where(and(eq(deployments.is_active, true), or(isNull(tasks.id), inArray(tasks.status, ["completed", "failed", "cancelled"]))))
          .orderBy(asc(deployments.created_at))
      ).map(({ row }) => row),
    /**
     * Live versions and preview deployments that this server hosts, of active accounts; of one owner when given. `includesInactive`: also of
     * inactive accounts.
     */
    listLocal: async ({ ownerId, includesInactive = false }: { ownerId?: string; includesInactive?: boolean } = {}): Promise<
      DeploymentRow[]
    > =>
      (
        await db
          .select({ row: deployments })
          .from(deployments)
          .innerJoin(projects, eq(projects.id, deployments.project_id))
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(
            and(
              eq(deployments.provider, "local"),
              isShown,
              ownerId === undefined ? undefined : eq(projects.owner_id, ownerId),
              includesInactive ? undefined : isOwnerActive,
            ),
          )
      ).map(({ row }) => row),
    known: async (ids: readonly string[]): Promise<Set<string>> =>
      ids.length === 0
        ? new Set()
        : new Set(
            (
              await db
                .select({ id: deployments.id })
                .from(deployments)
                .where(inArray(deployments.id, [...ids]))
            ).map(({ id }) => id),
          ),
    /** The preview deployment served under a local host name, unless its owner's account is inactive. */
    findLocalPreview: async (name: string): Promise<DeploymentRow | undefined> =>
      (
        await db
          .select({ row: deployments })
          .from(deployments)
          .innerJoin(projects, eq(projects.id, deployments.project_id))
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(and(eq(deployments.provider, "local"), eq(deployments.site_name, name), isPreviewHere, isOwnerActive))
      )[0]?.row,
    /** The live version served under a local host name, unless its owner's account is inactive. */
    findLocalSite: async (name: string): Promise<{ row: DeploymentRow; passwordHash: string | null } | undefined> =>
      (
        await db
          .select({ row: deployments, passwordHash: deploymentSites.password_hash })
          .from(deploymentSites)
          .innerJoin(deployments, and(eq(deployments.container_id, deploymentSites.container_id), eq(deployments.provider, "local")))
          .innerJoin(projects, eq(projects.id, deployments.project_id))
          .innerJoin(users, eq(users.id, projects.owner_id))
          .where(and(eq(deploymentSites.provider, "local"), eq(deploymentSites.name, name), eq(deployments.is_live, true), isOwnerActive))
      )[0],

    /** Renames a local site, also in the deployments that are shown there, or changes its password. False when the name is taken. */
    updateLocalSite: async (
      site: Pick<SiteRow, "id" | "container_id">,
      { address: given, password_hash }: { address?: { name: string; url: string } | undefined; password_hash?: string | null | undefined },
    ): Promise<boolean> => {
      try {
        await db.transaction(async (tx) => {
          if (given) {
            const { name, url } = given;
            await tx.update(deploymentSites).set({ name, site_id: name, url }).where(eq(deploymentSites.id, site.id));
            await tx
              .update(deployments)
              .set({ site_name: name, site_id: name, deployment_url: url })
              .where(
                and(
                  eq(deployments.container_id, site.container_id),
                  eq(deployments.provider, "local"),
                  eq(deployments.environment, "production"),
                ),
              );
          }
          if (password_hash !== undefined) await tx.update(deploymentSites).set({ password_hash }).where(eq(deploymentSites.id, site.id));
        });
        return true;
      } catch (error) {
        if (isUniqueViolation(error, "deployment_sites_local_name_key")) return false;
        throw error;
      }
    },

    /** Makes this version the only live one. `unlessLater`: not when a newer version is already live. */
    makeLive: async (row: DeploymentRow, values: Changes, { unlessLater = false } = {}): Promise<DeploymentRow | undefined> =>
      db.transaction(async (tx) => {
        // A deleted version, or one whose container was deleted, cannot become live.
        const [known] = await tx
          .select({ container_id: deployments.container_id })
          .from(deployments)
          .where(eq(deployments.id, row.id))
          .for("update");
        if (known === undefined || known.container_id === null) return undefined;
        const key = row.container_id === null ? undefined : { container_id: row.container_id, provider: row.provider };
        const isLater =
          unlessLater &&
          key &&
          (await tx.$count(deployments, and(at(key), eq(deployments.is_live, true), gt(deployments.version, row.version)))) > 0;
        if (isLater) return update(row.id, values, tx);
        if (key)
          await tx
            .update(deployments)
            .set({ is_live: false, updated_at: sql`now()` })
            .where(and(at(key), eq(deployments.is_live, true), ne(deployments.id, row.id)));
        return update(row.id, { ...values, is_live: true }, tx);
      }),
    /** Ends an active deployment; does nothing when it has already ended. */
    finish: async (id: string, values: Changes & { status: DeploymentStatus }): Promise<DeploymentRow | undefined> =>
      (
        await db
          .update(deployments)
          .set({
            ...values,
            is_active: false,
            updated_at: sql`now()`,
            ...(values.status !== "deploying" && { completed_at: sql`now()` as unknown as string }),
          })
          .where(and(eq(deployments.id, id), eq(deployments.is_active, true)))
          .returning()
      )[0],
    requestCancel: async (id: string): Promise<DeploymentRow | undefined> =>
      (
        await db
          .update(deployments)
          .set({ cancel_requested_at: sql`now()` as unknown as string, updated_at: sql`now()` })
          .where(and(eq(deployments.id, id), eq(deployments.is_active, true)))
          .returning()
      )[0],
    /** Rate limit for provider status requests: true at most once per `seconds`. */
    claimStatusRequest: async (id: string, seconds: number): Promise<boolean> =>
      (
        await db
          .update(deployments)
          .set({ asked_at: sql`now()` as unknown as string })
          .where(
            and(
              eq(deployments.id, id),
              or(isNull(deployments.asked_at), sql`${deployments.asked_at} <= now() - make_interval(secs => ${seconds})`),
            ),
          )
          .returning({ id: deployments.id })
      ).length > 0,
    remove: async (id: string): Promise<void> => {
      await db.delete(deployments).where(eq(deployments.id, id));
    },

    appendLines: async (id: string, from: number, lines: readonly string[]): Promise<void> => {
      await db
        .insert(deploymentLogs)
        .values(lines.map((line, i) => ({ deployment_id: id, seq: from + i, line })))
        .onConflictDoNothing();
    },
    linesOf: async (id: string, after = 0, limit = 5000): Promise<{ seq: number; line: string }[]> =>
      db
        .select({ seq: deploymentLogs.seq, line: deploymentLogs.line })
        .from(deploymentLogs)
        .where(and(eq(deploymentLogs.deployment_id, id), gt(deploymentLogs.seq, after)))
        .orderBy(asc(deploymentLogs.seq))
        .limit(limit),
    pageOfLines: async (id: string, page: Page): Promise<string[]> =>
      (
        await db
          .select({ line: deploymentLogs.line })
          .from(deploymentLogs)
          .where(eq(deploymentLogs.deployment_id, id))
          .orderBy(asc(deploymentLogs.seq))
          .limit(page.limit)
          .offset(page.offset)
      ).map(({ line }) => line),
    linesOfAll: async (ids: readonly string[]): Promise<Map<string, string[]>> => {
      const all = new Map<string, string[]>();
      if (ids.length === 0) return all;
      for (const { id, line } of await db
        .select({ id: deploymentLogs.deployment_id, line: deploymentLogs.line })
        .from(deploymentLogs)
        .where(inArray(deploymentLogs.deployment_id, [...ids]))
        .orderBy(asc(deploymentLogs.seq)))
        all.set(id, [...(all.get(id) ?? []), line]);
      return all;
    },
    countLines: async (id: string): Promise<{ lines: number; bytes: number; last: number }> => {
      const [size] = await db
        .select({
          lines: count(),
          bytes: sql<string>`coalesce(sum(octet_length(${deploymentLogs.line})), 0)`,
          last: max(deploymentLogs.seq),
        })
        .from(deploymentLogs)
        .where(eq(deploymentLogs.deployment_id, id));
      return { lines: size?.lines ?? 0, bytes: Number(size?.bytes ?? 0), last: size?.last ?? 0 };
    },

    findSite: async ({ container_id, provider }: DeploymentKey): Promise<SiteRow | undefined> =>
      (
        await db
          .select()
          .from(deploymentSites)
          .where(and(eq(deploymentSites.container_id, container_id), eq(deploymentSites.provider, provider)))
      )[0],
    saveSite: async (values: typeof deploymentSites.$inferInsert): Promise<void> => {
      const { site_id, name, url } = values;
      await db
        .insert(deploymentSites)
        .values(values)
        .onConflictDoUpdate({ target: [deploymentSites.container_id, deploymentSites.provider], set: { site_id, name, url: url ?? null } });
    },
    saveSiteUrl: async ({ container_id, provider }: DeploymentKey, url: string): Promise<void> => {
      await db
        .update(deploymentSites)
        .set({ url })
        .where(and(eq(deploymentSites.container_id, container_id), eq(deploymentSites.provider, provider)));
    },
    /** Claims a local site name; `undefined` when it is taken. */
    claimLocalSite: async (values: typeof deploymentSites.$inferInsert): Promise<SiteRow | undefined> =>
      (await db.insert(deploymentSites).values(values).onConflictDoNothing().returning())[0],

    baseContainers: (projectId: string): Promise<ContainerRow[]> =>
      db
        .select()
        .from(containers)
        .where(and(eq(containers.project_id, projectId), eq(containers.container_type, "base")))
        .orderBy(asc(containers.created_at), asc(containers.id)),
    containersOf: (projectId: string): Promise<ContainerRow[]> =>
      db.select().from(containers).where(eq(containers.project_id, projectId)).orderBy(asc(containers.created_at), asc(containers.id)),
  };
}
