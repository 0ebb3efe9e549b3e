import {
  browseFilter,
  browsePage,
  Category,
  creatorFields,
  Icon,
  ItemParams,
  MarketplaceFacets,
  Names,
  PictureUrl,
  PricingType,
  PurchaseBody,
  purchaseFields,
  RelatedQuery,
  Review,
  ShortReview,
  SlugParams,
  nonBlank,
  WriteReview,
  WrittenReview,
} from "./marketplace.ts";
import { AgentAbility } from "./agent-abilities.ts";
import { Reasoning } from "./reasoning.ts";
import { route } from "./route.ts";
import {
  described,
  AverageRating,
  extend,
  JsonObject,
  listOf,
  Literals,
  Maybe,
  Nullable,
  pageQuery,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";

const tag = "marketplace-agents";
const SourceType = Literals("open", "closed");
export const AgentItemType = Literals("agent", "subagent", "tool", "integration", "skill", "mcp_server");
export const AgentTypeName = Literals("StreamAgent", "IterativeAgent", "ReActAgent", "TesslateAgent");

const sharedFields = {
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  long_description: Nullable(Type.String()),
  category: Type.String(),
  mode: Nullable(Type.String()),
  agent_type: Type.String(),
  model: Nullable(Type.String()),
  source_type: SourceType,
  is_forkable: Type.Boolean(),
  is_active: Type.Boolean(),
  icon: Type.String(),
  avatar_url: Nullable(Type.String()),
  pricing_type: PricingType,
  price_cents: Type.Integer(),
  api_pricing_input: described("US dollars per million tokens, of agents paid by use", Nullable(Type.Number())),
  api_pricing_output: Nullable(Type.Number()),
  usage_count: Type.Integer(),
  downloads: Type.Integer({ description: "Number of libraries it was added to" }),
  rating: AverageRating,
  reviews_count: Type.Integer(),
  features: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  is_featured: Type.Boolean(),
  is_purchased: described("You have an active library entry", Type.Boolean()),
  ...creatorFields,
  created_by_user_id: Nullable(Uuid),
  forked_by_user_id: Nullable(Uuid),
  created_at: Timestamp,
  updated_at: Timestamp,
};
export const AgentCard = described("An agent in the store.", Type.Object({ ...sharedFields, item_type: Type.String() }));
export type AgentCard = Static<typeof AgentCard>;

/** A page of agents, with the numbers for the filters. */
export const AgentCatalog = Type.Object({ ...listOf(AgentCard).properties, facets: MarketplaceFacets });

export const ToolConfig = Type.Object({
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  examples: Type.Optional(Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 20 })),
  system_prompt: Type.Optional(Type.String({ maxLength: 20_000 })),
});
export const ToolConfigs = Type.Record(Type.String({ minLength: 1, maxLength: 100 }), ToolConfig);

export const AgentVersion = described(
  "A published version of an agent.",
  Type.Object({ number: Type.Integer(), notes: Type.String({ description: "What changed, by its creator" }), created_at: Timestamp }),
);
export type AgentVersion = Static<typeof AgentVersion>;

export const AgentDetail = described(
  "An agent in full. Prompt, tools and configuration are null unless it is open, your own, or you are an administrator.",
  Type.Object({
    ...sharedFields,
    system_prompt: Nullable(Type.String()),
    tools: Nullable(Type.Array(Type.String())),
    tool_configs: Nullable(JsonObject),
    config: Nullable(JsonObject),
    preview_image: Nullable(Type.String()),
    screenshots: Type.Array(Type.Object({ id: Uuid, url: Type.String() }), { description: "Oldest first" }),
    has_recorded_run: described("`GET …/recorded-run` returns a run of it", Type.Boolean()),
    abilities: described("What it may do, also of a closed agent", Type.Array(AgentAbility)),
    required_models: Type.Array(Type.String()),
    requires_user_keys: Type.Boolean(),
    parent_agent_id: Nullable(Uuid),
    is_published: Type.Boolean(),
    latest_version: described("Null: an official agent, or one that was never published", Nullable(AgentVersion)),
    library_version: described("Of an agent of another user in your library: the version that you run", Nullable(Type.Integer())),
    has_unpublished_changes: described("Your published agent differs from its latest version, which others run", Type.Boolean()),
    is_owner: Type.Boolean(),
    in_library: described("In your library, enabled or not", Type.Boolean()),
    reviews: Type.Array(ShortReview, { description: "The newest five" }),
  }),
);
export type AgentDetail = Static<typeof AgentDetail>;

