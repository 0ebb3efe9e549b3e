import { desc, eq } from "drizzle-orm";
import { setEntryVersion } from "../../agent/agents/index.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { agentVersions, type AgentRow, type AgentVersionContent, type AgentVersionRow } from "../../../db/schema/agent/agents.ts";

export type AgentVersionsStore = ReturnType<typeof createAgentVersionsStore>;
/** Published versions of agents. Changes need the lock of the agent. */
export function createAgentVersionsStore(db: Database) {
  const latest = async (agentId: string, q: Queries = db): Promise<AgentVersionRow | undefined> =>
    (await q.select().from(agentVersions).where(eq(agentVersions.agent_id, agentId)).orderBy(desc(agentVersions.number)).limit(1))[0];
  return {
    latest,
    list: async (agentId: string, page: { limit: number; offset: number }): Promise<{ rows: AgentVersionRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(agentVersions)
          .where(eq(agentVersions.agent_id, agentId))
          .orderBy(desc(agentVersions.number))
          .limit(page.limit)
          .offset(page.offset),
        db.$count(agentVersions, eq(agentVersions.agent_id, agentId)),
      ]);
      return { rows, total };
    },
    /** Adds a version with the content of the agent. False when the latest one has it already. */
    publish: async (tx: Queries, agent: AgentRow, notes: string): Promise<boolean> => {
      const before = await latest(agent.id, tx);
      const content = versionContentOf(agent);
      if (before && isSameContent(before.content, content)) return false;
      await tx.insert(agentVersions).values({ agent_id: agent.id, number: (before?.number ?? 0) + 1, notes, content });
      return true;
    },
    /** The library entry runs the latest version from now on. */
    take: async (tx: Queries, userId: string, agentId: string): Promise<void> => {
      await setEntryVersion(tx, userId, agentId, (await latest(agentId, tx))?.id ?? null);
    },
  };
}

const versionContentOf = ({ system_prompt, mode, agent_type, tools, tool_configs, model, config }: AgentRow): AgentVersionContent => ({
  system_prompt,
  mode,
  agent_type,
  tools,
  tool_configs,
  model,
  config,
});
/** `jsonb` keeps no order of keys. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value;
const isSameContent = (one: AgentVersionContent, other: AgentVersionContent): boolean =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
/** Whether others run something else than what the creator sees. */
export const differsFrom = (version: AgentVersionRow, agent: AgentRow): boolean => !isSameContent(version.content, versionContentOf(agent));
