import type { AgentStep, ChatMessage, CompletionReason, EditMode, Evidence, ToolResult } from "@tesslate/contract";
import type { Part, Run, RunUsage, StoredNotice } from "./chat.types.ts";
import { applyRunEvent, earlierOf, emptyRun, runStatusOf, withNotice, withSteered } from "./run-events.ts";

interface StoredCall {
  name: string;
  parameters: Record<string, unknown>;
  result?: ToolResult;
}
interface StoredStep extends Omit<AgentStep, "tool_calls" | "tool_results"> {
  tool_calls: StoredCall[];
}
/** `message_metadata` of an assistant message. */
export interface AssistantMetadata {
  task_id?: string;
  steps?: StoredStep[];
  completion_reason?: CompletionReason;
  model?: string;
  edit_mode?: EditMode;
  /** Its task continues the work of earlier tasks, up to this turn. */
  goes_on_after?: number;
  iterations?: number;
  error?: string;
  /** Messages that the person sent during the run. */
  steered?: { id: string; text: string; iteration: number; at: string }[];
  /** Notices of the run. */
  notices?: StoredNotice[];
  changes?: { files: number; additions: number; deletions: number };
  cost_cents?: number;
  duration_ms?: number;
  evidence?: Evidence[];
  /** Auto-fix stopped after this run. */
  auto_fix_stopped?: boolean;
  usage?: {
    tokens_in?: number;
    tokens_out?: number;
    credits?: number;
    cost_cents?: number;
    own_key_cents?: number;
    context_used?: number | null;
    context_window?: number;
  };
}

/** Key of the notice that auto-fix has stopped. */
export const autoFixKey = "auto-fix";
const autoFixStopped = "The app still reports errors after 2 automatic fixes. See Problems.";

/** Turns a stored assistant message into a run. Messages without a task get a key from their id. */
export function runOfMessage(message: ChatMessage, activeTaskId: string | undefined): Run {
  const metadata = (message.message_metadata ?? {}) as AssistantMetadata;
  const taskId = metadata.task_id ?? `message:${message.id}`;
  let run: Run = {
    ...emptyRun(taskId, message.chat_id),
    messageId: message.id,
    model: metadata.model,
    editMode: metadata.edit_mode,
    startedAt: message.created_at,
  };
  metadata.steps?.forEach((step, index) => {
    const data: AgentStep = {
      ...step,
      response_text: step.response_text ?? "",
      tool_calls: step.tool_calls.map(({ name, parameters }) => ({ name, parameters })),
      tool_results: step.tool_calls.map((call) => call.result ?? { success: true }),
    };
    run = applyRunEvent(run, { taskId, seq: index + 1, at: step.timestamp, type: "agent_step", data });
  });
  const reason = metadata.completion_reason;
  const isAlive = taskId === activeTaskId;
  const status = isAlive ? "running" : reason === "in_progress" ? "interrupted" : runStatusOf(reason, true);
  const usage = metadata.usage;
  const content = message.content.trim();
  const lastText = run.parts.findLast((part) => part.kind === "text");
  const said = [...run.parts];
  if (content && status === "done" && !(lastText?.kind === "text" && lastText.text.trim() === content))
    said.push({ kind: "text", key: "end", iteration: metadata.iterations ?? run.iterations + 1, text: message.content });
  const asides = [
    ...(metadata.steered ?? []).map((one) => ({ at: one.at, put: (parts: Part[]) => withSteered(parts, one) })),
    ...(metadata.notices ?? []).map((one) => ({ at: one.at, put: (parts: Part[]) => withNotice(parts, one) })),
  ].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const parts = asides.reduce((before, { put }) => put(before), said);
  if (status === "failed")
    parts.push({ kind: "error", key: "end", message: metadata.error ?? (content || "The run failed."), code: "error" });
  if (metadata.auto_fix_stopped) parts.push({ kind: "notice", key: autoFixKey, level: "warning", message: autoFixStopped });
  const total: RunUsage = {
    tokensIn: usage?.tokens_in ?? 0,
    tokensOut: usage?.tokens_out ?? 0,
    credits: usage?.credits ?? 0,
    costCents: metadata.cost_cents ?? usage?.cost_cents ?? 0,
    ...(usage?.own_key_cents !== undefined && { ownKeyCents: usage.own_key_cents }),
    ...(usage?.context_used && usage.context_window && { contextUsed: usage.context_used, contextWindow: usage.context_window }),
  };
  const { goes_on_after: goesOnAfter } = metadata;
  const earlier = goesOnAfter === undefined ? undefined : earlierOf({ taskId: "earlier", parts, usage: total }, goesOnAfter);
  return {
    ...run,
    status,
    reason,
    ...(earlier && { earlier }),
    parts: earlier ? parts.slice(earlier.parts.length) : parts,
    ...(status === "limited" && content && { ending: content.split("\n\n").at(-1) }),
    evidence: metadata.evidence ?? [],
    // Stored steps have no position in the live stream.
    lastSeq: 0,
    iterations: metadata.iterations ?? run.iterations,
    changes: metadata.changes,
    durationMs: metadata.duration_ms,
    endedAt: isAlive ? undefined : (metadata.steps?.at(-1)?.timestamp ?? message.created_at),
    usage: total,
  };
}
