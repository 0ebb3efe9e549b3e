import { and, asc, count, desc, eq, isNull, sql } from "drizzle-orm";
import type { OwnItem } from "@tesslate/contract";
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
import { users } from "../../../db/schema/accounts.ts";
import { bases, isBaseEntryActive, userPurchasedBases, projectAgents, type BaseRow } from "../../../db/schema/store.ts";
import { creatorColumns } from "./creator.store.ts";
import type { CreatorRow } from "./creator.ts";

export interface LibraryRow {
  agent: AgentRow;
  creator: CreatorRow | null;
  entry: typeof userPurchasedAgents.$inferSelect;
  is_enabled: boolean;
  /** The one that the entry runs. */
  version: AgentVersionRow | null;
  /** Number of the latest version. */
  latest: number | null;
}
export interface LibraryBaseRow {
  base: BaseRow;
  entry: typeof userPurchasedBases.$inferSelect;
}
export interface ProjectAgentRow {
  agent: Pick<AgentRow, "id" | "slug" | "name" | "description" | "icon" | "avatar_url" | "agent_type" | "is_active">;
  is_enabled: boolean | null;
  added_at: string;
}
export type OwnItemRow = OwnItem & { template_slug: string | null };
interface Page {
  limit: number;
  offset: number;
}

export type LibraryStore = ReturnType<typeof createLibraryStore>;
export function createLibraryStore(db: Database) {
  const agentEntries = (userId: string) =>
    and(eq(userPurchasedAgents.user_id, userId), isNull(userPurchasedAgents.removed_at), eq(agents.item_type, "agent"));
  const selectAgents = () =>
    db
      .select({
        agent: agents,
        creator: creatorColumns,
        entry: userPurchasedAgents,
        is_enabled: isEntryActive,
        version: agentVersions,
        latest: sql<number | null>`(select max(v.number) from agent_versions v where v.agent_id = ${agents.id})`,
      })
      .from(userPurchasedAgents)
      .innerJoin(agents, eq(agents.id, userPurchasedAgents.agent_id))
      .leftJoin(users, eq(users.id, agents.forked_by_user_id))
      .leftJoin(agentVersions, isRunVersion);
  /** Disabled items are visible to their creator only. */
  const baseEntries = (userId: string) =>
    and(
      eq(userPurchasedBases.user_id, userId),
      isNull(userPurchasedBases.removed_at),
      isBaseEntryActive,
      sql`(${bases.is_active} or ${bases.created_by_user_id} = ${userId})`,
      sql`(${bases.visibility} = 'public' or ${bases.created_by_user_id} = ${userId})`,
    );
  const selectProjectAgents = (userId: string, q: Queries = db) =>
    q
      .select({
        agent: {
          id: agents.id,
          slug: agents.slug,
          name: agents.name,
          description: agents.description,
          icon: agents.icon,
          avatar_url: agents.avatar_url,
          agent_type: agents.agent_type,
          is_active: agents.is_active,
        },
        is_enabled: sql<boolean | null>`${isEntryActive}`,
        added_at: projectAgents.created_at,
      })
      .from(projectAgents)
      .innerJoin(agents, eq(agents.id, projectAgents.agent_id))
      .leftJoin(userPurchasedAgents, and(eq(userPurchasedAgents.agent_id, agents.id), eq(userPurchasedAgents.user_id, userId)));

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    listAgents: async (userId: string, page: Page): Promise<{ rows: LibraryRow[]; total: number }> => {
      const [rows, [total]] = await Promise.all([
        selectAgents()
          .where(agentEntries(userId))
          .orderBy(desc(userPurchasedAgents.created_at), agents.id)
          .limit(page.limit)
          .offset(page.offset),
        db
          .select({ n: count() })
          .from(userPurchasedAgents)
          .innerJoin(agents, eq(agents.id, userPurchasedAgents.agent_id))
          .where(agentEntries(userId)),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    findAgent: async (userId: string, id: string): Promise<LibraryRow | undefined> =>
      (await selectAgents().where(and(agentEntries(userId), eq(agents.id, id))))[0],
    listBases: async (userId: string, page: Page): Promise<{ rows: LibraryBaseRow[]; total: number }> => {
      const [rows, [total]] = await Promise.all([
        db
          .select({ base: bases, entry: userPurchasedBases })
          .from(userPurchasedBases)
          .innerJoin(bases, eq(bases.id, userPurchasedBases.base_id))
          .where(baseEntries(userId))
          .orderBy(desc(userPurchasedBases.created_at), bases.id)
          .limit(page.limit)
          .offset(page.offset),
        db
          .select({ n: count() })
          .from(userPurchasedBases)
          .innerJoin(bases, eq(bases.id, userPurchasedBases.base_id))
          .where(baseEntries(userId)),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Agents, bases and themes created by the user, in one list. */
    /** `isPublic`: only public items, most used first; else all, latest change first. */
    listOwn: async (
      userId: string,
      itemType: string | undefined,
      page: Page,
      { isPublic = false }: { isPublic?: boolean } = {},
    ): Promise<{ rows: OwnItemRow[]; total: number }> => {
      const own = sql`
        select a.id::text as id, 'agent' as item_type, a.name, a.slug, a.description, a.icon, a.avatar_url, null::jsonb as pictures, null as template_slug, a.category, a.is_published, not a.is_active as is_admin_disabled,
          a.pricing_type, a.price_cents, a.downloads, a.rating, a.reviews_count, a.created_at, a.updated_at
        from agents a where a.forked_by_user_id = ${userId} and a.item_type = 'agent'
        union all
        select b.id::text, 'base', b.name, b.slug, b.description, b.icon, null, b.pictures, b.template_slug, b.category, b.visibility = 'public', false,
          b.pricing_type, b.price_cents, b.downloads, b.rating, b.reviews_count, b.created_at, b.updated_at
        from bases b where b.created_by_user_id = ${userId} and b.is_active
        union all
        select t.id, 'theme', t.name, t.id, coalesce(t.description, ''), t.icon, null, null, null, t.category, t.is_published, not t.is_active,
          'free', 0, t.downloads, t.rating, t.reviews_count, t.created_at, t.updated_at
        from themes t where t.created_by_user_id = ${userId}`;
      const wanted = sql`${itemType === undefined ? sql`true` : sql`item_type = ${itemType}`} and ${isPublic ? sql`is_published and not is_admin_disabled` : sql`true`}`;
      const order = isPublic ? sql`downloads desc, rating desc nulls last, id` : sql`updated_at desc, id`;
      const [found, counted] = await Promise.all([
        db.execute<Record<string, unknown>>(
          sql`select * from (${own}) own where ${wanted} order by ${order} limit ${page.limit} offset ${page.offset}`,
        ),
        db.execute<{ n: number }>(sql`select count(*)::int as n from (${own}) own where ${wanted}`),
      ]);
      const rows = found.rows.map(
        (row) =>
          ({
            ...row,
            created_at: new Date(row["created_at"] as string).toISOString(),
            updated_at: new Date(row["updated_at"] as string).toISOString(),
          }) as OwnItemRow,
      );
      return { rows, total: counted.rows[0]?.n ?? 0 };
    },

    listProjectAgents: async (projectId: string, userId: string, page: Page): Promise<{ rows: ProjectAgentRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        selectProjectAgents(userId)
          .where(eq(projectAgents.project_id, projectId))
          .orderBy(asc(projectAgents.created_at), agents.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(projectAgents, eq(projectAgents.project_id, projectId)),
      ]);
      return { rows, total };
    },
    findProjectAgent: async (projectId: string, userId: string, agentId: string): Promise<ProjectAgentRow | undefined> =>
      (await selectProjectAgents(userId).where(and(eq(projectAgents.project_id, projectId), eq(projectAgents.agent_id, agentId))))[0],
    /** True when it was not assigned before. */
    addProjectAgent: async (projectId: string, agentId: string): Promise<boolean> =>
      (await db.insert(projectAgents).values({ project_id: projectId, agent_id: agentId }).onConflictDoNothing().returning()).length > 0,
    removeProjectAgent: async (projectId: string, agentId: string): Promise<boolean> =>
      (
        await db
          .delete(projectAgents)
          .where(and(eq(projectAgents.project_id, projectId), eq(projectAgents.agent_id, agentId)))
          .returning()
      ).length > 0,
  };
}
