import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { agentDrafts } from "../../../db/schema/store.ts";

export type AgentDraftRow = typeof agentDrafts.$inferSelect;
export type AgentDraftsStore = ReturnType<typeof createAgentDraftsStore>;
export function createAgentDraftsStore(db: Database) {
  /** Null: the draft of a new agent. */
  const isOf = (userId: string, agentId: string | null) =>
    and(eq(agentDrafts.user_id, userId), agentId === null ? isNull(agentDrafts.agent_id) : eq(agentDrafts.agent_id, agentId));
  return {
    find: async (userId: string, agentId: string | null): Promise<AgentDraftRow | undefined> =>
      (await db.select().from(agentDrafts).where(isOf(userId, agentId)))[0],
    save: async (userId: string, agentId: string | null, draft: Record<string, unknown>): Promise<AgentDraftRow | undefined> =>
      (
        await db
          .insert(agentDrafts)
          .values({ user_id: userId, agent_id: agentId, draft })
          .onConflictDoUpdate({ target: [agentDrafts.user_id, agentDrafts.agent_id], set: { draft, updated_at: sql`now()` } })
          .returning()
      )[0],
    remove: async (userId: string, agentId: string | null): Promise<void> => {
      await db.delete(agentDrafts).where(isOf(userId, agentId));
    },
  };
}
