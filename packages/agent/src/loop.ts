import { abortable } from "./abortable.ts";
import type { CallVerdict } from "./agent-deps.ts";
import { runBatch } from "./batch.ts";
import { wholeMessages } from "./compaction.ts";
import { callsOf, reasoningOf, steeringMessage, textOf, userMessage, type AssistantMessage } from "./conversation.ts";
import { failure, RunEnded, stoppedBy, type Ending } from "./ending.ts";
import type { RunResult } from "./events.ts";
import { approved, charge, retryWaits, turnRequest } from "./model-calls.ts";
import { ModelError } from "./model-error.ts";
import type { PendingBatch } from "./pending-batch.ts";
import { compact, compactIfNeeded } from "./run-compaction.ts";
import { endingFrom, endRun } from "./run-end.ts";
import { RunInterrupted, type RunOptions } from "./run-options.ts";
import { startRun } from "./run-start.ts";
import { createRun, type Run } from "./run.ts";
import { forgetCutReads } from "./seen-files.ts";
import type { RunNested } from "./subagents/subagents.ts";
import type { Next } from "./text-protocol/index.ts";
import { estimateRequestTokens } from "./tokens.ts";
import { streamTurn, type Turn } from "./turn.ts";

/** Times that a text cut off by the output limit is continued. */
const maxContinuations = 3;
const continueNote = userMessage("[Your answer was cut off at the output limit. Continue exactly where it stopped.]", "note");

/**
 * Answers one message of the chat: calls the model and its tools until the model calls no more tools (events in their order: `events.ts`; hooks:
 * `agent-deps.ts`). Never rejects; whatever happens ends in `complete` and in the answer. All commands that the run started are stopped when it resolves.
 */
export async function runAgent(options: RunOptions): Promise<RunResult> {
  const run = createRun(options, runNested);
  const ending = await runTurns(run).catch((error: unknown) => endingFrom(run, error));
  await options.hooks?.atEnd({ completion_reason: ending.reason }, options.signal);
  return endRun(run, ending);
}

const runNested: RunNested = async (options, nested) => {
  const run = createRun(options, runNested, nested);
  const ending = await runTurns(run).catch((error: unknown) => endingFrom(run, error));
  return { result: await endRun(run, ending), messages: run.record };
};

/** Throws what ends the run otherwise than by an answer: `endingFrom` says how. */
async function runTurns(run: Run): Promise<Ending> {
  const { options, protocol, deps } = run;
  // Abortable, so that a hanging workspace does not block a cancelled run.
  await abortable(startRun(run), run.signal);
  if (options.pending) {
    await executeBatch(run, options.pending.message, options.pending);
    const { facts = [] } = options.resumes ?? {};
    if (facts.length > 0) await run.append(userMessage(`[This run was interrupted. ${facts.join("\n")}]`, "note"));
  }
  let answer = "";
  let continuations = 0;
  for (;;) {
    checkLimits(run);
    run.iteration++;
    // Steering messages are for the run, not for its sub-agents.
    if (!run.isNested) for (const text of (await deps.takeSteering?.(run.iteration)) ?? []) run.record.push(steeringMessage(text));
    await compactIfNeeded(run);
    const { turn, verdict } = await takeTurn(run);
    const text = textOf(turn.message);
    if (callsOf(turn.message).length > 0) {
      run.partialText = "";
      // Its calls were not run, so a resumed run asks the model again.
      if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
      answer = "";
      const failed = await executeBatch(run, turn.message);
      const next = protocol.afterBatch(turn, failed);
      if (next && "ends" in next) return { reason: next.ends, text: text.trim() || "Done." };
      if (next) await run.append(next.note);
      continue;
    }
    if (turn.message.parts.length > 0) await run.append(turn.message);
    run.partialText = "";
    answer += text;
    if (turn.finish === "content_filter") throw new RunEnded(failure("model_error", "The provider's content filter stopped the answer."));
    if (turn.finish === "length" && verdict.ok && text !== "" && continuations < maxContinuations) {
      continuations++;
      await run.append(continueNote);
      continue;
    }
    if (turn.finish === "length" && verdict.ok)
      await deps.emit({ type: "notice", data: { level: "warning", message: "The answer was cut off at the model's output limit." } });
    const next: Next | undefined = verdict.ok ? protocol.beforeEnd(turn) : undefined;
    if (next && "note" in next) {
      await run.append(next.note);
      answer = "";
      continue;
    }
    run.unsavedText = "";
    const reason = next?.ends ?? "no_more_actions";
    if (answer.trim() !== "") return { reason, text: answer };
    if (run.toolCallsMade > 0 || next) return { reason, text: "Done." };
    const message =
      turn.finish === "length"
        ? "The model reached its output limit before it produced any output."
        : "The model returned an empty response.";
    throw new RunEnded(failure("model_error", message, "unreadable"));
  }
}

