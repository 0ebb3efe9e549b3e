import { eq, sql } from "drizzle-orm";
import type { PlanChange } from "@tesslate/agent";
import type { Database, Queries } from "../../../platform/database.ts";
import { plans, type PlanRow } from "../../../db/schema/agent/chats.ts";

export type PlansStore = ReturnType<typeof createPlansStore>;
export function createPlansStore(db: Database) {
  return {
    find: async (chatId: string, q: Queries = db): Promise<PlanRow | undefined> =>
      (await q.select().from(plans).where(eq(plans.chat_id, chatId)))[0],
    /** Locks the plan until the transaction ends, even if there is none yet. */
    lock: async (tx: Queries, chatId: string): Promise<PlanRow | undefined> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`plan:${chatId}`}, 0))`);
      return (await tx.select().from(plans).where(eq(plans.chat_id, chatId)))[0];
    },
    /** The next version, or the first under this name. */
    write: async (tx: Queries, chatId: string, name: string, change: PlanChange): Promise<PlanRow> => {
      const { task, steps, critical_files } = change;
      const [row] = await tx
        .insert(plans)
        .values({ chat_id: chatId, name, task, steps, critical_files })
        .onConflictDoUpdate({
          target: plans.chat_id,
          set: { name, task, steps, critical_files, version: sql`${plans.version} + 1`, updated_at: sql`now()` },
        })
        .returning();
      if (!row) throw new Error("the plan was not stored");
      return row;
    },
    remove: async (tx: Queries, chatId: string): Promise<boolean> =>
      (await tx.delete(plans).where(eq(plans.chat_id, chatId)).returning({ id: plans.chat_id })).length > 0,
  };
}
