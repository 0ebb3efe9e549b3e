import {
  allowedToolNames,
  allTools,
  countSources,
  currentToolName,
  repoMap,
  worthMapping,
  type FileChange,
  type Tool,
} from "@tesslate/agent";
import type { EditMode } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Logger } from "../../../platform/logger.ts";
import { featureKeys, toolsOfFeature, type RunnableAgent, type ToolSummary } from "../agents/index.ts";
import type { ResolvedModel } from "../models/index.ts";
import type { RunEmitter } from "./events.ts";
import type { RunWorkspace } from "./workspace.ts";

/** The run that asks a provider for tools. */
export interface RunDetails {
  user_id: string;
  /** The project whose files and containers the run works with; may be a branch. */
  project: ProjectRow;
  /** The project of the chat: evidence of the run belongs to it. */
  chat_project_id: string;
  chat_id: string;
  task_id: string;
  /** The assistant's message that the run fills. */
  message_id: string;
  /** The container that the message is limited to; null: the whole project. */
  container_id: string | null;
  edit_mode: EditMode;
  view_context: string | null;
  agent: RunnableAgent;
  model: ResolvedModel;
  sandbox: Sandbox;
  /** The sandbox with the values of secrets hidden. Everything that the model sees goes through here. */
  workspace: RunWorkspace;
  emitter: RunEmitter;
  signal: AbortSignal;
  log: Logger;
}
export interface ProvidedTools {
  tools: Tool[];
  /** Instructions beyond the tools' descriptions, appended to the system prompt. */
  prompt?: string;
  /** Finds problems in changed files. Of several providers the first is used. */
  diagnostics?: ToolDiagnostics;
  /** What is true now, for the context of the message: the system prompt must not change from message to message. */
  context?: string;
  /** Called once when the run has ended. */
  close?(): Promise<void>;
}
export interface ToolDiagnostics {
  /** Called when the run calls its first tools: reads the state before the run. */
  begin(): void;
  /** Called for each change of a file: from then on the state before the run cannot be read any more. */
  noteChange(): void;
  /** New problems as text for the model; resolves within seconds and never rejects. */
  check(changes: readonly FileChange[], signal: AbortSignal): Promise<string | undefined>;
}
/** Provides the tools of a feature, once per run. A rejection is logged and the run continues without them. */
export type ToolProvider = (run: RunDetails) => Promise<ProvidedTools>;
/** What a feature adds to the tools of runs. */
export interface FeatureTools {
  provideTools: ToolProvider;
  /** Those that the agent editor offers. Tools that depend on the run are not among them. */
  tools: readonly ToolSummary[];
}

/** The built-in tools and those of the providers, in order. The first tool of a name wins. Disposing it closes the providers. */
export async function collectTools(
  providers: readonly ToolProvider[],
  run: RunDetails,
): Promise<AsyncDisposable & { tools: Tool[]; prompt: string; context: string[]; diagnostics: ToolDiagnostics | undefined }> {
  const provided = await Promise.all(
    providers.map((provide) =>
      provide(run).catch((err: unknown): ProvidedTools => {
        run.log.error({ err }, "tool provider failed");
        return { tools: [] };
      }),
    ),
  );
  const byName = new Map([...allTools, ...provided.flatMap(({ tools }) => tools)].toReversed().map((tool) => [tool.name, tool]));
  return {
    tools: [...byName.values()].toReversed(),
    prompt: provided.flatMap(({ prompt }) => prompt ?? []).join("\n\n"),
    context: provided.flatMap(({ context }) => context || []),
    diagnostics: provided.find(({ diagnostics }) => diagnostics)?.diagnostics,
    [Symbol.asyncDispose]: async () => {
      const closed = await Promise.allSettled(provided.map(async (one) => one.close?.()));
      for (const one of closed) if (one.status === "rejected") run.log.error({ err: one.reason as unknown }, "tool provider not closed");
    },
  };
}

/** Provides `repo_map` in projects that are large enough for it. The map is built when the agent calls it. */
export const repoMapTools: FeatureTools = {
  provideTools: async ({ workspace }) => ({
    tools: (await countSources(workspace.files, ".")) >= worthMapping ? [repoMap] : [],
  }),
  tools: [],
};

export interface Toolset {
  tools: readonly Tool[];
  /** Names of those that this agent may use; null = all. */
  names: string[] | null;
  /** Tools that this run does not have, and what to use instead. */
  replaced: Record<string, string>;
  /** The creator's instructions for single tools, appended to the system prompt. */
  prompt: string;
}

/** In the graph view, shell tools are replaced by the graph's own. */
const graphReplacements: Record<string, string> = {
  run_command: "In the graph view use graph_shell_exec with a container_id.",
  command_output: "In the graph view use graph_shell_exec with a container_id.",
  stop_command: "In the graph view use graph_shell_close.",
};
const maxTextChars = 4_000;
const maxExamples = 10;

/** Selects the tools of a run by the agent's list, its type, the view and the feature switches, and applies the agent's overrides per tool. */
export function selectTools({
  agent,
  viewContext,
  tools,
}: {
  agent: RunnableAgent;
  viewContext: string | null;
  tools: readonly Tool[];
}): Toolset {
  const isGraph = viewContext === "graph";
  const graphTools = tools.filter((tool) => tool.category === "graph").map((tool) => tool.name);
  const excluded = new Set([
    ...(isGraph ? Object.keys(graphReplacements) : graphTools),
    ...(agent.agent_type === "TesslateAgent" ? [] : ["invoke_subagent"]),
    ...featureKeys.flatMap((key) => (agent.features[key] ? [] : (toolsOfFeature[key] ?? []))),
  ]);
  // An agent that may use the shells may use what replaces them.
  const allowed = agent.tools === null ? null : [...allowedToolNames(agent.tools), ...(isGraph ? graphTools : [])];
  const configs = Object.fromEntries(Object.entries(agent.tool_configs ?? {}).map(([name, config]) => [currentToolName(name), config]));
  const selected = tools.filter((tool) => !excluded.has(tool.name) && (allowed === null || allowed.includes(tool.name)));
  return {
    tools: tools.map((tool) => withOverride(tool, Object.hasOwn(configs, tool.name) ? configs[tool.name] : undefined)),
    names: allowed === null && excluded.size === 0 ? null : selected.map((tool) => tool.name),
    replaced: isGraph ? graphReplacements : {},
    prompt: selected
      .flatMap((tool) => {
        const instructions = Object.hasOwn(configs, tool.name) ? configs[tool.name]?.system_prompt : undefined;
        return typeof instructions === "string" && instructions.trim() !== ""
          ? [`# ${tool.name}\n${instructions.trim().slice(0, maxTextChars)}`]
          : [];
      })
      .join("\n\n"),
  };
}

/** Changes only the description for the model. The gate, and the description that people see in an approval, stay. */
function withOverride(tool: Tool, config: NonNullable<RunnableAgent["tool_configs"]>[string] | undefined): Tool {
  const description = typeof config?.description === "string" ? config.description.trim().slice(0, maxTextChars) : "";
  const examples = (Array.isArray(config?.examples) ? config.examples : []).filter((one) => typeof one === "string").slice(0, maxExamples);
  if (description === "" && examples.length === 0) return tool;
  const text = [description || tool.description, ...(examples.length > 0 ? ["Examples:", ...examples.map((one) => `- ${one}`)] : [])].join(
    "\n",
  );
  return { ...tool, modelDescription: text.slice(0, 2 * maxTextChars) };
}
