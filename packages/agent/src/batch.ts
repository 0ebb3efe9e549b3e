import { randomUUID } from "node:crypto";
import { abortable } from "./abortable.ts";
import { executeCall, gateOf, prepareCall, refusedInPlanMode, type PreparedCall } from "./execute-call.ts";
import { createAsk } from "./questions.ts";
import type { AgentDeps } from "./agent-deps.ts";
import type { AgentStep, FileChange } from "./events.ts";
import type { Hooks } from "./hooks.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { ResumedRun, RunOptions, ToolInterceptor } from "./run-options.ts";
import type { ToolParameters, ToolResult } from "./tool-call.ts";
import type { EditMode, Tool, ToolContext } from "./tool.ts";
import { isLoop, type createLoopBreaker } from "./loop-breaker.ts";
import { RunEnded, type Ending } from "./ending.ts";
import { stepTexts } from "./truncate.ts";
import { callsOf, type AssistantMessage, type ToolMessage, type ToolResultPart } from "./conversation.ts";
import type { ImagePart } from "./images.ts";
import type { WorkTimer } from "./work-timer.ts";

export interface BatchOptions {
  iteration: number;
  message: AssistantMessage;
  /** Set to resume a batch that waited for a person. */
  pending?: PendingBatch;
  tools: readonly Tool[];
  replacedTools?: RunOptions["replacedTools"];
  editMode: EditMode;
  /** Extended when the person answers allow_all. */
  allowedTools: Set<string>;
  context: ToolContext;
  deps: AgentDeps;
  timer: WorkTimer;
  breaker: ReturnType<typeof createLoopBreaker>;
  toolTimeoutMs: number;
  /** The context window in tokens. */
  window: number;
  interceptTool?: ToolInterceptor;
  hooks?: Hooks | undefined;
  onUnexpected: (error: unknown, where: string) => void;
}

export interface BatchOutcome {
  calls: { name: string; parameters: ToolParameters }[];
  /** Aligned with the calls. */
  results: ToolResult[];
  /** The results as the model gets them. */
  message: ToolMessage;
  /** Calls that really ran. */
  executed: number;
  /** Set when the batch ended the run: a stop, a timeout, or the same failure for the third time. */
  ending?: Ending;
}

/**
 * Runs the calls of one turn in order; adjacent read-only calls run concurrently. Emits approvals and `tool_started` (unless it resumes a pending
 * batch), but not the step. After an abort it returns what was done. Rejects when a hook does.
 */