/** What it does not name is stored as it is. */
const AgentConfig = described(
  "Settings of the agent: `features` (which it has, by name), and `reasoning` (how much its model thinks in chats that have no level of their own; null: the model's default).",
  Type.Unsafe<{ reasoning?: Reasoning | null; [setting: string]: unknown }>(
    Type.Object({ reasoning: Maybe(Reasoning) }, { additionalProperties: true }),
  ),
);
const VersionNotes = Type.String({ maxLength: 2000, description: "Notes of the version that is published" });
const Rate = Nullable(Type.Number({ minimum: 0, maximum: 100_000 }));
const Cents = Type.Integer({ minimum: 0, maximum: 10_000_000 });
const ModelId = Type.String({ maxLength: 200, pattern: "^[^/\\s]+/\\S+$" });
const ToolNames = Nullable(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 200 }));
const optional = {
  long_description: Maybe(Type.String({ maxLength: 20_000 })),
  icon: Type.Optional(Icon),
  avatar_url: Maybe(PictureUrl),
  preview_image: Maybe(PictureUrl),
  category: Type.Optional(Category),
  tools: Type.Optional(ToolNames),
  tool_configs: Maybe(ToolConfigs),
  config: Maybe(AgentConfig),
  features: Type.Optional(Names),
  tags: Type.Optional(Names),
  required_models: Type.Optional(Names),
  is_published: Type.Optional(Type.Boolean()),
  pricing_type: Type.Optional(PricingType),
  price_cents: Type.Optional(Cents),
  api_pricing_input: Type.Optional(Rate),
  api_pricing_output: Type.Optional(Rate),
  source_type: Type.Optional(SourceType),
  is_forkable: Type.Optional(Type.Boolean()),
  mode: Type.Optional(Literals("stream", "agent")),
  agent_type: Type.Optional(AgentTypeName),
};
export const CreateAgent = Type.Object({
  name: nonBlank(100),
  description: nonBlank(500),
  system_prompt: nonBlank(100_000),
  model: Type.Optional(ModelId),
  ...optional,
});
export type CreateAgent = Static<typeof CreateAgent>;
export const UpdateAgent = described(
  "Changes to an agent. An empty name, description, prompt or model changes nothing.",
  Type.Object({
    version_notes: Type.Optional(VersionNotes),
    name: Type.Optional(Type.String({ maxLength: 100 })),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    system_prompt: Type.Optional(Type.String({ maxLength: 100_000 })),
    model: Type.Optional(Type.Union([ModelId, Type.Literal("")])),
    ...optional,
  }),
);
export type UpdateAgent = Static<typeof UpdateAgent>;
export const ForkAgent = Type.Object({
  name: Type.Optional(nonBlank(100)),
  description: Type.Optional(nonBlank(500)),
  system_prompt: Type.Optional(nonBlank(100_000)),
  model: Type.Optional(ModelId),
});
export type ForkAgent = Static<typeof ForkAgent>;

