import { deleteAgent, insertAgent, updateAgent } from "../../agent/agents/index.ts";
import { detachUsageFromAgent } from "../../billing/credits/index.ts";
import { detachSalesFromAgent } from "../creators/index.ts";
import { and, eq, getTableColumns, inArray, ne, sql, type SQL } from "drizzle-orm";
import type { MarketplaceSort } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import {
  agents,
  agentVersions,
  isAgentListed,
  isEntryActive,
  isRunVersion,
  userPurchasedAgents,
  type AgentRow,
  type AgentVersionRow,
} from "../../../db/schema/agent/agents.ts";
import { users } from "../../../db/schema/accounts.ts";
import { createCountsOf } from "./facet-counts.store.ts";
import { creatorColumns } from "./creator.store.ts";
import type { CreatorRow } from "./creator.ts";
import type { FacetCell } from "./facets.ts";
import { findPage, inIdOrder, itemFacets } from "./search.store.ts";
import { isId } from "./viewer.ts";

export interface AgentFilter {
  item_type?: string;
  category?: string;
  pricing_type?: AgentRow["pricing_type"];
  creator_type?: "official" | "community";
  tag?: string;
  search?: string;
  sort?: MarketplaceSort;
}
/** Columns for lists: none that a closed-source agent hides. */
const { system_prompt: _prompt, tools: _tools, tool_configs: _toolConfigs, config: _config, ...cardColumns } = getTableColumns(agents);
export type CardAgent = Omit<AgentRow, "system_prompt" | "tools" | "tool_configs" | "config">;
export interface AgentCardRow {
  agent: CardAgent;
  creator: CreatorRow | null;
  is_purchased: boolean | null;
}
export interface DetailRow {
  agent: AgentRow;
  creator: CreatorRow | null;
  /** Null: never in the viewer's library. */
  entry: { is_active: boolean; removed_at: string | null } | null;
  /** The one that the viewer runs; null for an official agent, and for one that was never published. */
  version: AgentVersionRow | null;
}

export type AgentListings = ReturnType<typeof createAgentListings>;
/** Queries over the marketplace's agents. */
export function createAgentListings(db: Database) {
  const isTheirs = (viewerId: string | undefined): SQL =>
    viewerId === undefined
      ? sql`false`
      : sql`${userPurchasedAgents.agent_id} = ${agents.id} and ${userPurchasedAgents.user_id} = ${viewerId}`;
  const cards = (viewerId: string | undefined, q: Queries = db) =>
    q
      .select({ agent: cardColumns, creator: creatorColumns, is_purchased: sql<boolean | null>`${isEntryActive}` })
      .from(agents)
      .leftJoin(users, eq(users.id, agents.forked_by_user_id))
      .leftJoin(userPurchasedAgents, isTheirs(viewerId));
  const byRef = (ref: string) => (isId(ref) ? eq(agents.id, ref) : eq(agents.slug, ref));
  const countsOf = createCountsOf(db, "agents");

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    browse: async (
      { item_type = "agent", category, pricing_type, creator_type, tag, search, sort }: AgentFilter,
      page: { limit: number; offset: number },
      viewerId: string | undefined,
    ): Promise<{ rows: AgentCardRow[]; cells: FacetCell[] }> => {
      const { ids, cells } = await findPage(db, countsOf, {
        table: agents,
        facets: itemFacets(agents, sql`${agents.forked_by_user_id} is null`),
        within: and(
          eq(agents.item_type, item_type),
          isAgentListed(agents),
          tag === undefined ? undefined : sql`${agents.tags} @> ${asJsonb([tag])}`,
        ),
        key: JSON.stringify([item_type, tag]),
        chosen: { category, pricing_type, creator_type },
        search,
        sort,
        page,
      });
      const rows = ids.length === 0 ? [] : await cards(viewerId).where(inArray(agents.id, ids));
      return { rows: inIdOrder(ids, rows, ({ agent }) => agent.id), cells };
    },
    /** Cards by id, in no order. */
    cardsOf: async (ids: readonly string[], viewerId: string | undefined): Promise<AgentCardRow[]> =>
      ids.length === 0 ? [] : cards(viewerId).where(inArray(agents.id, [...ids])),
    /** By UUID or slug, with the viewer's library entry. */
    find: async (ref: string, viewerId: string | undefined, q: Queries = db): Promise<DetailRow | undefined> =>
      (
        await q
          .select({
            agent: agents,
            creator: creatorColumns,
            entry: { user_id: userPurchasedAgents.user_id, is_active: isEntryActive, removed_at: userPurchasedAgents.removed_at },
            version: agentVersions,
          })
          .from(agents)
          .leftJoin(users, eq(users.id, agents.forked_by_user_id))
          .leftJoin(userPurchasedAgents, isTheirs(viewerId))
          .leftJoin(agentVersions, isRunVersion)
          .where(byRef(ref))
      )[0],
    /** Locks the row until the transaction ends. */
    lock: async (tx: Queries, ref: string): Promise<AgentRow | undefined> =>
      (await tx.select().from(agents).where(byRef(ref)).for("no key update"))[0],
    /** Agents most often used by the latest 500 users of this one, without those in the viewer's library. */
    related: async (agent: { id: string; category: string }, viewerId: string | undefined, limit: number): Promise<AgentCardRow[]> => {
      const isNew = and(
        isAgentListed(agents),
        eq(agents.item_type, "agent"),
        ne(agents.id, agent.id),
        sql`not coalesce(${isEntryActive}, false)`,
        ...(viewerId === undefined ? [] : [sql`${agents.forked_by_user_id} is distinct from ${viewerId}`]),
      );
      const { rows: counted } = await db.execute<{ agent_id: string }>(sql`
        select o.agent_id from user_purchased_agents o
        where o.is_active and o.agent_id <> ${agent.id} and o.user_id in (
          select u.user_id from user_purchased_agents u where u.agent_id = ${agent.id} and u.is_active order by u.created_at desc limit 500)
        group by o.agent_id order by count(*) desc, o.agent_id limit 50`);
      const ids = counted.map((row) => row.agent_id);
      const close =
        ids.length === 0
          ? []
          : await cards(viewerId)
              .where(and(isNew, inArray(agents.id, ids)))
              .orderBy(sql`array_position(${sql.param(ids)}::uuid[], ${agents.id})`)
              .limit(limit);
      if (close.length >= limit) return close;
      const seen = close.map((row) => row.agent.id);
      const alike = await cards(viewerId)
        .where(
          and(
            isNew,
            eq(agents.category, agent.category),
            ...(seen.length > 0 ? [sql`${agents.id} <> all(${sql.param(seen)}::uuid[])`] : []),
          ),
        )
        .orderBy(sql`${agents.downloads} desc`, agents.id)
        .limit(limit - close.length);
      return [...close, ...alike];
    },

    /** `undefined` when the slug is taken. */
    insert: insertAgent,
    update: updateAgent,
    /** Deletes an agent. Usage and sales of it stay in the books. */
    remove: async (tx: Queries, id: string): Promise<void> => {
      await detachUsageFromAgent(tx, id);
      await detachSalesFromAgent(tx, id);
      await deleteAgent(tx, id);
    },
  };
}
