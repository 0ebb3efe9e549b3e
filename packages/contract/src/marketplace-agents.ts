import {
  browseFilter,
  browsePage,
  Category,
  creatorFields,
  Icon,
  ItemParams,
  MarketplaceFacets,
  Names,
  Picture,
  PricingType,
  PurchaseBody,
  purchaseAnswer,
  RelatedQuery,
  Review,
  ShortReview,
  SlugParams,
  words,
  WriteReview,
  WrittenReview,
} from "./marketplace.ts";
import { route } from "./route.ts";
import {
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

const tag = "marketplace";
const SourceType = Literals("open", "closed");
export const AgentItemType = Literals("agent", "subagent", "tool", "integration", "skill", "mcp_server");
export const AgentTypeName = Literals("StreamAgent", "IterativeAgent", "ReActAgent", "TesslateAgent");

const shown = {
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
  /** US dollars per million tokens, of agents that are paid by use. */
  api_pricing_input: Nullable(Type.Number()),
  api_pricing_output: Nullable(Type.Number()),
  usage_count: Type.Integer(),
  downloads: Type.Integer({ description: "People who have taken it into their library" }),
  rating: AverageRating,
  reviews_count: Type.Integer(),
  features: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  is_featured: Type.Boolean(),
  /** The caller has an active library entry. */
  is_purchased: Type.Boolean(),
  ...creatorFields,
  created_by_user_id: Nullable(Uuid),
  forked_by_user_id: Nullable(Uuid),
  created_at: Timestamp,
  updated_at: Timestamp,
};
/** marketplace-billing-admin 1.2. */
export const AgentCard = Type.Object({ ...shown, item_type: Type.String() });
export type AgentCard = Static<typeof AgentCard>;

const ToolConfig = Type.Object({
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  examples: Type.Optional(Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 20 })),
  system_prompt: Type.Optional(Type.String({ maxLength: 20_000 })),
});
export const ToolConfigs = Type.Record(Type.String({ minLength: 1, maxLength: 100 }), ToolConfig);

/** marketplace-billing-admin 1.3. Prompt, tools and configuration are null unless it is open, or the caller's own, or an administrator asks. */
export const AgentDetail = Type.Object({
  ...shown,
  system_prompt: Nullable(Type.String()),
  tools: Nullable(Type.Array(Type.String())),
  tool_configs: Nullable(JsonObject),
  config: Nullable(JsonObject),
  preview_image: Nullable(Type.String()),
  required_models: Type.Array(Type.String()),
  requires_user_keys: Type.Boolean(),
  parent_agent_id: Nullable(Uuid),
  is_published: Type.Boolean(),
  is_owner: Type.Boolean(),
  /** In the caller's library, whether switched on or off. */
  in_library: Type.Boolean(),
  reviews: Type.Array(ShortReview, { description: "The newest five" }),
});
export type AgentDetail = Static<typeof AgentDetail>;

const Rate = Nullable(Type.Number({ minimum: 0, maximum: 100_000 }));
const Cents = Type.Integer({ minimum: 0, maximum: 10_000_000 });
const ModelId = Type.String({ maxLength: 200, pattern: "^[^/\\s]+/\\S+$" });
const ToolNames = Nullable(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 200 }));
const optional = {
  long_description: Maybe(Type.String({ maxLength: 20_000 })),
  icon: Type.Optional(Icon),
  avatar_url: Maybe(Picture),
  preview_image: Maybe(Picture),
  category: Type.Optional(Category),
  tools: Type.Optional(ToolNames),
  tool_configs: Maybe(ToolConfigs),
  config: Maybe(JsonObject),
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
/** marketplace-billing-admin 2.3. */
export const CreateAgent = Type.Object({
  name: words(100),
  description: words(500),
  system_prompt: words(100_000),
  model: Type.Optional(ModelId),
  ...optional,
});
export type CreateAgent = Static<typeof CreateAgent>;
/** marketplace-billing-admin 2.4: an empty name, description, prompt or model leaves what is there. */
export const UpdateAgent = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 100 })),
  description: Type.Optional(Type.String({ maxLength: 500 })),
  system_prompt: Type.Optional(Type.String({ maxLength: 100_000 })),
  model: Type.Optional(Type.Union([ModelId, Type.Literal("")])),
  ...optional,
});
export type UpdateAgent = Static<typeof UpdateAgent>;
export const ForkAgent = Type.Object({
  name: Type.Optional(words(100)),
  description: Type.Optional(words(500)),
  system_prompt: Type.Optional(words(100_000)),
  model: Type.Optional(ModelId),
});
export type ForkAgent = Static<typeof ForkAgent>;

/** marketplace-billing-admin 2 and 13. */
export const marketplaceAgentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/marketplace/agents",
    tag,
    summary: "Browse agents",
    auth: "optional",
    query: Type.Object({
      ...browsePage,
      ...browseFilter,
      pricing_type: Type.Optional(PricingType),
      item_type: Type.Optional(AgentItemType),
      tag: Type.Optional(Type.String({ maxLength: 100, description: "One of its tags" })),
    }),
    response: Type.Object({ ...listOf(AgentCard).properties, facets: MarketplaceFacets }),
    errors: ["rate_limited"],
  }),
  get: route({
    method: "GET",
    path: "/api/marketplace/agents/{slug}",
    tag,
    summary: "One agent",
    auth: "optional",
    params: SlugParams,
    response: AgentDetail,
    errors: ["not_found", "rate_limited"],
  }),
  create: route({
    method: "POST",
    path: "/api/marketplace/agents",
    tag,
    summary: "Make an agent and publish it, or keep it as a draft",
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
    summary: "Change an agent of one's own; of an open one of somebody else a copy is made that carries the change",
    auth: "user",
    params: ItemParams,
    body: UpdateAgent,
    response: extend(AgentDetail, { forked: Type.Optional(Type.Boolean()) }),
    errors: ["not_found", "not_in_library", "closed_source", "payout_account_required", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/marketplace/agents/{id}",
    tag,
    summary: "Delete an agent of one's own for good, in every library",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found", "forbidden", "agent_published"],
  }),
  purchase: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/purchase",
    tag,
    summary: "Take an agent into the library, or begin to pay for it",
    auth: "user",
    keys: false,
    params: ItemParams,
    body: PurchaseBody,
    bodyOptional: true,
    response: Type.Object({ agent_id: Uuid, ...purchaseAnswer }),
    errors: ["not_found", "payments_not_configured", "stripe_error", "rate_limited"],
  }),
  fork: route({
    method: "POST",
    path: "/api/marketplace/agents/{id}/fork",
    tag,
    summary: "An agent of one's own that begins as a copy of another",
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
    summary: "What people who have this agent have too; else the most used of its category",
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
    summary: "What people say of an agent, the newest first",
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
    summary: "Say what one thinks of an agent in one's library; a second time replaces the first",
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
    summary: "Take one's review back",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
};
