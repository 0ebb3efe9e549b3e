import { Reason } from "./admin.ts";
import { route } from "./route.ts";
import { described, AverageRating, Literals, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin-content";
const Count = Type.Integer({ minimum: 0 });
const PricingType = Literals("free", "monthly", "one_time", "api");
const SourceType = Literals("open", "closed");
const AgentType = Literals("TesslateAgent", "IterativeAgent", "ReActAgent", "StreamAgent");
/** US dollars per million tokens. */
const Rate = Nullable(Type.Number({ minimum: 0, maximum: 100_000 }));

export const AdminAgent = described(
  "An agent as administrators see it.",
  Type.Object({
    id: Uuid,
    name: Type.String(),
    slug: Type.String(),
    description: Type.String(),
    item_type: Type.String(),
    category: Type.String(),
    mode: Nullable(Type.String()),
    agent_type: Type.String(),
    model: Nullable(Type.String()),
    icon: Type.String(),
    pricing_type: PricingType,
    price_cents: Count,
    api_pricing_input: Rate,
    api_pricing_output: Rate,
    source_type: SourceType,
    is_forkable: Type.Boolean(),
    requires_user_keys: Type.Boolean(),
    is_featured: Type.Boolean(),
    is_active: described("False: disabled by an administrator", Type.Boolean()),
    is_published: Type.Boolean(),
    usage_count: Count,
    downloads: Count,
    rating: AverageRating,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by_tesslate: Type.Boolean(),
    created_by_username: Nullable(Type.String()),
    forked_by_username: Nullable(Type.String()),
    can_edit: described("Whether its content can be edited here, and not only its place in the store", Type.Boolean()),
    is_default: described("The default agent. If it is disabled, messages that name no agent fail", Type.Boolean()),
  }),
);
export type AdminAgent = Static<typeof AdminAgent>;

const Text = (maxLength: number) => Type.String({ maxLength });
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50 });
/** The content of an agent, as opposed to its place in the store. */
const content = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" })),
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" })),
  long_description: Type.Optional(Nullable(Text(20_000))),
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 50, pattern: "\\S" })),
  system_prompt: Type.Optional(Type.String({ minLength: 1, maxLength: 100_000, pattern: "\\S" })),
  mode: Type.Optional(Nullable(Literals("stream", "agent"))),
  agent_type: Type.Optional(AgentType),
  model: Type.Optional(Nullable(Type.String({ maxLength: 200, pattern: "^[^/\\s]+/\\S+$" }))),
  icon: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
  pricing_type: Type.Optional(PricingType),
  price_cents: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
  api_pricing_input: Type.Optional(Rate),
  api_pricing_output: Type.Optional(Rate),
  source_type: Type.Optional(SourceType),
  is_forkable: Type.Optional(Type.Boolean()),
  requires_user_keys: Type.Optional(Type.Boolean()),
  features: Type.Optional(Names),
  required_models: Type.Optional(Names),
  tags: Type.Optional(Names),
};
export const UpdateAdminAgent = Type.Object({
  is_active: Type.Optional(Type.Boolean()),
  is_featured: Type.Optional(Type.Boolean()),
  is_published: Type.Optional(Type.Boolean()),
  reason: described("Required to set `is_active` or `is_published` to false", Type.Optional(Reason)),
  ...content,
});
export type UpdateAdminAgent = Static<typeof UpdateAdminAgent>;

export const adminAgentsRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/agents",
    tag,
    summary: "List agents (admin)",
    description: "All agents, private and disabled ones included, newest first.",
    auth: "superuser",
    query: Type.Object({
      ...pageQuery,
      search: Type.Optional(Type.String({ maxLength: 200, description: "Matches part of the name, slug or creator's username" })),
      item_type: Type.Optional(Literals("agent", "subagent", "tool", "integration", "skill", "mcp_server")),
      source_type: Type.Optional(SourceType),
      pricing_type: Type.Optional(PricingType),
      is_active: Type.Optional(Type.Boolean()),
      is_featured: Type.Optional(Type.Boolean()),
    }),
    response: listOf(AdminAgent),
  }),
  update: route({
    method: "PATCH",
    path: "/api/admin/agents/{id}",
    tag,
    summary: "Update agent (admin)",
    description: "Features, disables, restores or edits an agent. Writes to the audit log.",
    auth: "superuser",
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" }) }),
    body: UpdateAdminAgent,
    response: AdminAgent,
    errors: ["not_found", "nothing_to_change", "forbidden"],
  }),
};
