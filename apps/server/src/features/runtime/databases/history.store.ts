import { and, count, desc, eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { queryHistory, type QueryHistoryRow } from "../../../db/schema/runtime.ts";

export type QueryHistoryStore = ReturnType<typeof createQueryHistoryStore>;
export function createQueryHistoryStore(db: Database) {
  const own = (userId: string, projectId: string) => and(eq(queryHistory.user_id, userId), eq(queryHistory.project_id, projectId));
  return {
    /** Inserts an entry, and deletes the oldest of that person and project beyond `limit`. */
    add: async (limit: number, values: typeof queryHistory.$inferInsert): Promise<void> => {
      const { user_id, project_id } = values;
      await db.insert(queryHistory).values(values);
      await db
        .delete(queryHistory)
        .where(
          and(
            own(user_id, project_id),
            sql`${queryHistory.id} not in (select h.id from query_history h where h.user_id = ${user_id} and h.project_id = ${project_id} order by h.created_at desc, h.id desc limit ${limit})`,
          ),
        );
    },
    /** Newest first. */
    list: async (
      userId: string,
      projectId: string,
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: QueryHistoryRow[]; total: number }> => {
      const where = own(userId, projectId);
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(queryHistory)
          .where(where)
          .orderBy(desc(queryHistory.created_at), desc(queryHistory.id))
          .limit(limit)
          .offset(offset),
        db.select({ n: count() }).from(queryHistory).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    clear: async (userId: string, projectId: string): Promise<void> => {
      await db.delete(queryHistory).where(own(userId, projectId));
    },
    /** Whether there was such an entry. */
    remove: async (userId: string, projectId: string, id: string): Promise<boolean> =>
      (
        await db
          .delete(queryHistory)
          .where(and(own(userId, projectId), eq(queryHistory.id, id)))
          .returning({ id: queryHistory.id })
      ).length > 0,
  };
}
