import { sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { podAccessLog } from "../../../db/schema/runtime.ts";

export type PodAccessStore = ReturnType<typeof createPodAccessStore>;
export function createPodAccessStore(db: Database) {
  return {
    insert: async (values: typeof podAccessLog.$inferInsert): Promise<void> => {
      await db.insert(podAccessLog).values(values);
    },
    /** Log entries are kept for 90 days. */
    prune: async (): Promise<void> => {
      await db.execute(sql`delete from pod_access_log where created_at < now() - interval '90 days'`);
    },
  };
}

/** Deletes what was logged of a user's access to previews, and of access to theirs. */
export async function deletePodAccessOf(q: Queries, userId: string): Promise<void> {
  await q.delete(podAccessLog).where(sql`${podAccessLog.user_id} = ${userId} or ${podAccessLog.expected_user_id} = ${userId}`);
}
