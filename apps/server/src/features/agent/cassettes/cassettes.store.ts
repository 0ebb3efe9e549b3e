import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { runCassettes } from "../../../db/schema/agent/runs.ts";

/** Older cassettes of a project are deleted. */
const maxPerProject = 20;

export type CassettesStore = ReturnType<typeof createCassettesStore>;
export function createCassettesStore(db: Database) {
  return {
    insert: async (row: Omit<typeof runCassettes.$inferSelect, "created_at">): Promise<void> => {
      await db.transaction(async (tx) => {
        await tx.insert(runCassettes).values(row).onConflictDoNothing();
        await tx.execute(sql`
          delete from run_cassettes where task_id in (
            select task_id from run_cassettes where project_id = ${row.project_id} order by created_at desc, task_id offset ${maxPerProject})`);
      });
    },
    find: async (taskId: string, userId: string): Promise<string | undefined> =>
      (
        await db
          .select({ lines: runCassettes.lines })
          .from(runCassettes)
          .where(and(eq(runCassettes.task_id, taskId), eq(runCassettes.user_id, userId)))
      )[0]?.lines,
  };
}