export const marketplaceAgentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/marketplace/agents",
    tag,
    summary: "Browse agents",
    description:
      "Published agents of the store with filters and sorting; 12 on a page by default. `facets` counts the matches of each filter value.",
    auth: "optional",
    query: Type.Object({
      ...browsePage,
      ...browseFilter,
      pricing_type: Type.Optional(PricingType),
      item_type: Type.Optional(AgentItemType),
      tag: Type.Optional(Type.String({ maxLength: 100, description: "Filter by tag" })),
    }),
    response: AgentCatalog,
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/marketplace/agents/{slug}",
    tag,
    summary: "Get agent",
    description: "One agent by slug or id, with its newest reviews. Prompt, tools and configuration are null for closed agents of others.",
    auth: "optional",
    params: SlugParams,
    response: AgentDetail,
    errors: ["not_found", "rate_limited"],
  }),
  create: route({
    method: "POST",
    path: "/api/marketplace/agents",
    tag,
    summary: "Create agent",
    description:
      "Creates an agent and publishes it, or keeps it as a draft with `is_published: false`. A paid one needs a connected payout account, and is closed unless `source_type` says otherwise.",
    auth: "user",
    status: 201,
    body: CreateAgent,
    response: AgentDetail,
    errors: ["payout_account_required", "rate_limited"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/marketplace/agents/{id}",
    tag,
    summary: "Update agent",
    description:
      "Updates your agent. Others run its latest version, so what they run changes only when you publish the next one. Updating another user's open agent creates your own fork with the change (`forked`).",
    auth: "user",
    params: ItemParams,
    body: UpdateAgent,
    response: extend(AgentDetail, { forked: Type.Optional(Type.Boolean()) }),
    errors: ["not_found", "not_in_library", "closed_source", "payout_account_required", "rate_limited"],
  }),
  versions: route({
    method: "GET",
    path: "/api/marketplace/agents/{id}/versions",
    tag,
    summary: "List agent versions",
    description: "The published versions of an agent with their notes, newest first.",
    auth: "optional",
    params: ItemParams,
    query: Type.Object(pageQuery),
    response: listOf(AgentVersion),
    errors: ["not_found", "rate_limited"],
  }),
  publishVersion: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/versions",
    tag,
    summary: "Publish agent version",
    description:
      "Publishes your agent as it is now as its next version. New users get it; those who have the agent keep theirs until they update.",
    auth: "user",
    status: 201,
    params: ItemParams,
    body: Type.Object({ notes: Type.Optional(VersionNotes) }),
    bodyOptional: true,
    response: AgentDetail,
    errors: ["not_found", "forbidden", "agent_not_published", "nothing_to_change", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/marketplace/agents/{id}",
    tag,
    summary: "Delete agent",
    description: "Deletes your agent for good, from every library. A published one has to be unpublished first.",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found", "forbidden", "agent_published"],
  }),
  purchase: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/purchase",
    tag,
    summary: "Add agent to library",
    description: "Adds a free agent to your library, or returns a Stripe checkout page for a paid one.",
    auth: "user",
    keys: false,
    params: ItemParams,
    body: PurchaseBody,
    bodyOptional: true,
    response: Type.Object({ agent_id: Uuid, ...purchaseFields }),
    errors: ["not_found", "payments_not_configured", "stripe_error", "rate_limited"],
  }),
  fork: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/fork",
    tag,
    summary: "Fork agent",
    description: "Creates your own copy of an open, forkable agent.",
    auth: "user",
    status: 201,
    params: ItemParams,
    body: ForkAgent,
    bodyOptional: true,
    response: AgentDetail,
    errors: ["not_found", "agent_not_forkable", "closed_source", "agent_not_owned", "rate_limited"],
  }),
  related: route({
    method: "GET",
    path: "/api/marketplace/agents/{id}/related",
    tag,
    summary: "List related agents",
    description: "Agents that people with this one also have, or else the most used of its category.",
    auth: "optional",
    params: ItemParams,
    query: RelatedQuery,
    response: listOf(AgentCard),
    errors: ["not_found", "rate_limited"],
  }),
  reviews: route({
    method: "GET",
    path: "/api/marketplace/agents/{id}/reviews",
    tag,
    summary: "List agent reviews",
    description: "Reviews of an agent, newest first.",
    auth: "optional",
    params: ItemParams,
    query: Type.Object(pageQuery),
    response: listOf(Review),
    errors: ["not_found", "rate_limited"],
  }),
  review: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/reviews",
    tag,
    summary: "Review agent",
    description: "Rates an agent of your library; a second review replaces the first. You cannot review your own agents.",
    auth: "user",
    status: [201, 200],
    params: ItemParams,
    body: WriteReview,
    response: WrittenReview,
    errors: ["not_found", "not_in_library", "own_item", "rate_limited"],
  }),
  removeReview: route({
    method: "DELETE",
    path: "/api/marketplace/agents/{id}/reviews",
    tag,
    summary: "Delete agent review",
    description: "Deletes your review of an agent.",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
};
