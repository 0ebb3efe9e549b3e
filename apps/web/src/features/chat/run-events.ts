import type { RunEventData, RunEventType } from "@tesslate/contract";
import { onToolProgress, withoutDrafts } from "./call-drafts.ts";
import type {
  ApprovalOutcome,
  IncomingRunEvent,
  FileEdit,
  Part,
  RetryPart,
  Run,
  RunStatus,
  SteeredPart,
  TextPart,
  ThoughtPart,
  ToolPart,
} from "./chat.types.ts";
import { onCommandEnded, onCommandOutput, onCommandStarted, withEndedCommands } from "./command-events.ts";
import { onQuestionAsked, onQuestionResolved, withdrawn } from "./question-events.ts";
import { nameOfSubagent, onSubagent } from "./subagents.ts";

export const isLive = (run: Run | undefined): boolean => run?.status === "running" || run?.status === "waiting";

export const emptyRun = (taskId: string, chatId: string): Run => ({
  taskId,
  chatId,
  messageId: undefined,
  model: undefined,
  editMode: undefined,
  reasoning: undefined,
  status: "running",
  reason: undefined,
  parts: [],
  lastSeq: 0,
  startedAt: undefined,
  endedAt: undefined,
  durationMs: undefined,
  iterations: 0,
  usage: { tokensIn: 0, tokensOut: 0, costCents: 0, credits: 0 },
  changes: undefined,
  evidence: [],
});

const statusOfReason: Record<string, RunStatus> = {
  no_more_actions: "done",
  task_complete_signal: "done",
  user_stopped: "cancelled",
  cancelled: "cancelled",
  approval_timeout: "cancelled",
  resource_limit_exceeded: "limited",
  credits_exhausted: "limited",
  credit_deduction_failed: "limited",
  max_iterations: "limited",
  interrupted: "interrupted",
  error: "failed",
  in_progress: "running",
};
const runStatusOf = (reason: string | undefined, isSuccess: boolean): RunStatus =>
  statusOfReason[reason ?? ""] ?? (isSuccess ? "done" : "failed");

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const replaceAt = (parts: readonly Part[], index: number, part: Part): Part[] => parts.with(index, part);

const millisecondsBetween = (from: string | undefined, to: string | undefined): number | undefined => {
  const span = from && to ? Date.parse(to) - Date.parse(from) : Number.NaN;
  return Number.isFinite(span) && span >= 0 ? span : undefined;
};

export const pathOf = (parameters: Record<string, unknown>): string | undefined => {
  const path = parameters["file_path"] ?? parameters["path"];
  return typeof path === "string" ? path.replace(/^\.?\/+/, "") : undefined;
};

function onText(run: Run, data: RunEventData<"text_chunk">, seq: number): Run {
  const last = run.parts.at(-1);
  if (last?.kind === "text" && last.iteration === data.iteration)
    return { ...run, parts: replaceAt(run.parts, run.parts.length - 1, { ...last, text: last.text + data.content }) };
  const part: TextPart = { kind: "text", key: `x${seq}`, iteration: data.iteration, text: data.content };
  return { ...run, parts: [...run.parts, part] };
}

function onReasoning(run: Run, data: RunEventData<"reasoning_chunk">, { seq, at }: IncomingRunEvent): Run {
  const last = run.parts.at(-1);
  if (last?.kind === "thought" && last.iteration === data.iteration)
    return { ...run, parts: replaceAt(run.parts, run.parts.length - 1, { ...last, text: last.text + data.content }) };
  const part: ThoughtPart = { kind: "thought", key: `h${seq}`, iteration: data.iteration, text: data.content.trimStart(), startedAt: at };
  return { ...run, parts: [...run.parts, part] };
}

/** Reasoning lasts until the next event, which is the same live and in a transcript. */
function withThoughtEnded(run: Run, { type, at }: IncomingRunEvent): Run {
  const last = run.parts.at(-1);
  if (type === "reasoning_chunk" || last?.kind !== "thought" || last.durationMs !== undefined) return run;
  const durationMs = millisecondsBetween(last.startedAt, at);
  return durationMs === undefined ? run : { ...run, parts: replaceAt(run.parts, run.parts.length - 1, { ...last, durationMs }) };
}

