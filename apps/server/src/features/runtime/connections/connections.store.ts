import { and, asc, count, eq, inArray, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { containers, type ContainerRow, connections, type ConnectionRow } from "../../../db/schema/runtime.ts";

export type ConnectionsStore = ReturnType<typeof createConnectionsStore>;
export function createConnectionsStore(db: Database) {
  const inOrder = [asc(connections.created_at), asc(connections.id)] as const;
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    list: async (projectId: string, page: { limit: number; offset: number }) => {
      const where = eq(connections.project_id, projectId);
      const [rows, [total]] = await Promise.all([
        db
          .select({ row: connections, source: containers })
          .from(connections)
          .innerJoin(containers, eq(containers.id, connections.source_container_id))
          .where(where)
          .orderBy(...inOrder)
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(connections).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Oldest first. */
    listAll: (projectId: string, q: Queries = db): Promise<ConnectionRow[]> =>
      q
        .select()
        .from(connections)
        .where(eq(connections.project_id, projectId))
        .orderBy(...inOrder),
    /** Serializes changes to a project's connections, so that two at once cannot create a cycle. */
    lockProject: async (tx: Queries, projectId: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`connections:${projectId}`}, 0))`);
    },
    /** Locks these containers of the project until the transaction ends. */
    holdContainers: (tx: Queries, projectId: string, ids: string[]): Promise<ContainerRow[]> =>
      tx
        .select()
        .from(containers)
        .where(and(eq(containers.project_id, projectId), inArray(containers.id, ids)))
        .for("key share"),
    /** Lists are in the order of insertion, also of rows of one transaction. */
    insert: async (tx: Queries, values: typeof connections.$inferInsert): Promise<ConnectionRow | undefined> =>
      (
        await tx
          .insert(connections)
          .values({ created_at: sql`clock_timestamp()`, ...values })
          .onConflictDoNothing()
          .returning()
      )[0],
    /** Copies a project's connections to a fork, between the copied containers. */
    copyAll: async (tx: Queries, from: string, to: string, containerOf: ReadonlyMap<string, string>): Promise<void> => {
      const rows = await tx
        .select()
        .from(connections)
        .where(eq(connections.project_id, from))
        .orderBy(...inOrder);
      const copies = rows.flatMap(({ id: _id, source_container_id, target_container_id, ...row }) => {
        const source = containerOf.get(source_container_id);
        const target = containerOf.get(target_container_id);
        return source && target ? [{ ...row, project_id: to, source_container_id: source, target_container_id: target }] : [];
      });
      if (copies.length > 0) await tx.insert(connections).values(copies);
    },
    remove: async (tx: Queries, projectId: string, id: string): Promise<ConnectionRow | undefined> =>
      (
        await tx
          .delete(connections)
          .where(and(eq(connections.id, id), eq(connections.project_id, projectId)))
          .returning()
      )[0],
  };
}
