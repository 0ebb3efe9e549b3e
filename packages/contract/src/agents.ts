import { JsonObject, Literals, Nullable, Type, listOf, pageQuery, type Static } from "./schema.ts";
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
};