function onToolStarted(run: Run, data: RunEventData<"tool_started">, event: IncomingRunEvent): Run {
  const started = data.tools.map((tool, index): ToolPart => ({
    kind: "tool",
    key: `t${event.seq}.${index}`,
    iteration: data.iteration,
    name: tool.name,
    parameters: tool.parameters,
    status: "running",
    startedAt: data.timestamp ?? event.at,
    edits: [],
  }));
  return { ...run, parts: [...withoutDrafts(run.parts), ...started] };
}

function onApprovalRequired(run: Run, data: RunEventData<"approval_required">): Run {
  if (run.parts.some((part) => part.kind === "approval" && part.approvalId === data.approval_id)) return run;
  const isHeld = (part: Part) => part.kind === "tool" && part.status === "running" && part.name === data.tool_name;
  const exact = run.parts.findIndex((part) => isHeld(part) && part.kind === "tool" && same(part.parameters, data.tool_parameters));
  const index = exact >= 0 ? exact : run.parts.findIndex(isHeld);
  const tool = run.parts[index];
  // The calls of a batch run in order. Only an exact match belongs to the batch; a sub-agent requests approval for its own calls.
  const isBatch = exact >= 0 && tool?.kind === "tool";
  const parts = run.parts.map((part, at): Part => {
    if (part.kind !== "tool" || part.status !== "running") return part;
    if (at === index) return { ...part, status: "waiting" };
    return isBatch && part.iteration === tool.iteration ? { ...part, status: at < index ? "ended" : "queued" } : part;
  });
  return {
    ...run,
    status: "waiting",
    parts: [
      ...parts,
      {
        kind: "approval",
        key: `a${data.approval_id}`,
        approvalId: data.approval_id,
        toolName: data.tool_name,
        parameters: data.tool_parameters,
        description: data.tool_description,
        ...(tool?.kind === "tool" && { toolKey: tool.key }),
      },
    ],
  };
}

export const isAllowed = (outcome: ApprovalOutcome): boolean => outcome === "allow_once" || outcome === "allow_all";

function onApprovalResolved(run: Run, data: RunEventData<"approval_resolved">): Run {
  const response = data.response as ApprovalOutcome;
  const approval = run.parts.find((part) => part.kind === "approval" && part.approvalId === data.approval_id);
  const toolKey = approval?.kind === "approval" ? approval.toolKey : undefined;
  const parts = run.parts.map((part): Part => {
    if (part.kind === "approval" && part.approvalId === data.approval_id)
      return { ...part, answer: { response, note: data.note, by: data.by, at: data.at } };
    if (part.kind === "tool" && part.key === toolKey)
      return { ...part, status: isAllowed(response) ? "running" : "refused", startedAt: data.at };
    if (part.kind === "tool" && part.status === "queued") return { ...part, status: "running", startedAt: data.at };
    return part;
  });
  const isStillAsked = parts.some((part) => (part.kind === "approval" || part.kind === "question") && !part.answer);
  return { ...run, parts, status: isStillAsked ? "waiting" : "running" };
}

function onFileChanged(run: Run, data: RunEventData<"file_changed">): Run {
  const edit: FileEdit = {
    path: data.path,
    op: data.op,
    ...(data.new_path && { new_path: data.new_path }),
    ...(data.diff && { diff: data.diff }),
  };
  const open = run.parts.findLastIndex(
    (part) => part.kind === "tool" && part.status === "running" && pathOf(part.parameters) === data.path,
  );
  const index = open >= 0 ? open : run.parts.findLastIndex((part) => part.kind === "tool" && part.status === "running");
  const tool = run.parts[index];
  return tool?.kind === "tool" ? { ...run, parts: replaceAt(run.parts, index, { ...tool, edits: [...tool.edits, edit] }) } : run;
}

/** Inserts a message that was sent during the run before the model call that received it. */
const withSteered = (parts: readonly Part[], steered: SteeredPart): Part[] => {
  if (parts.some((part) => part.key === steered.key)) return [...parts];
  const next = parts.findIndex((part) => part.kind !== "steered" && "iteration" in part && part.iteration >= steered.iteration);
  return parts.toSpliced(next < 0 ? parts.length : next, 0, steered);
};

