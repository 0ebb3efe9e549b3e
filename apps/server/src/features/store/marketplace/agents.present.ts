import { currentToolNames } from "@tesslate/agent";
import { abilitiesOf, type AgentCard, type AgentDetail, type AgentVersion } from "@tesslate/contract";
import { agentAs, type AgentRow } from "../../agent/agents/index.ts";
import type { AgentVersionRow } from "../../../db/schema/agent/agents.ts";
import { differsFrom } from "./agent-versions.store.ts";
import type { CardAgent, AgentCardRow, DetailRow } from "./agents.store.ts";
import { creatorOf, type CreatorRow } from "./creator.ts";
import type { Viewer } from "./viewer.ts";

const rateOf = (rate: string | null) => (rate === null ? null : Number(rate));

function shownOf(agent: CardAgent, creator: CreatorRow | null, isPurchased: boolean) {
  return {
    id: agent.id,
    name: agent.name,
    slug: agent.slug,
    description: agent.description,
    long_description: agent.long_description,
    category: agent.category,
    mode: agent.mode,
    agent_type: agent.agent_type,
    model: agent.model,
    source_type: agent.source_type,
    is_forkable: agent.is_forkable,
    is_active: agent.is_active,
    icon: agent.icon,
    avatar_url: agent.avatar_url,
    pricing_type: agent.pricing_type,
    price_cents: agent.price_cents,
    api_pricing_input: rateOf(agent.api_pricing_input),
    api_pricing_output: rateOf(agent.api_pricing_output),
    usage_count: agent.usage_count,
    downloads: agent.downloads,
    rating: agent.rating,
    reviews_count: agent.reviews_count,
    features: agent.features,
    tags: agent.tags,
    is_featured: agent.is_featured,
    is_purchased: isPurchased,
    ...creatorOf(creator, agent.forked_by_user_id === null),
    created_by_user_id: agent.created_by_user_id,
    forked_by_user_id: agent.forked_by_user_id,
    created_at: agent.created_at,
    updated_at: agent.updated_at,
  };
}

export const cardOf = ({ agent, creator, is_purchased }: AgentCardRow): AgentCard => ({
  ...shownOf(agent, creator, is_purchased === true),
  item_type: agent.item_type,
});

export const isOwnerOf = (viewer: Viewer, agent: Pick<AgentRow, "forked_by_user_id" | "created_by_user_id">): boolean =>
  viewer !== undefined && (agent.forked_by_user_id === viewer.id || agent.created_by_user_id === viewer.id);

/** Fields hidden of a closed-source agent: users who have it can run it, not read it. */
export function presentInternals(agent: AgentRow, isReadable: boolean) {
  return {
    system_prompt: isReadable ? agent.system_prompt : null,
    tools: isReadable ? agent.tools && currentToolNames(agent.tools) : null,
    tool_configs: isReadable ? agent.tool_configs : null,
    config: isReadable ? agent.config : null,
  };
}
export const isReadableBy = (viewer: Viewer, agent: AgentRow): boolean =>
  agent.source_type === "open" || isOwnerOf(viewer, agent) || viewer?.is_superuser === true;

export function detailOf(
  row: DetailRow,
  viewer: Viewer,
  {
    reviews,
    screenshots,
    has_recorded_run,
    latest,
  }: Pick<AgentDetail, "reviews" | "screenshots" | "has_recorded_run"> & { latest: AgentVersionRow | undefined },
): AgentDetail {
  const { creator, entry, version } = row;
  const isOwner = isOwnerOf(viewer, row.agent);
  const agent = agentAs(row, isOwner);
  const isInLibrary = entry !== null && entry.removed_at === null;
  return {
    ...shownOf(agent, creator, entry?.is_active === true),
    ...presentInternals(agent, isReadableBy(viewer, agent)),
    latest_version: latest ? presentVersion(latest) : null,
    library_version: isInLibrary && !isOwner ? (version?.number ?? null) : null,
    has_unpublished_changes: isOwner && agent.is_published && latest !== undefined && differsFrom(latest, agent),
    preview_image: agent.preview_image,
    screenshots,
    has_recorded_run,
    abilities: abilitiesOf(agent.tools && currentToolNames(agent.tools), agent.config?.["features"]),
    required_models: agent.required_models,
    requires_user_keys: agent.requires_user_keys,
    parent_agent_id: agent.parent_agent_id,
    is_published: agent.is_published,
    is_owner: isOwner,
    in_library: isInLibrary,
    reviews,
  };
}
export const presentVersion = ({ number, notes, created_at }: AgentVersionRow): AgentVersion => ({ number, notes, created_at });
