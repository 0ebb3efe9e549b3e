import type { Tool } from "@tesslate/agent";
import type { RunnableAgent } from "../agents/index.ts";

/** What a run works with. */
export interface Toolbelt {
  tools: readonly Tool[];
  /** Names of those that this agent may use; null = all. */
  names: string[] | null;
}

const shellTools = new Set(["bash_exec", "shell_open", "shell_exec", "shell_close"]);

/** Which of the tools this run gets: the agent's list, its type (4.7), the view (4.9). */
export function toolbeltOf({
  agent,
  viewContext,
  tools,
}: {
  agent: RunnableAgent;
  viewContext: string | null;
  tools: readonly Tool[];
}): Toolbelt {
  const without = new Set([
    ...(viewContext === "graph" ? shellTools : []),
    ...(agent.agent_type === "TesslateAgent" ? [] : ["invoke_subagent"]),
  ]);
  if (without.size === 0) return { tools, names: agent.tools };
  return { tools, names: (agent.tools ?? tools.map((tool) => tool.name)).filter((name) => !without.has(name)) };
}