/** All parts of the answer, including those of earlier tasks. */
export const partsOf = ({ earlier, parts }: Run): readonly Part[] => (earlier ? [...earlier.parts, ...parts] : parts);

/** The parts of an earlier task, up to `iteration`, of an answer that this task continues. Keys are prefixed so that they stay unique. */
export function earlierOf(run: Pick<Run, "taskId" | "earlier" | "parts" | "usage">, iteration: number): NonNullable<Run["earlier"]> {
  const cut = run.parts.findIndex((part) => part.kind !== "steered" && "iteration" in part && part.iteration > iteration);
  const kept = (cut < 0 ? run.parts : run.parts.slice(0, cut)).filter(({ kind }) => kind !== "error");
  const parts = kept.map((part) => ({ ...part, key: `${run.taskId}.${part.key}` }));
  return { parts: [...(run.earlier?.parts ?? []), ...parts], usage: run.usage };
}

/** A step is the committed result of its iteration. Text and results from live events are replaced by it. */
function onStep(run: Run, data: RunEventData<"agent_step">, event: IncomingRunEvent): Run {
  const isOwn = (part: Part): part is ToolPart => part.kind === "tool" && part.iteration === data.iteration;
  const open = run.parts.filter(isOwn).filter((part) => !part.result);
  const taken = new Set<string>();
  const results = new Map<string, number>();
  const missing: number[] = [];
  data.tool_calls.forEach((call, at) => {
    const match =
      open.find((part) => !taken.has(part.key) && part.name === call.name && same(part.parameters, call.parameters)) ??
      open.find((part) => !taken.has(part.key) && part.name === call.name);
    if (match) {
      taken.add(match.key);
      results.set(match.key, at);
    } else missing.push(at);
  });
  const isAlone = data.tool_calls.length === 1;
  const finished = (part: ToolPart, at: number): ToolPart => {
    const result = data.tool_results[at];
    const durationMs = durationOf(result?.result) ?? (isAlone ? millisecondsBetween(part.startedAt, data.timestamp) : undefined);
    return {
      ...part,
      ...(result && { result }),
      status: part.status === "refused" ? "refused" : result?.success === false ? "failed" : "ok",
      ...(durationMs !== undefined && { durationMs }),
    };
  };
  let parts = withoutDrafts(run.parts).map((part): Part => {
    const at = part.kind === "tool" ? results.get(part.key) : undefined;
    return part.kind === "tool" && at !== undefined ? finished(part, at) : part;
  });
  const first = parts.findIndex((part) => "iteration" in part && part.iteration === data.iteration);
  const firstTool = parts.findIndex(isOwn);
  const insert = (at: number, part: Part) => {
    parts = at < 0 ? [...parts, part] : parts.toSpliced(at, 0, part);
  };
  const hasText = parts.some((part) => part.kind === "text" && part.iteration === data.iteration);
  if (data.response_text.trim() && !hasText)
    insert(firstTool, { kind: "text", key: `x${event.seq}`, iteration: data.iteration, text: data.response_text });
  const thoughts = parts.filter((part) => part.kind === "thought" && part.iteration === data.iteration);
  const [thought] = thoughts;
  // A repeated call streams its reasoning again.
  if (data.thought && thought?.kind === "thought" && thoughts.length === 1)
    parts = parts.map((part) => (part === thought ? { ...thought, text: data.thought ?? thought.text } : part));
  else if (data.thought && !thought)
    insert(first < 0 ? parts.findIndex((part) => part.key === `x${event.seq}`) : first, {
      kind: "thought",
      key: `h${event.seq}`,
      iteration: data.iteration,
      text: data.thought,
    });
  const late = missing.flatMap((at): ToolPart[] => {
    const call = data.tool_calls[at];
    if (!call) return [];
    const part: ToolPart = {
      kind: "tool",
      key: `t${event.seq}.${at}`,
      iteration: data.iteration,
      name: call.name,
      parameters: call.parameters,
      status: "ok",
      edits: [],
    };
    return [finished(part, at)];
  });
  return { ...run, parts: [...parts, ...late], iterations: Math.max(run.iterations, data.iteration) };
}

