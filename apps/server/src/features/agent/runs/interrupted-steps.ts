import { callsOf, currentToolName, type AgentStep, type ImageType, type PendingBatch, type ToolResult } from "@tesslate/agent";
import type { SubagentEvent, ToolResult as PresentedResult } from "@tesslate/contract";
import type { AgentStepRow } from "../../../db/schema/agent/chats.ts";
import type { RunsStore } from "./runs.store.ts";

/** A step as it is stored: tool results with their calls. Events have them in two lists. */
export function stepData(step: AgentStep): AgentStepRow["step_data"] {
  const { tool_calls, tool_results, ...rest } = step;
  return {
    ...rest,
    tool_calls: tool_calls.map((call, i) => {
      const result = tool_results[i];
      return { ...call, result: result ? presentResult(result) : null };
    }),
  };
}
/** A result as it is stored and sent. */
export const presentResult = ({ images, ...result }: ToolResult): PresentedResult => ({
  ...result,
  ...(images && {
    images: images.map(({ reference: id, name, media_type: mime_type, width, height }) => ({ id, name, mime_type, width, height })),
  }),
});
const resultFromRow = ({ images, tool = "", ...result }: PresentedResult): ToolResult => ({
  ...(result as Omit<ToolResult, "tool" | "images">),
  tool,
  ...(images && {
    images: images.map(({ id: reference, mime_type, ...image }) => ({
      ...image,
      type: "image" as const,
      media_type: mime_type as ImageType,
      reference,
    })),
  }),
});
function stepFromRow({ step_data }: AgentStepRow): AgentStep {
  const { tool_calls, ...rest } = step_data;
  return {
    ...rest,
    tool_calls: tool_calls.map(({ name, parameters }) => ({ name, parameters })),
    tool_results: tool_calls.map(({ name, result }) =>
      result ? resultFromRow(result as PresentedResult) : { success: false, tool: name, error: "The result was lost." },
    ),
  };
}

/** Where an interrupted run stopped: its committed steps, and the batch that waited for an answer. */
export interface Interruption {
  steps: AgentStep[];
  pending: PendingBatch | null;
}
export async function loadInterruption(store: RunsStore, taskId: string, messageId: string): Promise<Interruption> {
  const pending = (await store.findInterruptedApproval(taskId))?.pending ?? null;
  // The batch is executed again from the waiting call on, so its partial step is removed.
  if (pending) await store.transaction((tx) => store.removeStepsFrom(tx, messageId, pending.iteration));
  return { steps: (await store.listSteps(messageId)).map(stepFromRow), pending };
}

/** An event after the last committed step. */
export interface BatchEvent {
  type: string;
  data: Record<string, unknown>;
}

const editors = new Set(["write_file", "edit_file"]);
const lostResult =
  "The server stopped while this was running or about to run, and the result is lost. It may have taken effect: look before you make the call again.";

/**
 * The step that the server could not commit because it stopped: its calls were made, their results are lost. A change that the event log has is
 * reported as done, everything else as unknown, so that the model looks instead of repeating it. `known`: stored results of the first calls.
 * Undefined when no batch was running, or only sub-agents were (see `describeInterruptedSubagents`).
 */
