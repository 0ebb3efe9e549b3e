import { sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { podAccessLog } from "../../../db/schema/runtime.ts";

export type PodAccessStore = ReturnType<typeof createPodAccessStore>;
export function createPodAccessStore(db: Database) {
  return {
    insert: async (values: typeof podAccessLog.$inferInsert): Promise<void> => {
      await db.insert(podAccessLog).values(values);
    },
    /** Kept for 90 days. */
    prune: async (): Promise<void> => {
      await db.execute(sql`delete from pod_access_log where created_at < now() - interval '90 days'`);
    },
  };
}
