import { sql, type SQL } from "drizzle-orm";
import { formerToolNames } from "@tesslate/agent";
import { abilityFilters, changingAbilities, knownTools, toolsOfAbility, type AbilityFilter, type AgentAbility } from "@tesslate/contract";
import { agents, agentVersions } from "../../../db/schema/agent/agents.ts";
import { marketplaceItems as items } from "../../../db/schema/store.ts";

const withFormer = (names: readonly string[]) => [...names, ...names.flatMap(formerToolNames)];
const list = (names: readonly string[]) => sql`${sql.param([...names])}::text[]`;
/** Tools and features of what others run: the latest version of an agent, or the agent itself if it has none. */
const tools = sql`r.content->'tools'`;
const hasAllTools = sql`jsonb_typeof(${tools}) is distinct from 'array'`;

/** As `abilitiesOf` of the contract. */
function may(ability: AgentAbility): SQL {
  const { tools: named, feature } = toolsOfAbility(ability);
  const hasTool =
    ability === "use_connectors"
      ? sql`exists (select 1 from jsonb_array_elements_text(${tools}) as t(name) where t.name <> all(${list(withFormer(knownTools()))}))`
      : sql`${tools} ?| ${list(withFormer(named))}`;
  const isOn = feature === undefined ? sql`true` : sql`(r.content->'config'->'features'->>${feature}::text) is distinct from 'false'`;
  return sql`(case when ${hasAllTools} then true else ${hasTool} end and ${isOn})`;
}
const condition = (filter: AbilityFilter): SQL =>
  filter === "read_only" ? sql`not (${sql.join(changingAbilities.map(may), sql` or `)})` : may(filter);

const contents = sql`
  (select coalesce(
    (select v.content from ${agentVersions} v where v.agent_id = a.id order by v.number desc limit 1),
    jsonb_build_object('tools', a.tools, 'config', a.config)) as content
  from ${agents} a where a.id = (case when ${items.item_type} = 'agent' then ${items.id}::uuid end)) as r`;

/** For rows of `marketplace_items` that are agents. */
export const mayDo = (filter: AbilityFilter): SQL => sql`exists (select 1 from ${contents} where ${condition(filter)})`;

/** `from` and the columns of a count of agents by what they may do. */
export const abilityCounts = {
  columns: sql.join(
    abilityFilters.map((filter) => sql`(count(*) filter (where ${condition(filter)}))::int as ${sql.identifier(filter)}`),
    sql`, `,
  ),
  from: sql`${items} cross join lateral ${contents}`,
};