/** Before each turn. */
function checkLimits(run: Run): void {
  const { limits, signal, iteration } = run;
  if (signal.aborted) throw signal.reason;
  if (limits.max_iterations !== null && limits.max_iterations > 0 && iteration >= limits.max_iterations) {
    throw new RunEnded({
      reason: "max_iterations",
      text: `Stopped after ${iteration} ${iteration === 1 ? "step" : "steps"}, the limit per message. You can continue the run.`,
    });
  }
  const verdict = run.tokensLeft();
  if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
}

/** One answer of the model. When the conversation is too long for the provider, it is compacted and sent once more. */
async function takeTurn(run: Run): Promise<{ turn: Turn; verdict: CallVerdict }> {
  const { deps, options, iteration } = run;
  for (let hasCompacted = false; ; hasCompacted = true) {
    let verdict: CallVerdict = { ok: true };
    const request = await approved(run, "turn", turnRequest(run));
    const held: { type: "text_chunk" | "reasoning_chunk"; content: string }[] = [];
    const show = async (type: "text_chunk" | "reasoning_chunk", content: string): Promise<void> => {
      if (options.isStreamed === false) held.push({ type, content });
      else await deps.emit({ type, data: { content, iteration } });
    };
    try {
      const turn = await streamTurn({
        client: run.protocol.client,
        request,
        signal: run.signal,
        idleMs: run.limits.model_idle_ms,
        onText: async (content) => {
          run.unsavedText += content;
          run.partialText += content;
          await show("text_chunk", content);
        },
        onCallProgress:
          options.isStreamed === false ? undefined : (progress) => deps.emit({ type: "tool_progress", data: { iteration, ...progress } }),
        onReasoning: (content) => show("reasoning_chunk", content),
        onUsage: async (usage) => {
          for (const { type, content } of joined(held.splice(0))) await deps.emit({ type, data: { content, iteration } });
          verdict = await charge(run, "turn", usage);
        },
        beforeRetry: () => approved(run, "turn", turnRequest(run)),
        waitToRetry: retryWaits(run),
      });
      return { turn, verdict };
    } catch (error) {
      const isOverflow = error instanceof ModelError && error.code === "context_overflow";
      if (!isOverflow) throw error;
      if (hasCompacted) throw tooLong(error, "It was compacted and is still too long.");
      run.namedWindow = error.contextWindow ?? run.namedWindow;
      run.window = Math.min(run.window, error.contextWindow ?? estimateRequestTokens(request));
      const problem = await compact(run);
      if (problem !== undefined) throw tooLong(error, `It couldn't be compacted: ${problem}`);
    }
  }
}

/** Neighbors of the same type as one. */
function joined<T extends string>(pieces: readonly { type: T; content: string }[]): { type: T; content: string }[] {
  const found: { type: T; content: string }[] = [];
  for (const { type, content } of pieces) {
    const last = found.at(-1);
    if (last?.type === type) last.content += content;
    else found.push({ type, content });
  }
  return found;
}

const tooLong = (error: ModelError, problem: string): ModelError =>
  new ModelError("context_overflow", error.summary, {
    ...(error.reason !== undefined && { reason: error.reason }),
    advice: `${problem} Start a new chat, or choose a model with a larger context window.`,
  });

/** Runs the calls of a turn and emits its step. Returns how many of its calls failed. */
async function executeBatch(run: Run, message: AssistantMessage, pending?: PendingBatch): Promise<number> {
  const { options, deps, context, record, signal, iteration } = run;
  // Committed with `tool_started`, before any of its calls runs.
  if (!pending) record.push(message);
  const outcome = await runBatch({
    iteration,
    message,
    ...(pending ? { pending } : {}),
    tools: run.runnable,
    replacedTools: options.replacedTools,
    editMode: options.editMode,
    allowedTools: run.allowedTools,
    context,
    deps,
    timer: run.timer,
    breaker: run.breaker,
    toolTimeoutMs: run.limits.tool_timeout_ms,
    window: run.window,
    ...(options.interceptTool ? { interceptTool: options.interceptTool } : {}),
    hooks: options.hooks,
    onUnexpected: run.onUnexpected,
  });
  run.toolCallsMade += outcome.executed + (pending?.results.length ?? 0);
  if (run.hookFailure) throw run.hookFailure.error;
  // A resumed run executes a batch that waits for a person from its waiting call on, so its results are not known yet.
  const isWaiting = signal.reason instanceof RunInterrupted && run.openRequests > 0;
  const results = isWaiting ? [] : [outcome.message];
  await deps.emit({
    type: "agent_step",
    data: {
      iteration,
      thought: reasoningOf(message) || null,
      tool_calls: outcome.calls,
      tool_results: outcome.results,
      response_text: textOf(message),
      timestamp: run.now().toISOString(),
      is_complete: outcome.ending !== undefined || signal.aborted,
    },
    messages: results,
  });
  record.push(...results);
  forgetCutReads(context, wholeMessages(record), outcome.message);
  run.unsavedText = "";
  if (outcome.ending) throw new RunEnded(outcome.ending);
  return outcome.results.filter((result) => !result.success).length;
}