/** A later event of the same call replaces the earlier one. */
function onModelRetry(run: Run, data: RunEventData<"model_retry">): Run {
  const { retry_id: retryId, status, attempt, of, until, model, message, reason } = data;
  const key = `y${retryId}`;
  const subagent = data.agent_id === undefined ? undefined : nameOfSubagent(run, data.agent_id);
  const part: RetryPart = {
    kind: "retry",
    key,
    retryId,
    status,
    attempt,
    of,
    until,
    model,
    message,
    ...(reason !== undefined && { reason }),
    ...(subagent !== undefined && { subagent }),
  };
  const at = run.parts.findIndex((one) => one.key === key);
  return { ...run, parts: at < 0 ? [...run.parts, part] : replaceAt(run.parts, at, part) };
}

const durationOf = (result: Record<string, unknown> | undefined): number | undefined => {
  const details = result?.["details"] as Record<string, unknown> | undefined;
  const ms = details?.["duration_ms"] ?? result?.["duration_ms"];
  return typeof ms === "number" ? ms : undefined;
};

const contextOf = (used: number | null | undefined, window: number | undefined) =>
  used && window ? { contextUsed: used, contextWindow: window } : {};

function onComplete(run: Run, data: RunEventData<"complete">, event: IncomingRunEvent): Run {
  const status = runStatusOf(data.completion_reason, data.success);
  const parts = withoutDrafts(withEndedCommands(run.parts)).map((part): Part => {
    if (part.kind === "tool" && part.status === "running") return { ...part, status: part.edits.length > 0 ? "ok" : "stopped" };
    if (part.kind === "tool" && (part.status === "queued" || part.status === "waiting")) return { ...part, status: "refused" };
    if (part.kind === "question") return withdrawn(part, event.at ?? run.startedAt ?? "");
    if (part.kind === "approval" && !part.answer)
      return { ...part, answer: { response: "stop", note: null, by: null, at: event.at ?? run.startedAt ?? "" } };
    return part;
  });
  const lastWork = parts.findLastIndex((part) => part.kind === "tool");
  const hasSaidIt = parts.slice(lastWork + 1).some((part) => part.kind === "text" && part.text.trim() !== "");
  const final: Part[] =
    status === "done" && data.final_response.trim() && !hasSaidIt
      ? [{ kind: "text", key: `x${event.seq}`, iteration: data.iterations, text: data.final_response }]
      : [];
  const stats = data.resource_stats;
  const needsReason = status === "failed" && !parts.some((part) => part.kind === "error");
  const failure: Part[] = needsReason
    ? [
        {
          kind: "error",
          key: `e${event.seq}`,
          message: data.error ?? (data.final_response || "The run failed."),
          code: data.completion_reason,
        },
      ]
    : [];
  return {
    ...run,
    parts: [...parts, ...final, ...failure],
    status,
    reason: data.completion_reason,
    iterations: data.iterations,
    endedAt: event.at ?? run.endedAt,
    durationMs: stats?.duration_ms || run.durationMs,
    changes: data.changes ?? run.changes,
    ...(status === "limited" && { ending: data.final_response.split("\n\n").at(-1) }),
    usage: stats
      ? {
          ...run.usage,
          tokensIn: stats.tokens_in,
          tokensOut: stats.tokens_out,
          costCents: stats.cost_cents,
          ...(stats.own_key_cents !== undefined && { ownKeyCents: stats.own_key_cents }),
          ...contextOf(stats.context_used, stats.context_window),
        }
      : run.usage,
  };
}

