import { randomUUID } from "node:crypto";
import { abortable, pause } from "./abortable.ts";
import { runBatch } from "./batch.ts";
import { createCommands } from "./commands.ts";
import { compactedFacts, needsCompaction, planCompaction, requestMessages, requestTokens, wholeMessages } from "./compaction.ts";
import { defaultContextWindow } from "./context-window.ts";
import {
  assistantMessage,
  callsOf,
  reasoningOf,
  steeringMessage,
  textOf,
  unansweredCalls,
  userMessage,
  type AssistantMessage,
  type Message,
} from "./conversation.ts";
import { interruptedResults } from "./interrupted-results.ts";
import { readKnowledge } from "./knowledge/knowledge.ts";
import { createLoopBreaker } from "./loop-breaker.ts";
import { ModelError, type ModelErrorKind } from "./model-error.ts";
import { missingSections } from "./context-sections.ts";
import { projectSections, systemPrompt, userTurn } from "./prompt.ts";
import { toolsForFormat } from "./edit-format.ts";
import { RunEnded, type Ending } from "./ending.ts";
import { createOutputs } from "./outputs.ts";
import { createResultImages } from "./result-images.ts";
import { createSeenFiles, forgetCutReads, shownIn } from "./seen-files.ts";
import { createSubagents, type RunNested } from "./subagents/subagents.ts";
import { openProtocol, relevantFiles, type Next } from "./text-protocol/index.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import { definitionOf } from "./tool-definition.ts";
import { resultLimits } from "./truncate.ts";
import { allowedToolNames, allTools, currentToolNames } from "./tools/index.ts";
import { readOutput } from "./tools/read-output.ts";
import { streamTurn, type ReportedUsage, type Turn, type TurnOptions } from "./turn.ts";
import type { ModelRequest } from "./model-client.ts";
import type { AgentDeps, CallVerdict } from "./agent-deps.ts";
import type { ModelRetry, RunErrorCode, RunResult } from "./events.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { ProjectInfo } from "./project-info.ts";
import { type ResumedRun, RunInterrupted, type RunLimits, type RunOptions } from "./run-options.ts";
import type { ToolContext } from "./tool.ts";
import { createWorkTimer } from "./work-timer.ts";
import { resolvePath } from "./workspace-path.ts";

export const defaultRunLimits: RunLimits = {
  max_iterations: 200,
  max_run_ms: 600_000,
  max_tokens: null,
  tool_timeout_ms: 120_000,
  model_idle_ms: 120_000,
};

/** Times that a text cut off by the output limit is continued. */
const maxContinuations = 3;
/** Of the context window, for what is repeated about the project after a summary. */
const maxRepeatedShare = 0.1;
/** After these, a run continues without compaction. */
const maxFailedCompactions = 2;
const continueNote = userMessage("[Your answer was cut off at the output limit. Continue exactly where it stopped.]", "note");
const resumedNotes = {
  interrupted:
    "This run was interrupted after its last step and continues now. A call may have run without its result being kept: look before you repeat it.",
  failed:
    "This run ended with an error after its last step. The person lets it continue: continue where it stopped, or begin if there was no step.",
  paused: "This run was paused at a limit after its last step. The person lets it continue: continue where it stopped.",
};
/**
 * Answers one message of the chat: calls the model and its tools until the model calls no more tools (events in their order: `events.ts`; hooks: `agent-deps.ts`).
 * Never rejects; whatever happens ends in `complete` and in the answer. All commands that the run started are stopped when it resolves.
 */
export async function runAgent(options: RunOptions): Promise<RunResult> {
  const run = createRun(options);
  const ending = await run.runTurns().catch((error: unknown) => run.endingFrom(error));
  await options.hooks?.atEnd({ completion_reason: ending.reason }, options.signal);
  return run.finish(ending);
}

const runNested: RunNested = async (options, nested) => {
  const run = createRun(options, nested);
  const ending = await run.runTurns().catch((error: unknown) => run.endingFrom(error));
  return { result: await run.finish(ending), messages: run.record() };
};

