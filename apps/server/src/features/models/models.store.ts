import { eq } from "drizzle-orm";
import type { Database } from "../../platform/database.ts";
import { users } from "../users/users.table.ts";

export type ModelsStore = ReturnType<typeof createModelsStore>;
export function createModelsStore(db: Database) {
  return {
    /** Ids that the user hides from the picker. */
    listDisabled: async (userId: string): Promise<string[]> =>
      (await db.select({ ids: users.disabled_models }).from(users).where(eq(users.id, userId)))[0]?.ids ?? [],
  };
}