/** Applies an event to its run. The caller has checked that `event.seq` is new. */
export function applyRunEvent(before: Run, event: IncomingRunEvent): Run {
  const run: Run = { ...withThoughtEnded(before, event), lastSeq: event.seq, startedAt: before.startedAt ?? event.at };
  const { data, seq } = event;
  switch (event.type as RunEventType) {
    case "task_started": {
      const { chat_id: chatId, message_id: messageId, model, reasoning, ...began } = data as RunEventData<"task_started">;
      return { ...run, chatId, messageId, model, reasoning, editMode: began.edit_mode ?? run.editMode };
    }
    case "text_chunk":
      return onText(run, data as RunEventData<"text_chunk">, seq);
    case "tool_progress":
      return onToolProgress(run, data as RunEventData<"tool_progress">);
    case "reasoning_chunk":
      return onReasoning(run, data as RunEventData<"reasoning_chunk">, event);
    case "tool_started":
      return onToolStarted(run, data as RunEventData<"tool_started">, event);
    case "approval_required":
      return onApprovalRequired(run, data as RunEventData<"approval_required">);
    case "approval_resolved":
      return onApprovalResolved(run, data as RunEventData<"approval_resolved">);
    case "question_asked":
      return onQuestionAsked(run, data as RunEventData<"question_asked">);
    case "question_resolved":
      return onQuestionResolved(run, data as RunEventData<"question_resolved">);
    case "file_changed":
      return onFileChanged(run, data as RunEventData<"file_changed">);
    case "agent_step":
      return onStep(run, data as RunEventData<"agent_step">, event);
    case "subagent_event":
      return onSubagent(run, data as RunEventData<"subagent_event">, seq);
    case "credits_used": {
      const used = data as RunEventData<"credits_used">;
      const { usage } = run;
      return {
        ...run,
        usage: {
          ...usage,
          tokensIn: usage.tokensIn + (used.tokens_in ?? 0),
          tokensOut: usage.tokensOut + (used.tokens_out ?? 0),
          costCents: usage.costCents + used.cost_total_cents,
          credits: usage.credits + used.credits_deducted,
          ...(used.purpose === "turn" && contextOf((used.tokens_in ?? 0) + (used.tokens_out ?? 0), used.context_window)),
        },
      };
    }
    case "evidence_added": {
      const evidence = data as RunEventData<"evidence_added">;
      return run.evidence.some(({ id }) => id === evidence.id) ? run : { ...run, evidence: [...run.evidence, evidence] };
    }
    case "todo_updated":
    case "plan_updated":
      return run;
    case "command_started":
      return onCommandStarted(run, data as RunEventData<"command_started">, event);
    case "command_output":
      return onCommandOutput(run, data as RunEventData<"command_output">);
    case "command_ended":
      return onCommandEnded(run, data as RunEventData<"command_ended">);
    case "steered": {
      const { id, message, iteration, at } = data as RunEventData<"steered">;
      return { ...run, parts: withSteered(run.parts, { kind: "steered", key: `s${id}`, id, text: message, iteration, at }) };
    }
    case "model_retry":
      return onModelRetry(run, data as RunEventData<"model_retry">);
    case "notice":
      return { ...run, parts: [...run.parts, { kind: "notice", key: `n${seq}`, ...(data as RunEventData<"notice">) }] };
    case "compacted": {
      const { tokens_before: tokensBefore, tokens_after: tokensAfter, ...facts } = data as RunEventData<"compacted">;
      return { ...run, parts: [...run.parts, { kind: "compaction", key: `k${seq}`, tokensBefore, tokensAfter, ...facts }] };
    }
    case "complete":
      return onComplete(run, data as RunEventData<"complete">, event);
    case "error": {
      const error = data as RunEventData<"error">;
      const isInterrupted = error.code === "interrupted";
      return {
        ...run,
        status: isInterrupted ? "interrupted" : run.status,
        parts: isInterrupted
          ? withoutDrafts(withEndedCommands(run.parts))
          : [
              ...withoutDrafts(run.parts),
              {
                kind: "error",
                key: `e${seq}`,
                message: error.message,
                code: error.code,
                ...(error.kind && { errorKind: error.kind }),
              },
            ],
      };
    }
    case "done":
      return isLive(run)
        ? { ...run, status: "failed", endedAt: event.at ?? run.endedAt, parts: withoutDrafts(withEndedCommands(run.parts)) }
        : run;
    default:
      return { ...run, parts: [...run.parts, { kind: "plain", key: `p${seq}`, type: event.type, data }] };
  }
}
