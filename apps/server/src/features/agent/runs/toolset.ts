import type { Tool } from "@tesslate/agent";
import { featureKeys, toolsOfFeature, type RunnableAgent } from "../agents/index.ts";

/** What a run works with. */
export interface Toolbelt {
  tools: readonly Tool[];
  /** Names of those that this agent may use; null = all. */
  names: string[] | null;
  /** Tools that this run does not have, and what to use instead. */
  replaced: Record<string, string>;
  /** What the agent's maker wants said of single tools; stands at the end of the prompt. */
  prompt: string;
}

/** In the graph view shells give way to the graph's own tools (4.9). */
const graphInstead: Record<string, string> = {
  bash_exec: "In the graph view use graph_shell_exec with a container_id.",
  shell_open: "In the graph view use graph_shell_open with a container_id.",
  shell_exec: "In the graph view use graph_shell_exec with a container_id.",
  shell_close: "In the graph view use graph_shell_close.",
};
const maxTextChars = 4_000;
const maxExamples = 10;

/**
 * Which of the tools this run gets, and what the model is told of them: the agent's list, its type (4.7), the view (4.9), feature switches and the
 * per-tool overrides (4.2). The one place that decides it.
 */
export function toolbeltOf({
  agent,
  viewContext,
  tools,
}: {
  agent: RunnableAgent;
  viewContext: string | null;
  tools: readonly Tool[];
}): Toolbelt {
  const isGraph = viewContext === "graph";
  const without = new Set([
    ...(isGraph ? Object.keys(graphInstead) : tools.filter((tool) => tool.category === "graph").map((tool) => tool.name)),
    ...(agent.agent_type === "TesslateAgent" ? [] : ["invoke_subagent"]),
    ...featureKeys.flatMap((key) => (agent.features[key] ? [] : (toolsOfFeature[key] ?? []))),
  ]);
  // Whoever may use the shells may use what stands for them in the graph.
  const named =
    agent.tools === null
      ? null
      : [...agent.tools, ...(isGraph ? tools.filter((tool) => tool.category === "graph").map((tool) => tool.name) : [])];
  const configs = agent.tool_configs ?? {};
  const has = tools.filter((tool) => !without.has(tool.name) && (named === null || named.includes(tool.name)));
  return {
    tools: tools.map((tool) => overridden(tool, Object.hasOwn(configs, tool.name) ? configs[tool.name] : undefined)),
    names: named === null && without.size === 0 ? null : has.map((tool) => tool.name),
    replaced: isGraph ? graphInstead : {},
    prompt: has
      .flatMap((tool) => {
        const said = Object.hasOwn(configs, tool.name) ? configs[tool.name]?.system_prompt : undefined;
        return typeof said === "string" && said.trim() !== "" ? [`# ${tool.name}\n${said.trim().slice(0, maxTextChars)}`] : [];
      })
      .join("\n\n"),
  };
}

/** Only what the model is told changes: its gate, and what a person reads who is asked, stay. */
function overridden(tool: Tool, config: NonNullable<RunnableAgent["tool_configs"]>[string] | undefined): Tool {
  const description = typeof config?.description === "string" ? config.description.trim().slice(0, maxTextChars) : "";
  const examples = (Array.isArray(config?.examples) ? config.examples : []).filter((one) => typeof one === "string").slice(0, maxExamples);
  if (description === "" && examples.length === 0) return tool;
  const told = [description || tool.description, ...(examples.length > 0 ? ["Examples:", ...examples.map((one) => `- ${one}`)] : [])].join(
    "\n",
  );
  return { ...tool, modelDescription: told.slice(0, 2 * maxTextChars) };
}
