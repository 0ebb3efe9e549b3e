/** Features that can be switched off for the server and overridden per agent. */
export const featureKeys = ["streaming", "web_search", "plan_mode", "subagents", "apply_patch"] as const;
export type AgentFeature = (typeof featureKeys)[number];
export type AgentFeatures = Record<AgentFeature, boolean>;

/** The tools of a feature. */
export const toolsOfFeature: Partial<Record<AgentFeature, readonly string[]>> = {
  web_search: ["web_fetch", "web_search"],
  plan_mode: ["save_plan", "update_plan"],
  subagents: ["invoke_subagent"],
  apply_patch: ["apply_patch"],
};
export const featureOfTool = (name: string): AgentFeature | null => featureKeys.find((key) => toolsOfFeature[key]?.includes(name)) ?? null;

/** The agent's settings override the server's; values other than true and false are ignored. */
export function effectiveFeatures(server: AgentFeatures, config: Record<string, unknown> | null): AgentFeatures {
  const settings = config?.["features"];
  const of = (key: AgentFeature): boolean => {
    const value: unknown = typeof settings === "object" && settings !== null ? (settings as Record<string, unknown>)[key] : undefined;
    return typeof value === "boolean" ? value : server[key];
  };
  return {
    streaming: of("streaming"),
    web_search: of("web_search"),
    plan_mode: of("plan_mode"),
    subagents: of("subagents"),
    apply_patch: of("apply_patch"),
  };
}
