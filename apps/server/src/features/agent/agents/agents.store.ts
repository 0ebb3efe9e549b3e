import { and, eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import {
  agents,
  agentVersions,
  isEntryActive,
  isRunVersion,
  userPurchasedAgents,
  type AgentRow,
  type AgentVersionRow,
} from "../../../db/schema/agent/agents.ts";
import type { OfficialAgent } from "./official-agents.ts";

export type AgentsStore = ReturnType<typeof createAgentsStore>;
export function createAgentsStore(db: Database) {
  return {
    /** Updates the content only; what administrators or users changed (featured, active, counts) stays. */
    upsertOfficial: async (agent: OfficialAgent): Promise<void> => {
      const content = {
        name: agent.name,
        description: agent.description,
        category: agent.category,
        agent_type: agent.agent_type,
        icon: agent.icon,
        mode: agent.mode,
        features: agent.features,
        tags: agent.tags,
        system_prompt: agent.system_prompt,
        tools: agent.tools,
      };
      await db
        .insert(agents)
        .values({ ...content, slug: agent.slug, is_featured: agent.is_featured, source_type: "open", is_forkable: true })
        .onConflictDoUpdate({
          target: agents.slug,
          set: { ...content, updated_at: sql`now()` },
          // Only unedited official agents: not a user's agent with the slug, nor one that an administrator edited.
          setWhere: sql`${agents.forked_by_user_id} is null and ${agents.created_by_user_id} is null and ${agents.content_edited_at} is null`,
        });
    },
    /** By id or slug, with the user's library entry. */
    find: async (
      ref: string,
      userId: string,
    ): Promise<
      { agent: AgentRow; entry: { selected_model: string | null; is_active: boolean } | null; version: AgentVersionRow | null } | undefined
    > => {
      const isId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(ref);
      return (
        await db
          .select({
            agent: agents,
            entry: { user_id: userPurchasedAgents.user_id, selected_model: userPurchasedAgents.selected_model, is_active: isEntryActive },
            version: agentVersions,
          })
          .from(agents)
          .leftJoin(userPurchasedAgents, and(eq(userPurchasedAgents.agent_id, agents.id), eq(userPurchasedAgents.user_id, userId)))
          .leftJoin(agentVersions, isRunVersion)
          .where(isId ? eq(agents.id, ref) : eq(agents.slug, ref))
      )[0];
    },
    /** The sub-agents of an agent, by name. */
    listSubagents: (agentId: string): Promise<AgentRow[]> =>
      db
        .select()
        .from(agents)
        .where(and(eq(agents.parent_agent_id, agentId), eq(agents.item_type, "subagent"), eq(agents.is_active, true)))
        .orderBy(agents.name)
        .limit(20),
    addToLibrary: async (tx: Queries, userId: string, slug: string): Promise<void> => {
      await tx.execute(
        sql`insert into user_purchased_agents (user_id, agent_id) select ${userId}, id from agents where slug = ${slug} on conflict do nothing`,
      );
    },
    /** For existing accounts. */
    addToEveryLibrary: async (slug: string): Promise<void> => {
      await db.execute(
        sql`insert into user_purchased_agents (user_id, agent_id) select u.id, a.id from users u cross join agents a where a.slug = ${slug} on conflict do nothing`,
      );
    },
    selectModel: async (userId: string, agentId: string, model: string | null): Promise<void> => {
      await db
        .update(userPurchasedAgents)
        .set({ selected_model: model })
        .where(and(eq(userPurchasedAgents.user_id, userId), eq(userPurchasedAgents.agent_id, agentId)));
    },
    countUse: async (q: Queries, id: string): Promise<void> => {
      await q
        .update(agents)
        .set({ usage_count: sql`${agents.usage_count} + 1` })
        .where(eq(agents.id, id));
    },
  };
}

/** Which version of an agent the user runs; null: the latest. */
export async function setEntryVersion(q: Queries, userId: string, agentId: string, versionId: string | null): Promise<void> {
  await q
    .update(userPurchasedAgents)
    .set({ version_id: versionId })
    .where(and(eq(userPurchasedAgents.user_id, userId), eq(userPurchasedAgents.agent_id, agentId)));
}

/** `undefined` if the slug is taken. */
export async function insertAgent(q: Queries, values: typeof agents.$inferInsert): Promise<AgentRow | undefined> {
  return (await q.insert(agents).values(values).onConflictDoNothing({ target: agents.slug }).returning())[0];
}
export async function updateAgent(q: Queries, id: string, values: Partial<AgentRow>): Promise<void> {
  await q
    .update(agents)
    .set({ ...values, updated_at: sql`now()` })
    .where(eq(agents.id, id));
}
/** With its sub-agents, library entries, reviews and project links (foreign keys). Forks stay. */
export async function deleteAgent(q: Queries, id: string): Promise<void> {
  await q.delete(agents).where(and(eq(agents.parent_agent_id, id), eq(agents.item_type, "subagent")));
  await q.delete(agents).where(eq(agents.id, id));
}
/** Before a user is deleted: deletes their agents that no other user has, and gives the others to `newOwnerId`. */
export async function giveAwayAgentsOf(q: Queries, userId: string, newOwnerId: string): Promise<void> {
  await q
    .delete(agents)
    .where(
      sql`(${agents.created_by_user_id} = ${userId} or ${agents.forked_by_user_id} = ${userId}) and not exists (select 1 from ${userPurchasedAgents} where ${userPurchasedAgents.agent_id} = ${agents.id} and ${userPurchasedAgents.user_id} <> ${userId})`,
    );
  await q.update(agents).set({ created_by_user_id: null }).where(eq(agents.created_by_user_id, userId));
  await q.update(agents).set({ forked_by_user_id: newOwnerId }).where(eq(agents.forked_by_user_id, userId));
}