export function unfinishedBatch(
  events: readonly BatchEvent[],
  interruptedAt: string,
  known: readonly ToolResult[] = [],
): AgentStep | undefined {
  const at = events.findLastIndex((event) => event.type === "tool_started");
  if (at === -1 || events.slice(at).some((event) => event.type === "agent_step")) return undefined;
  const { iteration, tools } = events[at]!.data as { iteration: number; tools: AgentStep["tool_calls"] };
  if (tools.some((call) => call.name === "invoke_subagent")) return undefined;
  const changed = events
    .slice(at)
    .flatMap((event) => (event.type === "file_changed" ? [event.data as { path: string; op: string; new_path?: string }] : []));
  const streamed = (type: "text_chunk" | "reasoning_chunk"): string =>
    events
      .slice(0, at)
      .flatMap((event) => (event.type === type && event.data["iteration"] === iteration ? [String(event.data["content"])] : []))
      .join("");
  return {
    iteration,
    thought: streamed("reasoning_chunk") || null,
    tool_calls: tools,
    tool_results: tools.map((call, index) => known[index] ?? resultOf(call, changed)),
    response_text: streamed("text_chunk"),
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
  if (editors.has(currentToolName(name)) && given !== undefined) {
    const own = changed.findIndex(({ path }) => path === given || path.endsWith(`/${given}`));
    if (own !== -1) return done(changed.splice(own, 1).map(({ path }) => path));
  }
  if (name === "apply_patch" && typeof parameters["patch"] === "string") {
    // A patch emits its changes when all of them are made.
    const named = [...parameters["patch"].matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map((match) => plain(match[1]!.trim()));
    const own = named.filter((file) => changed.some(({ path }) => path === file || path.endsWith(`/${file}`)));
    if (own.length > 0) return done(own);
  }
  return { success: false, tool: name, error: lostResult };
}

const plain = (path: string): string => path.replace(/^(?:\.\/|\/app\/)+/, "");

/** The unfinished batch of the interrupted run `taskId`, after the steps that it committed. */
export async function findUnfinishedBatch(
  store: Pick<RunsStore, "listSinceStep" | "findAnsweredBatch">,
  taskId: string,
  steps: readonly AgentStep[],
): Promise<AgentStep | undefined> {
  const events = await store.listSinceStep(taskId);
  const answered = events.some((event) => event.type === "tool_started") ? null : await store.findAnsweredBatch(taskId);
  const batch = unfinishedBatch(answered ? [startedBatch(answered), ...events] : events, new Date().toISOString(), answered?.results);
  return batch && steps.every((step) => step.iteration < batch.iteration) ? batch : undefined;
}

/** A batch that was resumed at its question has no `tool_started` event. */
const startedBatch = ({ iteration, message }: PendingBatch): BatchEvent => ({
  type: "tool_started",
  data: { iteration, tools: callsOf(message).map((call) => ({ name: call.name, parameters: argumentsOf(call.arguments) })) },
});
function argumentsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const maxLineChars = 1_500;
const maxLines = 10;

interface InterruptedSubagent {
  name: string;
  task: string;
  calls: string[];
  open: string[];
  isFinished: boolean;
}

/**
 * Tells the model about sub-agents that were running when the server stopped: their conversations are lost, their effects are not.
 * `events`: those after the last committed step, in order.
 */
export function describeInterruptedSubagents(events: readonly SubagentEvent[]): string[] {
  const known = new Map<string, InterruptedSubagent>();
  for (const event of events) {
    const one = known.get(event.agent_id) ?? { name: event.name, task: "", calls: [], open: [], isFinished: false };
    known.set(event.agent_id, one);
    switch (event.kind) {
      case "started":
        one.task = event.task ?? "";
        break;
      case "tool_started":
        one.open = (event.tools ?? []).map(({ name, parameters }) => `${name} ${subjectOf(parameters)}`.trim());
        break;
      case "step":
        one.open = [];
        for (const call of event.tool_calls ?? [])
          one.calls.push(`${call.name} ${subjectOf(call.parameters)}`.trim() + (call.success ? "" : " (failed)"));
        break;
      case "finished":
        one.isFinished = true;
        break;
      case "text":
    }
  }
  return [...known.values()].slice(0, maxLines).map((one) => {
    const did = one.calls.length > 0 ? `It had run: ${one.calls.join("; ")}.` : "It had run nothing.";
    const open = one.open.length > 0 ? ` It is not known how these ended: ${one.open.join("; ")}.` : "";
    const how = one.isFinished ? "had finished, but its report was lost" : "was interrupted and cannot be resumed";
    return `Sub-agent ${one.name} ${how}. Its task: ${JSON.stringify(one.task.slice(0, 300))}. ${did}${open}`.slice(0, maxLineChars);
  });
}

const subjectOf = (parameters: Record<string, unknown>): string => {
  const subject = parameters["file_path"] ?? parameters["command"] ?? parameters["path"] ?? parameters["pattern"];
  return typeof subject === "string" ? subject.replaceAll(/\s+/g, " ").slice(0, 120) : "";
};
