import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { projectDrafts, type ProjectDraftRow } from "../../../db/schema/projects.ts";

export type DraftsStore = ReturnType<typeof createDraftsStore>;
export function createDraftsStore(db: Database) {
  return {
    find: async (userId: string, q: Queries = db): Promise<ProjectDraftRow | undefined> =>
      (await q.select().from(projectDrafts).where(eq(projectDrafts.user_id, userId)))[0],
    save: async (
      userId: string,
      { text, base_id, is_submitted }: Pick<ProjectDraftRow, "text" | "base_id" | "is_submitted">,
    ): Promise<ProjectDraftRow | undefined> => {
      const values = { text, base_id, is_submitted };
      const [row] = await db
        .insert(projectDrafts)
        .values({ user_id: userId, ...values })
        .onConflictDoUpdate({ target: projectDrafts.user_id, set: { ...values, updated_at: sql`now()` } })
        .returning();
      return row;
    },
    remove: async (userId: string, q: Queries = db): Promise<void> => {
      await q.delete(projectDrafts).where(eq(projectDrafts.user_id, userId));
    },
  };
}
