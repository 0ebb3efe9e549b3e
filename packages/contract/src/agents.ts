import { described, JsonObject, Literals, Nullable, Type, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

export const AgentTool = described(
  "A tool that an agent can be given.",
  Type.Object({
    name: Type.String(),
    category: Type.String(),
    description: Type.String(),
    parameters: described("JSON Schema of its arguments", JsonObject),
    needs_approval: described("Needs approval in `ask` mode", Type.Boolean()),
    plan_blocked: described("Not available in `plan` mode", Type.Boolean()),
    feature: described(
      "The feature that has to be on",
      Nullable(Literals("streaming", "web_search", "plan_mode", "subagents", "apply_patch")),
    ),
    view: described("Available everywhere, or only in the graph view", Literals("any", "graph")),
  }),
);
export type AgentTool = Static<typeof AgentTool>;

export const agentsRoutes = {
  tools: route({
    method: "GET",
    path: "/api/agents/tools",
    tag: "agent-context",
    summary: "List tools",
    description: "All tools that an agent can be given.",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(AgentTool),
  }),
};
