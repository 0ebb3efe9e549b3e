/** What can be switched off for the whole server and, over that, per agent (agent-git-deploy 4.2, marketplace-billing-admin 1.1). */
export const featureKeys = ["streaming", "web_search", "plan_mode", "subagents", "apply_patch"] as const;
export type AgentFeature = (typeof featureKeys)[number];
export type AgentFeatures = Record<AgentFeature, boolean>;

/** The tools that go with a feature. */
export const toolsOfFeature: Partial<Record<AgentFeature, readonly string[]>> = {
  web_search: ["web_fetch", "web_search"],
  plan_mode: ["save_plan", "update_plan"],
  subagents: ["invoke_subagent"],
  apply_patch: ["apply_patch"],
};
export const featureOfTool = (name: string): AgentFeature | null => featureKeys.find((key) => toolsOfFeature[key]?.includes(name)) ?? null;

/** The agent's own wishes over the server's; anything but true and false is no wish. */
export function effectiveFeatures(server: AgentFeatures, config: Record<string, unknown> | null): AgentFeatures {
  const wished = config?.["features"];
  const of = (key: AgentFeature): boolean => {
    const wish: unknown = typeof wished === "object" && wished !== null ? (wished as Record<string, unknown>)[key] : undefined;
    return typeof wish === "boolean" ? wish : server[key];
  };
  return {
    streaming: of("streaming"),
    web_search: of("web_search"),
    plan_mode: of("plan_mode"),
    subagents: of("subagents"),
    apply_patch: of("apply_patch"),
  };
}
