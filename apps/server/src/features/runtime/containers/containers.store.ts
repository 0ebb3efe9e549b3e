import { and, asc, count, eq, inArray, isNotNull, ne, sql } from "drizzle-orm";
import type { SavePositions } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { hasOtherProcesses } from "../../../platform/presence.ts";
import { projects, type ProjectRow } from "../../../db/schema/projects.ts";
import { containers, type ContainerRow } from "../../../db/schema/runtime.ts";

export type ContainersStore = ReturnType<typeof createContainersStore>;
export function createContainersStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    list: async (projectId: string, page: { limit: number; offset: number }) => {
      const where = eq(containers.project_id, projectId);
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(containers)
          .where(where)
          .orderBy(asc(containers.created_at), asc(containers.id))
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(containers).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    listAll: (projectId: string, q: Queries = db): Promise<ContainerRow[]> =>
      q.select().from(containers).where(eq(containers.project_id, projectId)).orderBy(asc(containers.created_at), asc(containers.id)),
    find: async (projectId: string, id: string): Promise<ContainerRow | undefined> =>
      (
        await db
          .select()
          .from(containers)
          .where(and(eq(containers.id, id), eq(containers.project_id, projectId)))
      )[0],
    findByKey: async (projectId: string, key: string): Promise<ContainerRow | undefined> =>
      (
        await db
          .select()
          .from(containers)
          .where(and(eq(containers.project_id, projectId), eq(containers.service_key, key)))
      )[0],
    /** The container of a preview host, with its project. */
    findByHostLabel: async (label: string, q: Queries = db): Promise<{ container: ContainerRow; project: ProjectRow } | undefined> =>
      (
        await q
          .select({ container: containers, project: projects })
          .from(containers)
          .innerJoin(projects, eq(projects.id, containers.project_id))
          .where(and(eq(containers.host_label, label), ne(projects.environment_status, "deleting")))
      )[0],
    /** Serializes key and port assignment within a project. */
    lockProject: async (tx: Queries, projectId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`containers:${projectId}`}, 0))`);
    },
    /** `undefined` when the host label is taken. Lists are in the order of insertion, also of rows of one transaction. */
    insert: async (tx: Queries, values: typeof containers.$inferInsert): Promise<ContainerRow | undefined> =>
      (
        await tx
          .insert(containers)
          .values({ created_at: sql`clock_timestamp()`, ...values })
          .onConflictDoNothing({ target: containers.host_label })
          .returning()
      )[0],
    update: async (id: string, values: Partial<typeof containers.$inferInsert>, q: Queries = db): Promise<ContainerRow | undefined> =>
      (
        await q
          .update(containers)
          .set({ ...values, updated_at: sql`now()` })
          .where(eq(containers.id, id))
          .returning()
      )[0],
    /** `undefined` when the row no longer exists or already has that status. */
    /** `exitCode` is only set for failures. */
    setStatus: async (
      id: string,
      status: ContainerRow["status"],
      message: string | null,
      exitCode: number | null,
    ): Promise<ContainerRow | undefined> =>
      (
        await db
          .update(containers)
          .set({
            status,
            status_message: message,
            exit_code: exitCode,
            // The next start uses the current configuration.
            ...(status === "stopped" && { needs_restart: false }),
            ...(status === "running" && {
              last_started_at: sql`case when ${containers.status} = 'frozen' then ${containers.last_started_at} else now() end`,
            }),
          })
          .where(
            and(
              eq(containers.id, id),
              sql`(${containers.status}, ${containers.status_message}) is distinct from (${status}::text, ${message}::text)`,
            ),
          )
          .returning()
      )[0],
    /** Marks running containers whose values changed: all of a project, or these. Returns the rows that were not marked before. */
    markStale: (projectId: string, ids?: readonly string[], q: Queries = db): Promise<ContainerRow[]> =>
      q
        .update(containers)
        .set({ needs_restart: true, updated_at: sql`now()` })
        .where(
          and(
            eq(containers.project_id, projectId),
            ids && inArray(containers.id, [...ids]),
            eq(containers.deployment_mode, "container"),
            eq(containers.needs_restart, false),
            inArray(containers.status, ["starting", "running", "frozen"]),
          ),
        )
        .returning(),
    /** Whether previews may start them. */
    holdStops: async (ids: string[], isHeld: boolean): Promise<void> => {
      if (ids.length > 0) await db.update(containers).set({ is_stop_held: isHeld }).where(inArray(containers.id, ids));
    },
    remove: async (id: string): Promise<void> => {
      await db.delete(containers).where(eq(containers.id, id));
    },
    /** Whether another server process uses this database. */
    isShared: (processId: number): Promise<boolean> => hasOtherProcesses(db, processId),
    /** Rows with an unfinished rename. */
    listRenaming: (): Promise<ContainerRow[]> => db.select().from(containers).where(isNotNull(containers.pending_rename)),
    /** Rows with an active status. */
    listAlive: (): Promise<ContainerRow[]> =>
      db
        .select()
        .from(containers)
        .where(inArray(containers.status, ["starting", "running", "frozen"])),
  };
}

/** Containers that run in folders of the tree run at its root. */
export async function moveContainersToRoot(q: Queries, projectId: string): Promise<void> {
  await q
    .update(containers)
    .set({ directory: ".", updated_at: sql`now()` })
    .where(and(eq(containers.project_id, projectId), ne(containers.directory, ".")));
}
/** Sets positions on the canvas. Resolves with the containers that were moved. */
export async function saveContainerPositions(tx: Queries, projectId: string, wanted: NonNullable<SavePositions["containers"]>) {
  if (wanted.length === 0) return [];
  const to = tx
    .select({
      id: sql<string>`(item->>'id')::uuid`.as("to_id"),
      x: sql<number>`(item->>'position_x')::float8`.as("to_x"),
      y: sql<number>`(item->>'position_y')::float8`.as("to_y"),
    })
    .from(sql`jsonb_array_elements(${asJsonb(inLockOrder(wanted))}) as item`)
    .as("wanted");
  return tx
    .update(containers)
    .set({ position_x: sql`${to.x}`, position_y: sql`${to.y}` })
    .from(to)
    .where(and(eq(containers.id, to.id), eq(containers.project_id, projectId)))
    .returning({ id: containers.id, position_x: containers.position_x, position_y: containers.position_y });
}

/** Concurrent batches lock their rows in one order, so that they cannot deadlock. The last of two entries with one id counts. */
export const inLockOrder = <T extends { id: string }>(items: readonly T[]): T[] =>
  [...new Map(items.map((item) => [item.id, item])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
