import { JsonObject, Literals, Nullable, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** One tool that an agent may be given (agent-git-deploy 4.7, 10). */
export const AgentTool = Type.Object({
  name: Type.String(),
  category: Type.String(),
  description: Type.String(),
  /** JSON schema of its arguments. */
  parameters: JsonObject,
  /** Asks the person in `ask` mode. */
  needs_approval: Type.Boolean(),
  /** Refused in `plan` mode. */
  plan_blocked: Type.Boolean(),
  /** The feature that takes it away when it is off. */
  feature: Nullable(Literals("streaming", "web_search", "plan_mode", "subagents", "apply_patch")),
  /** Where it is there: everywhere, or in the graph view only. */
  view: Literals("any", "graph"),
});
export type AgentTool = Static<typeof AgentTool>;

/** marketplace-billing-admin 1.4, with what this version knows of an agent. Prompt, tools and configuration are null for closed agents of others. */
export const LibraryAgent = Type.Object({
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  category: Type.String(),
  agent_type: Type.String(),
  model: Nullable(Type.String()),
  selected_model: Nullable(Type.String()),
  source_type: Literals("open", "closed"),
  is_forkable: Type.Boolean(),
  system_prompt: Nullable(Type.String()),
  icon: Type.String(),
  pricing_type: Literals("free", "monthly", "one_time", "api"),
  price_cents: Type.Integer(),
  tools: Nullable(Type.Array(Type.String())),
  tool_configs: Nullable(JsonObject),
  config: Nullable(JsonObject),
  purchase_date: Timestamp,
  is_custom: Type.Boolean(),
  parent_agent_id: Nullable(Uuid),
  is_enabled: Type.Boolean(),
  is_published: Type.Boolean(),
  is_admin_disabled: Type.Boolean(),
  usage_count: Type.Integer(),
  creator_type: Literals("official", "community"),
  created_by_user_id: Nullable(Uuid),
  forked_by_user_id: Nullable(Uuid),
});
export type LibraryAgent = Static<typeof LibraryAgent>;

export const agentsRoutes = {
  tools: route({
    method: "GET",
    path: "/api/agents/tools",
    tag: "chat",
    summary: "Every tool that an agent may be given",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(AgentTool),
  }),
  library: route({
    method: "GET",
    path: "/api/marketplace/library/agents",
    tag: "marketplace",
    summary: "The caller's agents, the newest first",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(LibraryAgent),
  }),
};