export async function runBatch(options: BatchOptions): Promise<BatchOutcome> {
  const { message, pending, deps, context } = options;
  const toolCalls = callsOf(message);
  const prepared = toolCalls.map((call) => prepareCall(call, options.tools, options.replacedTools));
  const results: ToolResult[] = pending ? [...pending.results] : [];
  let executed = 0;
  let ending: Ending | undefined;
  let hookFailure: { error: unknown } | undefined;
  /** With the index of the call that made them. */
  const changes: { index: number; change: FileChange }[] = [];
  if (!pending) {
    await deps.emit({
      type: "tool_started",
      data: { iteration: options.iteration, tools: prepared.map(presentCall), timestamp: context.now().toISOString() },
      messages: [message],
    });
  }
  const addDiagnostics = async (): Promise<void> => {
    const last = changes.at(-1);
    if (!last || !deps.diagnose || ending || context.signal.aborted) return;
    const diagnostics = await abortable(
      deps.diagnose(
        changes.map(({ change }) => change),
        context.signal,
      ),
      context.signal,
    ).catch((error: unknown) => {
      if (!context.signal.aborted) throw error;
      return undefined;
    });
    const result = results[last.index]?.result;
    if (diagnostics && result) results[last.index] = { ...results[last.index]!, result: { ...result, diagnostics } };
  };
  const run = async (one: PreparedCall): Promise<ToolResult> => {
    if (!one.tool) return one.problem!;
    const index = prepared.indexOf(one);
    const resumed = pending?.nested?.index === index ? pending.nested : undefined;
    if (pending?.nested && !resumed && results.length === pending.results.length)
      return { success: false, tool: one.call.name, error: interruptedSubagent };
    executed++;
    const ask = createAsk(options, one.call.name, results, (error) => (hookFailure ??= { error }));
    const call = { iteration: options.iteration, index };
    const pendingAt = (approval_id: string): PendingBatch => ({
      iteration: options.iteration,
      approval_id,
      message,
      results: [...results],
    });
    const fileChanged: ToolContext["fileChanged"] = async (change) => {
      changes.push({ index, change });
      await context.fileChanged(change);
    };
    const inner: ToolContext = { ...context, fileChanged, ask, call, batch: { pendingAt, resumed } };
    const { tool, parameters } = one;
    const execute = (own: ToolContext): Promise<ToolResult> =>
      withHooks(options.hooks, { name: tool.name, parameters }, own.signal, () =>
        executeCall(tool, parameters, own, { timeoutMs: options.toolTimeoutMs, onUnexpected: options.onUnexpected }),
      );
    return options.interceptTool ? options.interceptTool({ tool, parameters }, inner, execute) : execute(inner);
  };
  while (results.length < prepared.length && !ending && !context.signal.aborted) {
    const next = prepared[results.length]!;
    // A call that waits for an answer was approved before.
    const isAsking = pending?.kind === "question" && pending.results.length === results.length;
    const gate = next.tool && !isAsking ? gateOf(next.tool, next.parameters, options.editMode, options.allowedTools) : "run";
    if (gate === "refuse") results.push(refusedInPlanMode(next.tool!));
    else if (gate === "ask") {
      const approvalId = pending && pending.results.length === results.length ? pending.approval_id : (deps.newId ?? randomUUID)();
      const answer = await requestApproval(options, next, approvalId, results);
      if (answer.run) results.push(await run(next));
      else if (answer.result) results.push(answer.result);
      else ending = answer.ending;
    } else {
      const group = concurrentCalls(prepared.slice(results.length), options);
      results.push(...(await Promise.all(group.map(run))));
    }
    if (hookFailure) throw (hookFailure as { error: unknown }).error;
  }
  await addDiagnostics();
  const notes = results.map((result, index) => {
    const call = toolCalls[index]!;
    const repeats = options.breaker.record(call.name, call.arguments, result);
    if (isLoop(repeats)) ending ??= loopEnding(call.name, prepared[index]!.parameters, result, repeats);
    return repeats === 2 ? "\n(The same call failed the same way twice. A third time ends the run: do something else.)" : "";
  });
  const reason = ending
    ? notRunBecause(ending)
    : context.signal.reason instanceof RunEnded
      ? "the run ended before it"
      : "the run was cancelled";
  for (const one of prepared.slice(results.length))
    results.push({ success: false, tool: one.call.name, error: `${notRunPrefix}${reason}.` });
  const texts = stepTexts(results, options.window, context.outputs);
  const images = (await context.images?.ofStep(results, options.window)) ?? [];
  const commandNote = context.commands.takeNote();
  if (commandNote !== undefined) texts[texts.length - 1] += `\n\n[${commandNote}]`;
  return {
    calls: prepared.map(presentCall),
    results,
    message: {
      role: "tool",
      parts: toolCalls.map((call, index) => ({
        type: "tool_result",
        call_id: call.id,
        name: call.name,
        content: resultContent(`${texts[index]}${notes[index] ?? ""}`, images[index]),
        is_error: !results[index]!.success,
      })),
    },
    executed,
    ...(ending ? { ending } : {}),
  };
}

function resultContent(text: string, shown: { images: ImagePart[]; note: string } | undefined): ToolResultPart["content"] {
  const { images = [], note = "" } = shown ?? {};
  return [{ type: "text", text: note === "" ? text : `${text}\n${note}` }, ...images];
}

async function withHooks(
  hooks: Hooks | undefined,
  call: { name: string; parameters: ToolParameters },
  signal: AbortSignal,
  execute: () => Promise<ToolResult>,
): Promise<ToolResult> {
  if (!hooks) return execute();
  const refusal = await hooks.beforeTool(call, signal);
  if (refusal !== undefined) return { success: false, tool: call.name, error: `A hook of the project blocked this call: ${refusal}` };
  const result = await execute();
  const feedback = await hooks.afterTool(call, result, signal);
  if (feedback === undefined) return result;
  const { success, error = "" } = result;
  return { ...result, result: { success, message: error, ...result.result, hook_feedback: feedback } };
}

