import { updateAgent } from "../../agent/agents/index.ts";
import { and, desc, eq, ilike, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents, type AgentRow } from "../../../db/schema/agent/agents.ts";
import { users } from "../../../db/schema/accounts.ts";
import { containsPattern } from "../../accounts/audit/index.ts";

export interface AdminAgentFilter {
  search?: string;
  item_type?: string;
  source_type?: AgentRow["source_type"];
  pricing_type?: AgentRow["pricing_type"];
  is_active?: boolean;
  is_featured?: boolean;
}
export interface AdminAgentRow {
  agent: AgentRow;
  created_by_username: string | null;
  forked_by_username: string | null;
}

const creators = alias(users, "creators");
const owners = alias(users, "owners");

export type AdminAgentsStore = ReturnType<typeof createAdminAgentsStore>;
export function createAdminAgentsStore(db: Database) {
  const where = (f: AdminAgentFilter) =>
    and(
      f.search === undefined
        ? undefined
        : or(
            ilike(agents.name, containsPattern(f.search)),
            ilike(agents.slug, containsPattern(f.search)),
            ilike(creators.username, containsPattern(f.search)),
            ilike(owners.username, containsPattern(f.search)),
          ),
      f.item_type === undefined ? undefined : eq(agents.item_type, f.item_type),
      f.source_type === undefined ? undefined : eq(agents.source_type, f.source_type),
      f.pricing_type === undefined ? undefined : eq(agents.pricing_type, f.pricing_type),
      f.is_active === undefined ? undefined : eq(agents.is_active, f.is_active),
      f.is_featured === undefined ? undefined : eq(agents.is_featured, f.is_featured),
    );
  const rows = (q: Queries) =>
    q
      .select({ agent: agents, created_by_username: creators.username, forked_by_username: owners.username })
      .from(agents)
      .leftJoin(creators, eq(creators.id, agents.created_by_user_id))
      .leftJoin(owners, eq(owners.id, agents.forked_by_user_id));
  return {
    list: async (
      f: AdminAgentFilter,
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: AdminAgentRow[]; total: number }> => {
      const [found, counted] = await Promise.all([
        rows(db).where(where(f)).orderBy(desc(agents.created_at), desc(agents.id)).limit(limit).offset(offset),
        db
          .select({ n: sql<number>`count(*)::int` })
          .from(agents)
          .leftJoin(creators, eq(creators.id, agents.created_by_user_id))
          .leftJoin(owners, eq(owners.id, agents.forked_by_user_id))
          .where(where(f)),
      ]);
      return { rows: found, total: counted[0]?.n ?? 0 };
    },
    /** By UUID or slug, held until the transaction ends. */
    lock: async (tx: Queries, ref: string, isId: boolean): Promise<AgentRow | undefined> =>
      (
        await tx
          .select()
          .from(agents)
          .where(isId ? eq(agents.id, ref) : eq(agents.slug, ref))
          .for("no key update")
      )[0],
    update: updateAgent,
    find: async (tx: Queries, id: string): Promise<AdminAgentRow | undefined> => (await rows(tx).where(eq(agents.id, id)))[0],
  };
}