function createRun(options: RunOptions, nested?: Parameters<RunNested>[1]) {
  const { model, workspace } = options;
  /** Requests to the person that have no answer yet, also those of sub-agents. */
  let openRequests = 0;
  const waiting = async <T>(answer: Promise<T>): Promise<T> => {
    openRequests++;
    const value = await answer;
    openRequests--;
    return value;
  };
  const { ask, approve } = options.deps;
  const deps: AgentDeps = {
    ...options.deps,
    emit: inOrder(options.deps.emit),
    approve: (request, waitSignal) => waiting(approve(request, waitSignal)),
    ...(ask && { ask: (request, waitSignal) => waiting(ask(request, waitSignal)) }),
  };
  const limits: RunLimits = { ...defaultRunLimits, ...options.limits };
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const now = deps.now ?? ((): Date => new Date());
  const onUnexpected = deps.onUnexpected ?? ((): void => undefined);
  const commands = createCommands({ workspace, emit: (event) => guarded(deps.emit(event)) });
  deps.onCommands?.(commands);
  const breaker = createLoopBreaker();
  const allowedTools = nested?.allowedTools ?? new Set(currentToolNames([...(options.allowedTools ?? [])]));
  const ownTools = options.agent.tools && allowedToolNames(options.agent.tools);
  const protocol = openProtocol({
    protocol: options.agent.protocol,
    client: model.client,
    tools: (options.tools ?? allTools).filter((tool) => (ownTools === null || ownTools.has(tool.name)) && (!tool.asksUser || deps.ask)),
    editMode: options.editMode,
  });
  const outputs = createOutputs(options.conversation);
  const tools = toolsForFormat(protocol.tools, model.edit_format ?? "edits");
  const runnable = [...protocol.tools, readOutput];
  // `read_output` is offered from the start, because another tool list would be another beginning of the request.
  const definitions = tools.length === 0 ? [] : [...tools, readOutput].map(definitionOf);
  const timer = createWorkTimer(
    limits.max_run_ms,
    () =>
      abort.abort(
        new RunEnded({
          reason: "resource_limit_exceeded",
          text: `Stopped: the run reached its limit of ${Math.round(limits.max_run_ms / 1_000)} seconds of work.`,
        }),
      ),
    deps.clock,
  );
  const context: ToolContext = {
    workspace,
    root: ".",
    editMode: options.editMode,
    signal,
    async fileChanged(change) {
      breaker.filesChanged();
      await guarded(deps.emit({ type: "file_changed", data: change }));
    },
    notice: (notice) => guarded(deps.emit({ type: "notice", data: notice })),
    commands,
    // With the `files` protocol the agent sees files only at the start of its run, so earlier runs do not count.
    seen: (options.agent.protocol === "files" ? undefined : options.seen) ?? createSeenFiles(),
    shown: new Map(),
    outputs,
    ...(deps.images && { images: createResultImages(deps.images, onUnexpected) }),
    get textLimits() {
      return resultLimits(window);
    },
    todos: deps.todos,
    getProjectInfo: () => deps.getProjectInfo(),
    getPreviewState: () => deps.getPreviewState(),
    now,
    call: { iteration: 0, index: 0 },
  };

  let iteration = options.resumes?.iteration ?? 0;
  let toolCallsMade = options.resumes?.tool_calls_made ?? 0;
  const used = { tokens_in: 0, tokens_out: 0, tokens_cached: 0 };
  /** Text streamed in this turn that is not part of a step yet. It becomes part of the answer if the run ends here. */
  let unsavedText = "";
  /** Text of the current model call, until its turn is in the record. */
  let partialText = "";
  let system = "";
  const record: Message[] = [...options.conversation];
  /** The person's message is in the record. */
  let hasBegun = false;
  /** Calls for a summary that did not help. */
  let failedCompactions = 0;
  let hasToldFailedCompaction = false;
  /** Reduced when the provider rejects a conversation as too long: to what its message says, else to the size of that conversation. */
  let window = model.context_window ?? defaultContextWindow;
  /** As a message of the provider said. */
  let namedWindow: number | undefined;
  let contextUsed: number | null = null;
  /** A hook that rejected inside a tool. The tool turns it into a result, but the run must still fail. */
  let hookFailure: { error: unknown } | undefined;

  nested?.watch?.(() => record);
  if (!nested) {
    context.subagents = createSubagents({
      run: options,
      tools: protocol.tools,
      deps,
      allowedTools,
      timer,
      runNested,
      checkLimits: tokensLeft,
      count,
      endRun: (reason) => {
        if (!(reason instanceof RunEnded)) hookFailure ??= { error: reason.hook };
        abort.abort(reason instanceof RunEnded ? reason : new RunEnded(failure("internal_error", "A sub-agent failed unexpectedly.")));
      },
    });
  }

  async function guarded<T>(hook: Promise<T>): Promise<T> {
    try {
      return await hook;
    } catch (error) {
      hookFailure ??= { error };
      throw error;
    }
  }

  /** Returns when the caller has committed them. */
  async function append(...messages: Message[]): Promise<void> {
    await guarded(deps.emit({ type: "conversation_appended", data: { messages } }));
    record.push(...messages);
  }

  async function runTurns(): Promise<Ending> {
    // Abortable, so that a hanging workspace does not block a cancelled run.
    await abortable(open(), signal);
    if (options.pending) {
      await executeBatch(options.pending.message, options.pending);
      const { facts = [] } = options.resumes ?? {};
      if (facts.length > 0) await append(userMessage(`[This run was interrupted. ${facts.join("\n")}]`, "note"));
    }
    let answer = "";
    let continuations = 0;
    for (;;) {
      checkLimits();
      iteration++;
      // Steering messages are for the run, not for its sub-agents.
      if (!nested) for (const text of (await deps.takeSteering?.(iteration)) ?? []) record.push(steeringMessage(text));
      await compactIfNeeded();
      const { turn, verdict } = await takeTurn();
      const text = textOf(turn.message);
      if (callsOf(turn.message).length > 0) {
        partialText = "";
        // Its calls were not run, so a resumed run asks the model again.
        if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
        answer = "";
        const failed = await executeBatch(turn.message);
        const next = protocol.afterBatch(turn, failed);
        if (next && "ends" in next) return { reason: next.ends, text: text.trim() || "Done." };
        if (next) await append(next.note);
        continue;
      }
      if (turn.message.parts.length > 0) await append(turn.message);
      partialText = "";
      answer += text;
      if (turn.finish === "content_filter") throw new RunEnded(failure("model_error", "The provider's content filter stopped the answer."));
      if (turn.finish === "length" && verdict.ok && text !== "" && continuations < maxContinuations) {
        continuations++;
        await append(continueNote);
        continue;
      }
      if (turn.finish === "length" && verdict.ok)
        await deps.emit({ type: "notice", data: { level: "warning", message: "The answer was cut off at the model's output limit." } });
      const next: Next | undefined = verdict.ok ? protocol.beforeEnd(turn) : undefined;
      if (next && "note" in next) {
        await append(next.note);
        answer = "";
        continue;
      }
      unsavedText = "";
      const reason = next?.ends ?? "no_more_actions";
      if (answer.trim() !== "") return { reason, text: answer };
      if (toolCallsMade > 0 || next) return { reason, text: "Done." };
      const message =
        turn.finish === "length"
          ? "The model reached its output limit before it produced any output."
          : "The model returned an empty response.";
      throw new RunEnded(failure("model_error", message, "unreadable"));
    }
  }

  async function open(): Promise<void> {
    context.root = resolvePath(".", options.root ?? ".");
    const project = await deps.getProjectInfo();
    system = systemPrompt({
      root: context.root,
      project,
      template: options.agent.system_prompt,
      editMode: options.editMode,
      toolNames: tools.map((tool) => tool.name),
      userName: options.userName ?? "",
    });
    if (options.pending) {
      iteration = options.pending.iteration;
      if (unansweredCalls(record).length === 0) await append(options.pending.message);
    } else {
      const lost = interruptedResults(record);
      if (lost) await append(lost);
      await append(options.resumes ? noteOf(options.resumes) : await personsMessage(project));
    }
    hasBegun = true;
    for (const [path, lines] of shownIn(wholeMessages(record), context.root))
      if (context.shown.get(path) !== "all") context.shown.set(path, lines);
  }

  /** The person's message with its context, as it will be sent from now on. */
  async function personsMessage(project: ProjectInfo): Promise<Message> {
    const knowledge = await readKnowledge(workspace, context.root, options.agent.subagents);
    await deps.onContextLoaded?.(knowledge.loaded);
    const { message, conversation } = options;
    const bodies =
      options.agent.protocol === "files" ? await relevantFiles({ workspace, root: context.root, message, conversation, context }) : "";
    const text = await userTurn(message, {
      root: context.root,
      project,
      now: now(),
      knowledge,
      bodies,
      toolNames: tools.map((tool) => tool.name),
      earlier: wholeMessages(record),
      workspace,
      attached: options.attached ?? [],
      mentions: options.mentions ?? [],
      environment: options.environment ?? [],
    });
    const { parts } = userMessage(text);
    return { role: "user", parts: [...(options.images ?? []), ...parts] };
  }

  function checkLimits(): void {
    if (signal.aborted) throw signal.reason;
    if (limits.max_iterations !== null && limits.max_iterations > 0 && iteration >= limits.max_iterations) {
      throw new RunEnded({
        reason: "max_iterations",
        text: `Stopped after ${iteration} ${iteration === 1 ? "step" : "steps"}, the limit per message. You can continue the run.`,
      });
    }
    const verdict = tokensLeft();
    if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
  }

  function tokensLeft(): CallVerdict {
    if (limits.max_tokens === null || used.tokens_in + used.tokens_out < limits.max_tokens) return { ok: true };
    return { ok: false, stop: "resource_limit_exceeded", message: `Stopped: the run reached its limit of ${limits.max_tokens} tokens.` };
  }

  function count(usage: { tokens_in: number; tokens_out: number; tokens_cached: number }): void {
    used.tokens_in += usage.tokens_in;
    used.tokens_out += usage.tokens_out;
    used.tokens_cached += usage.tokens_cached;
  }

  function requestNow(): ModelRequest {
    return {
      system,
      messages: requestMessages(record),
      tools: definitions,
      ...(model.max_output_tokens === undefined ? {} : { max_output_tokens: model.max_output_tokens }),
      ...(model.reasoning === undefined ? {} : { reasoning: model.reasoning }),
      ...(options.cacheKey === undefined ? {} : { cache_key: options.cacheKey }),
    };
  }

  const estimate = (messages = requestMessages(record)): number => estimateRequestTokens({ ...requestNow(), messages });

  async function compactIfNeeded(): Promise<void> {
    if (failedCompactions >= maxFailedCompactions || !needsCompaction(record, window, estimate())) return;
    const problem = await compact();
    if (problem === undefined || hasToldFailedCompaction) return;
    hasToldFailedCompaction = true;
    const message = `The chat is close to the model's context window and couldn't be compacted. ${problem}`;
    await deps.emit({ type: "notice", data: { level: "warning", message } });
  }

  /** Returns why the conversation did not get shorter. */
  async function compact(): Promise<string | undefined> {
    const plan = planCompaction(record, { window, tokens: requestTokens(record, estimate()), estimate });
    if (!plan) return "There are no older messages to summarize.";
    let summary = "";
    let problem = "The model returned an empty summary.";
    let verdict: CallVerdict = { ok: true };
    const request = await approved("compaction", plan.request);
    try {
      await streamTurn({
        client: model.client,
        request,
        signal,
        idleMs: limits.model_idle_ms,
        onText: async (text) => {
          summary += text;
        },
        onUsage: async (usage) => {
          verdict = await charge("compaction", usage);
        },
        beforeRetry: () => approved("compaction", plan.request),
        waitToRetry: retryWaits(),
      });
    } catch (error) {
      if (!(error instanceof ModelError) || signal.aborted) throw error;
      onUnexpected(error, "compaction");
      summary = "";
      problem = error.summary;
    }
    if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
    const mark = summary.trim() === "" ? undefined : plan.apply(summary);
    if (!mark) {
      failedCompactions++;
      return summary.trim() === "" ? problem : "A summary would not make it shorter.";
    }
    await append(mark);
    await repeatContext();
    context.shown = shownIn(wholeMessages(record), context.root);
    commands.remind();
    await deps.emit({ type: "compacted", data: compactedFacts(mark, summary) });
    return undefined;
  }

  /** What the summarized messages said about the project, in its present state: a summary does not keep conventions word by word. */
  async function repeatContext(): Promise<void> {
    const toolNames = tools.map((tool) => tool.name);
    const knowledge = await readKnowledge(workspace, context.root, options.agent.subagents);
    const project = await deps.getProjectInfo();
    const sections = await projectSections({ workspace, root: context.root, project, knowledge, toolNames });
    const missing = missingSections(sections, wholeMessages(record));
    const text = `[Repeated, because earlier messages were summarized.]\n[CONTEXT]\n${missing.join("\n\n")}\n[/CONTEXT]`;
    // In a small window it would take the place that the summary has made.
    if (missing.length > 0 && estimateTokens(text) < window * maxRepeatedShare) await append(userMessage(text, "note"));
  }

  async function takeTurn(): Promise<{ turn: Turn; verdict: CallVerdict }> {
    for (let hasCompacted = false; ; hasCompacted = true) {
      let verdict: CallVerdict = { ok: true };
      const request = await approved("turn", requestNow());
      const held: { type: "text_chunk" | "reasoning_chunk"; content: string }[] = [];
      const show = async (type: "text_chunk" | "reasoning_chunk", content: string): Promise<void> => {
        if (options.isStreamed === false) held.push({ type, content });
        else await deps.emit({ type, data: { content, iteration } });
      };
      try {
        const turn = await streamTurn({
          client: protocol.client,
          request,
          signal,
          idleMs: limits.model_idle_ms,
          onText: async (content) => {
            unsavedText += content;
            partialText += content;
            await show("text_chunk", content);
          },
          onCallProgress:
            options.isStreamed === false ? undefined : (progress) => deps.emit({ type: "tool_progress", data: { iteration, ...progress } }),
          onReasoning: (content) => show("reasoning_chunk", content),
          onUsage: async (usage) => {
            for (const { type, content } of joined(held.splice(0))) await deps.emit({ type, data: { content, iteration } });
            verdict = await charge("turn", usage);
          },
          beforeRetry: () => approved("turn", requestNow()),
          waitToRetry: retryWaits(),
        });
        return { turn, verdict };
      } catch (error) {
        const isOverflow = error instanceof ModelError && error.code === "context_overflow";
        if (!isOverflow) throw error;
        if (hasCompacted) throw tooLong(error, "It was compacted and is still too long.");
        namedWindow = error.contextWindow ?? namedWindow;
        window = Math.min(window, error.contextWindow ?? estimateRequestTokens(request));
        const problem = await compact();
        if (problem !== undefined) throw tooLong(error, `It couldn't be compacted: ${problem}`);
      }
    }
  }

  /** Shows the waits of one call. */
  function retryWaits(): NonNullable<TurnOptions["waitToRetry"]> {
    let retry_id: string | undefined;
    let chosen: string | undefined;
    return async ({ attempt, of, delay_ms, error }) => {
      retry_id ??= (deps.newId ?? randomUUID)();
      const retry: ModelRetry = {
        retry_id,
        iteration,
        status: "waiting",
        attempt,
        of,
        until: new Date(now().getTime() + delay_ms).toISOString(),
        message: error.summary,
        ...(error.kind && { kind: error.kind }),
        ...(error.reason !== undefined && { reason: error.reason }),
        ...(chosen !== undefined && { model: chosen }),
      };
      await deps.emit({ type: "model_retry", data: retry });
      if (deps.waitToRetry) chosen = (await deps.waitToRetry(retry, delay_ms, signal)).model ?? chosen;
      else await pause(delay_ms, signal);
      const until = now().toISOString();
      await deps.emit({
        type: "model_retry",
        data: { ...retry, status: "retrying", until, ...(chosen !== undefined && { model: chosen }) },
      });
      return chosen;
    };
  }

  /** The request with the output limit of `beforeModelCall`. Ends the run when the call may not be made. */
  async function approved(purpose: "turn" | "compaction", request: ModelRequest): Promise<ModelRequest> {
    const verdict = await deps.beforeModelCall?.({ iteration, purpose, tokens_in: estimateRequestTokens(request) });
    if (!verdict) return request;
    if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
    const { max_output_tokens: limit } = verdict;
    return limit === undefined ? request : { ...request, max_output_tokens: Math.min(limit, request.max_output_tokens ?? limit) };
  }

  async function charge(purpose: "turn" | "compaction", usage: ReportedUsage): Promise<CallVerdict> {
    count(usage);
    if (purpose === "turn") contextUsed = usage.tokens_in + usage.tokens_out;
    return deps.afterModelCall({ iteration, purpose, ...usage });
  }

  /** Returns how many of its calls failed. */
  async function executeBatch(message: AssistantMessage, pending?: PendingBatch): Promise<number> {
    // Committed with `tool_started`, before any of its calls runs.
    if (!pending) record.push(message);
    const outcome = await runBatch({
      iteration,
      message,
      ...(pending ? { pending } : {}),
      tools: runnable,
      replacedTools: options.replacedTools,
      editMode: options.editMode,
      allowedTools,
      context,
      deps,
      timer,
      breaker,
      toolTimeoutMs: limits.tool_timeout_ms,
      window,
      ...(options.interceptTool ? { interceptTool: options.interceptTool } : {}),
      hooks: options.hooks,
      onUnexpected,
    });
    toolCallsMade += outcome.executed + (pending?.results.length ?? 0);
    if (hookFailure) throw hookFailure.error;
    // A resumed run executes a batch that waits for a person from its waiting call on, so its results are not known yet.
    const isWaiting = signal.reason instanceof RunInterrupted && openRequests > 0;
    const results = isWaiting ? [] : [outcome.message];
    await deps.emit({
      type: "agent_step",
      data: {
        iteration,
        thought: reasoningOf(message) || null,
        tool_calls: outcome.calls,
        tool_results: outcome.results,
        response_text: textOf(message),
        timestamp: now().toISOString(),
        is_complete: outcome.ending !== undefined || signal.aborted,
      },
      messages: results,
    });
    record.push(...results);
    forgetCutReads(context, wholeMessages(record), outcome.message);
    unsavedText = "";
    if (outcome.ending) throw new RunEnded(outcome.ending);
    return outcome.results.filter((result) => !result.success).length;
  }

  function endingFrom(error: unknown): Ending {
    if (error instanceof RunEnded) return error.ending;
    if (signal.aborted) {
      if (signal.reason instanceof RunEnded) return signal.reason.ending;
      if (signal.reason instanceof RunInterrupted) return failure("interrupted", "The run was interrupted. You can continue it.");
      return { reason: "cancelled", text: "Canceled." };
    }
    if (error instanceof ModelError) return failure(modelErrorCodes[error.code], error.message, error.kind);
    onUnexpected(error, "run");
    return failure("internal_error", "Something went wrong on the server. What was done so far is kept.");
  }

  async function finish(ending: Ending): Promise<RunResult> {
    timer.stop();
    await commands.close().catch((error: unknown) => onUnexpected(error, "stopping commands"));
    let result = resultOf(ending);
    try {
      if (hasBegun && !result.success && ending.error?.code !== "interrupted") await append(...ended(ending));
    } catch (error) {
      onUnexpected(error, "end of the conversation");
    }
    try {
      if (ending.error)
        await deps.emit({
          type: "error",
          data: {
            message: ending.error.message,
            code: ending.error.code,
            ...(ending.error.kind ? { kind: ending.error.kind } : {}),
            ...(ending.error.details ? { details: ending.error.details } : {}),
          },
        });
      await deps.emit({ type: "complete", data: result });
    } catch (error) {
      onUnexpected(error, "last events");
      if (!ending.error) result = resultOf(failure("internal_error", "The end of the run could not be stored."));
    }
    return result;
  }

  /** What was received of the answer and how the run ended, for later runs of the chat. */
  function ended(ending: Ending): Message[] {
    const note = ending.reason === "cancelled" ? "[The person stopped the run here.]" : `[The run ended here: ${ending.text}]`;
    const lost = interruptedResults(record);
    return [...(lost ? [lost] : []), ...(partialText.trim() === "" ? [] : [assistantMessage(partialText)]), userMessage(note, "note")];
  }

  function resultOf(ending: Ending): RunResult {
    const success = ending.reason === "no_more_actions" || ending.reason === "task_complete_signal";
    const streamed = success || unsavedText.trim() === "" ? "" : `${unsavedText.trim()}\n\n`;
    return {
      success,
      iterations: iteration,
      final_response: streamed + ending.text,
      tool_calls_made: toolCallsMade,
      completion_reason: ending.reason,
      ...(success ? {} : { error: ending.error?.message ?? ending.text }),
      ...(ending.error ? { error_code: ending.error.code } : {}),
      resource_stats: {
        iterations: iteration,
        iteration_limit: limits.max_iterations === 0 ? null : limits.max_iterations,
        ...used,
        duration_ms: timer.elapsedMs(),
        context_used: contextUsed,
        context_window: namedWindow ?? model.context_window ?? defaultContextWindow,
      },
    };
  }

  return { runTurns, endingFrom, finish, record: () => record };
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

function noteOf({ reason, facts = [] }: ResumedRun): Message {
  return userMessage(`[${[resumedNotes[reason], ...facts].join("\n")}]`, "note");
}

/** Emits one event at a time, and none after `complete`: an aborted tool may still report a change after the end. */
function inOrder(emit: AgentDeps["emit"]): AgentDeps["emit"] {
  let tail = Promise.resolve();
  let isOver = false;
  return (event) => {
    const sent = tail.then(async () => {
      if (isOver) return;
      if (event.type === "complete") isOver = true;
      await emit(event);
    });
    tail = sent.catch(() => undefined);
    return sent;
  };
}

const tooLong = (error: ModelError, problem: string): ModelError =>
  new ModelError("context_overflow", error.summary, {
    ...(error.reason !== undefined && { reason: error.reason }),
    advice: `${problem} Start a new chat, or choose a model with a larger context window.`,
  });

const modelErrorCodes: Record<ModelError["code"], RunErrorCode> = {
  model_auth_failed: "model_auth_failed",
  rate_limited: "rate_limited",
  model_error: "model_error",
  context_overflow: "model_error",
  aborted: "model_error",
};

function failure(code: RunErrorCode, message: string, kind?: ModelErrorKind): Ending {
  return { reason: "error", text: message, error: { code, message, ...(kind && { kind }) } };
}

function stoppedBy(verdict: Extract<CallVerdict, { ok: false }>): Ending {
  const text = verdict.message;
  switch (verdict.stop) {
    case "credits_exhausted":
      return { reason: verdict.stop, text, error: { code: "insufficient_credits", message: text } };
    case "credit_deduction_failed":
      return { reason: verdict.stop, text, error: { code: "internal_error", message: text } };
    case "resource_limit_exceeded":
      return { reason: verdict.stop, text };
  }
}