/** For sub-agents that ran beside the one that waited: their conversations are lost. */
const interruptedSubagent =
  "The server stopped while this sub-agent was running, and it cannot be resumed. Its changes are in the project: look before you start another one.";
const notRunPrefix = "Not run: ";

/** What an interrupted run had done, from its committed steps in order. */
export const progressOf = (steps: readonly AgentStep[]): Pick<ResumedRun, "iteration" | "tool_calls_made"> => ({
  iteration: steps.at(-1)?.iteration ?? 0,
  tool_calls_made: steps.flatMap((step) => step.tool_results).filter((result) => !isNotRun(result)).length,
});

/** The call did not run because of a stop, a cancel or a limit. */
function isNotRun(result: ToolResult): boolean {
  return !result.success && (result.error?.startsWith(notRunPrefix) ?? false);
}

function presentCall(one: PreparedCall): { name: string; parameters: ToolParameters } {
  return { name: one.call.name, parameters: one.parameters };
}

/** The first call and those directly after it that may run concurrently with it. */
function concurrentCalls(prepared: PreparedCall[], { editMode, allowedTools }: BatchOptions): PreparedCall[] {
  const first = prepared[0]!.tool;
  if (first?.gate.parallel) {
    const end = prepared.findIndex((one) => one.tool !== first);
    return end === -1 ? prepared : prepared.slice(0, end);
  }
  const isConcurrent = (one: PreparedCall): boolean =>
    !one.tool || (one.tool.gate.read_only && gateOf(one.tool, one.parameters, editMode, allowedTools) === "run");
  if (!isConcurrent(prepared[0]!)) return prepared.slice(0, 1);
  const end = prepared.findIndex((one) => !isConcurrent(one));
  return end === -1 ? prepared : prepared.slice(0, end);
}

type Answer = { run: true } | { run: false; result: ToolResult } | { run: false; result?: undefined; ending?: Ending };

/** Emits the request with the exact arguments and waits; the run's clock is paused. */
async function requestApproval(options: BatchOptions, one: PreparedCall, approvalId: string, results: ToolResult[]): Promise<Answer> {
  const { deps, context, iteration, message } = options;
  const tool = one.tool!;
  const request = { approval_id: approvalId, tool_name: tool.name, tool_parameters: one.parameters, tool_description: tool.description };
  options.timer.pause();
  try {
    await deps.emit({
      type: "approval_required",
      data: request,
      pending: { iteration, approval_id: approvalId, message, results: [...results] },
    });
    const { decision, note } = await abortable(deps.approve(request, context.signal), context.signal);
    switch (decision) {
      case "allow_all":
        options.allowedTools.add(tool.name);
        return { run: true };
      case "allow_once":
        return { run: true };
      case "deny": {
        const reason = note?.trim() ? ` They say: ${note.trim()}` : "";
        return { run: false, result: { success: false, tool: tool.name, error: `The person declined this call.${reason}` } };
      }
      case "stop":
        return { run: false, ending: { reason: "user_stopped", text: `Stopped at your request, before ${tool.name}.` } };
      case "timeout":
        return {
          run: false,
          ending: { reason: "approval_timeout", text: `Stopped: the approval for ${tool.name} timed out.` },
        };
    }
  } catch (error) {
    if (context.signal.aborted) return { run: false };
    throw error;
  } finally {
    options.timer.resume();
  }
}

function notRunBecause(ending: Ending): string {
  switch (ending.reason) {
    case "user_stopped":
      return "the person stopped the run";
    case "approval_timeout":
      return "the approval timed out";
    default:
      return "the run ended before it";
  }
}

function loopEnding(toolName: string, parameters: ToolParameters, result: ToolResult, repeats: number): Ending {
  const message = `Stopped: ${toolName} failed ${repeats} times with the same arguments and the same error (${(result.error ?? "").slice(0, 300)}).`;
  return {
    reason: "error",
    text: message,
    error: {
      code: "model_error",
      message,
      details: { kind: "loop_detected", tool_name: toolName, tool_parameters: parameters, tool_error: result.error ?? "", repeats },
    },
  };
}
