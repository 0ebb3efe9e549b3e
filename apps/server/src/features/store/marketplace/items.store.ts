import { and, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { AbilityFilter, MarketplaceSort, StoreItemType } from "@tesslate/contract";
import type { Database } from "../../../platform/database.ts";
import { marketplaceItems as items } from "../../../db/schema/store.ts";
import type { AgentCardRow, AgentListings } from "./agents.store.ts";
import type { BaseListings, FoundBase } from "./bases.store.ts";
import { abilityCounts, mayDo } from "./agent-abilities.store.ts";
import { createCountsOf } from "./facet-counts.store.ts";
import { ratingKey, type FacetCell, type FacetCounts } from "./facets.ts";
import { findPage } from "./search.store.ts";
import type { FoundTheme, ThemeListings } from "./themes.store.ts";

export interface ItemFilter {
  item_type?: StoreItemType;
  category?: string;
  pricing_type?: string;
  rating?: string;
  creator_type?: string;
  stack?: string;
  ability?: AbilityFilter;
  /** Only items of this user. */
  creatorId?: string;
  search?: string;
  sort?: MarketplaceSort;
}
export type FoundItem =
  | { item_type: "agent"; agent: AgentCardRow }
  | { item_type: "base"; base: FoundBase }
  | ({ item_type: "theme" } & FoundTheme);

const facets = {
  item_type: sql`${items.item_type}`,
  category: sql`${items.category}`,
  pricing_type: sql`${items.pricing_type}`,
  [ratingKey]: sql`floor(coalesce(${items.rating}, 0))::int::text`,
  creator_type: sql`case when ${items.creator_id} is null then 'official' else 'community' end`,
};
const maxStack = 50;

export type ItemListings = ReturnType<typeof createItemListings>;
/** Queries over everything that the store lists. */
export function createItemListings(
  db: Database,
  {
    agents,
    bases,
    themes,
  }: { agents: Pick<AgentListings, "cardsOf">; bases: Pick<BaseListings, "cardsOf">; themes: Pick<ThemeListings, "cardsOf"> },
) {
  const countsOf = createCountsOf(db, "marketplace_items");
  /** How many of the items that match have each technology, as most of them write it. */
  const countStack = async (matching: SQL | undefined): Promise<FacetCounts> =>
    (
      await db.execute<{ value: string; count: number }>(sql`
        select mode() within group (order by s.name) as value, count(*)::int as count
        from ${items} cross join lateral unnest(${items.stack}, ${items.stack_names}) as s(tech, name)
        where ${matching ?? sql`true`} group by s.tech order by 2 desc, 1 limit ${maxStack}`)
    ).rows;
  /** The rows behind ids, in their order; one query for each kind. */
  const load = async (ids: readonly string[], viewerId: string | undefined): Promise<FoundItem[]> => {
    if (ids.length === 0) return [];
    const kinds = new Map(
      (
        await db
          .select({ id: items.id, item_type: items.item_type })
          .from(items)
          .where(inArray(items.id, [...ids]))
      ).map((row) => [row.id, row.item_type]),
    );
    const of = (kind: StoreItemType) => ids.filter((id) => kinds.get(id) === kind);
    const [agentRows, baseRows, themeRows] = await Promise.all([
      agents.cardsOf(of("agent"), viewerId),
      bases.cardsOf(of("base"), viewerId),
      themes.cardsOf(of("theme"), viewerId),
    ]);
    const found = new Map<string, FoundItem>([
      ...agentRows.map((agent) => [agent.agent.id, { item_type: "agent", agent }] as const),
      ...baseRows.map((base) => [base.base.id, { item_type: "base", base }] as const),
      ...themeRows.map((found) => [found.theme.id, { item_type: "theme", ...found }] as const),
    ]);
    return ids.flatMap((id) => found.get(id) ?? []);
  };

  /** How many of the agents that match may do what. */
  const countAbilities = async (matching: SQL | undefined): Promise<FacetCounts> => {
    const { rows } = await db.execute<Record<string, number>>(
      sql`select ${abilityCounts.columns} from ${abilityCounts.from} where ${matching ?? sql`true`}`,
    );
    return Object.entries(rows[0] ?? {})
      .map(([value, count]) => ({ value, count }))
      .filter(({ count }) => count > 0);
  };

  return {
    load,
    browse: async (
      { search, sort, stack, ability, creatorId, ...chosen }: ItemFilter,
      page: { limit: number; offset: number },
      viewerId: string | undefined,
    ): Promise<{ rows: FoundItem[]; cells: FacetCell[]; stack: FacetCounts; ability: FacetCounts }> => {
      const tech = stack?.toLowerCase();
      const ofCreator = creatorId === undefined ? undefined : eq(items.creator_id, creatorId);
      const able = ability && and(eq(items.item_type, "agent"), mayDo(ability));
      const ofTech = tech === undefined ? undefined : sql`${items.stack} @> array[${tech}]::text[]`;
      const { ids, cells, matching } = await findPage(db, countsOf, {
        table: items,
        facets,
        within: and(ofCreator, ofTech, able),
        key: JSON.stringify([tech, creatorId, ability]),
        chosen: { ...chosen },
        search,
        sort,
        page,
      });
      const [rows, stackCounts, abilities] = await Promise.all([
        load(ids, viewerId),
        countStack(and(ofCreator, able, matching)),
        chosen.item_type === "agent" ? countAbilities(and(ofCreator, ofTech, matching)) : [],
      ]);
      return { rows, cells, stack: stackCounts, ability: abilities };
    },
  };
}
