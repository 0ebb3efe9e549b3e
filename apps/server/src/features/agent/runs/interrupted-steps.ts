import type { AgentStep, PendingBatch, ToolResult } from "@tesslate/agent";
import type { RunsStore } from "./runs.store.ts";

/** An event of the run after its last committed step, as far as it tells of its last batch. */
export interface BatchEvent {
  type: string;
  data: Record<string, unknown>;
}

const editors = new Set(["write_file", "patch_file", "multi_edit"]);
const lost =
  "The server stopped while this was running or about to run, and the result is lost. It may have taken effect: look before you make the call again.";

/**
 * The step that a dying server could not commit (agent-git-deploy 11.25, 12): its calls were made, their results are lost. What the log shows of
 * their effects is told as done, everything else as unknown, so that the model looks instead of repeating. `undefined`: no batch was under way, or
 * only sub-agents were, whose work is told of otherwise. `known`: results that were kept, of the first calls.
 */
export function openBatch(events: readonly BatchEvent[], interruptedAt: string, known: readonly ToolResult[] = []): AgentStep | undefined {
  const at = events.findLastIndex((event) => event.type === "tool_started");
  if (at === -1 || events.slice(at).some((event) => event.type === "agent_step")) return undefined;
  const { iteration, tools } = events[at]!.data as { iteration: number; tools: AgentStep["tool_calls"] };
  if (tools.some((call) => call.name === "invoke_subagent")) return undefined;
  const changed = events
    .slice(at)
    .flatMap((event) => (event.type === "file_changed" ? [event.data as { path: string; op: string; new_path?: string }] : []));
  const text = events
    .slice(0, at)
    .flatMap((event) => (event.type === "text_chunk" && event.data["iteration"] === iteration ? [String(event.data["content"])] : []))
    .join("");
  return {
    iteration,
    thought: null,
    tool_calls: tools,
    tool_results: tools.map((call, index) => known[index] ?? resultOf(call, changed)),
    response_text: text,
    timestamp: interruptedAt,
    is_complete: false,
  };
}

function resultOf(
  { name, parameters }: AgentStep["tool_calls"][number],
  changed: { path: string; op: string; new_path?: string }[],
): ToolResult {
  const done = (files: string[]): ToolResult => {
    const message = `${files.join(", ")} ${files.length === 1 ? "was" : "were"} changed as asked. The server stopped before the rest of the result was kept.`;
    return { success: true, tool: name, result: { success: true, message } };
  };
  const given = typeof parameters["file_path"] === "string" ? plain(parameters["file_path"]) : undefined;
  if (editors.has(name) && given !== undefined) {
    const own = changed.findIndex(({ path }) => path === given || path.endsWith(`/${given}`));
    if (own !== -1) return done(changed.splice(own, 1).map(({ path }) => path));
  }
  if (name === "apply_patch" && typeof parameters["patch"] === "string") {
    // A patch tells its changes when all of them are made.
    const named = [...parameters["patch"].matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map((match) => plain(match[1]!.trim()));
    const own = named.filter((file) => changed.some(({ path }) => path === file || path.endsWith(`/${file}`)));
    if (own.length > 0) return done(own);
  }
  return { success: false, tool: name, error: lost };
}

const plain = (path: string): string => path.replace(/^(?:\.\/|\/app\/)+/, "");

/** The batch that the interrupted run `taskId` left open, behind the steps that it committed. */
export async function findOpenBatch(
  store: Pick<RunsStore, "listSinceStep" | "findAnsweredBatch">,
  taskId: string,
  steps: readonly AgentStep[],
): Promise<AgentStep | undefined> {
  const told = await store.listSinceStep(taskId);
  const answered = told.some((event) => event.type === "tool_started") ? null : await store.findAnsweredBatch(taskId);
  const batch = openBatch(answered ? [startOf(answered), ...told] : told, new Date().toISOString(), answered?.results);
  return batch && steps.every((step) => step.iteration < batch.iteration) ? batch : undefined;
}

/** A batch that was taken up again at its question begins without being told of. */
const startOf = ({ iteration, message }: PendingBatch): BatchEvent => ({
  type: "tool_started",
  data: { iteration, tools: message.tool_calls.map((call) => ({ name: call.name, parameters: argumentsOf(call.arguments) })) },
});
function argumentsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
