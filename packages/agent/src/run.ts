import type { AgentDeps, CallVerdict } from "./agent-deps.ts";
import { createCommands } from "./commands.ts";
import { defaultContextWindow } from "./context-window.ts";
import type { Message } from "./conversation.ts";
import { toolsForFormat } from "./edit-format.ts";
import { failure, RunEnded } from "./ending.ts";
import { createLoopBreaker } from "./loop-breaker.ts";
import type { ModelUsage, ToolDefinition } from "./model-client.ts";
import { createOutputs } from "./outputs.ts";
import { createResultImages } from "./result-images.ts";
import { defaultRunLimits, type RunLimits, type RunOptions } from "./run-options.ts";
import { createSeenFiles } from "./seen-files.ts";
import { createSubagents, type RunNested } from "./subagents/subagents.ts";
import { openProtocol, type ProtocolSession } from "./text-protocol/index.ts";
import { definitionOf } from "./tool-definition.ts";
import type { Tool, ToolContext } from "./tool.ts";
import { allowedToolNames, allTools, currentToolNames } from "./tools/index.ts";
import { readOutput } from "./tools/read-output.ts";
import { resultLimits } from "./truncate.ts";
import { createWorkTimer, type WorkTimer } from "./work-timer.ts";

/** A run, also of a sub-agent: what it was given, what was made of it at its start, and what changes until it ends. */
export interface Run {
  readonly options: RunOptions;
  /** Of a sub-agent. */
  readonly isNested: boolean;
  /** The caller's. Events are emitted one at a time, and none after `complete`. */
  readonly deps: AgentDeps;
  readonly limits: RunLimits;
  /** Aborted by the caller and at the time limit. */
  readonly signal: AbortSignal;
  readonly timer: WorkTimer;
  readonly now: () => Date;
  readonly onUnexpected: (error: unknown, where: string) => void;

  readonly protocol: ProtocolSession;
  /** The ones that the model knows of. */
  readonly tools: readonly Tool[];
  readonly definitions: ToolDefinition[];
  /** Those that a call may name, also the edit tool of another format. */
  readonly runnable: readonly Tool[];
  /** Answered with allow_all. */
  readonly allowedTools: Set<string>;
  readonly context: ToolContext;
  readonly commands: ReturnType<typeof createCommands>;
  readonly breaker: ReturnType<typeof createLoopBreaker>;

  /** The system prompt. */
  system: string;
  readonly record: Message[];
  /** The person's message is in the record. */
  hasBegun: boolean;
  iteration: number;
  toolCallsMade: number;
  readonly used: ModelUsage;
  /** Text streamed in this turn that is not part of a step yet. It becomes part of the answer if the run ends here. */
  unsavedText: string;
  /** Text of the current model call, until its turn is in the record. */
  partialText: string;
  /** Tokens. Reduced when the provider rejects a conversation as too long: to what its message says, else to the size of that conversation. */
  window: number;
  /** As a message of the provider said. */
  namedWindow: number | undefined;
  /** Tokens of the last call with its answer. */
  contextUsed: number | null;
  /** Calls for a summary that did not help. */
  failedCompactions: number;
  hasToldFailedCompaction: boolean;
  /** Requests to the person that have no answer yet, also those of sub-agents. */
  openRequests: number;
  /** A hook that rejected inside a tool. The tool turns it into a result, but the run must still fail. */
  hookFailure: { error: unknown } | undefined;

  /** Extends the record; resolves when the caller has committed it. */
  append(...messages: Message[]): Promise<void>;
  /** Whether the limit of tokens allows another call. */
  tokensLeft(): CallVerdict;
  count(usage: ModelUsage): void;
}

/** `runNested` runs sub-agents; `nested` is set for the run of one. */
export function createRun(options: RunOptions, runNested: RunNested, nested?: Parameters<RunNested>[1]): Run {
  const { model, workspace } = options;
  const waiting = async <T>(answer: Promise<T>): Promise<T> => {
    run.openRequests++;
    const value = await answer;
    run.openRequests--;
    return value;
  };
  const { ask, approve } = options.deps;
  const deps: AgentDeps = {
    ...options.deps,
    emit: inOrder(options.deps.emit),
    approve: (request, waitSignal) => waiting(approve(request, waitSignal)),
    ...(ask && { ask: (request, waitSignal) => waiting(ask(request, waitSignal)) }),
  };
  const guarded = async <T>(hook: Promise<T>): Promise<T> => {
    try {
      return await hook;
    } catch (error) {
      run.hookFailure ??= { error };
      throw error;
    }
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
  const tools = toolsForFormat(protocol.tools, model.edit_format ?? "edits");
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
    outputs: createOutputs(options.conversation),
    ...(deps.images && { images: createResultImages(deps.images, onUnexpected) }),
    get textLimits() {
      return resultLimits(run.window);
    },
    todos: deps.todos,
    getProjectInfo: () => deps.getProjectInfo(),
    getPreviewState: () => deps.getPreviewState(),
    now,
    call: { iteration: 0, index: 0 },
  };
  const record: Message[] = [...options.conversation];
  const used: ModelUsage = { tokens_in: 0, tokens_out: 0, tokens_cached: 0 };

  const run: Run = {
    options,
    isNested: nested !== undefined,
    deps,
    limits,
    signal,
    timer,
    now,
    onUnexpected,
    protocol,
    tools,
    // `read_output` is offered from the start, because another tool list would be another beginning of the request.
    definitions: tools.length === 0 ? [] : [...tools, readOutput].map(definitionOf),
    runnable: [...protocol.tools, readOutput],
    allowedTools,
    context,
    commands,
    breaker,
    system: "",
    record,
    hasBegun: false,
    iteration: options.resumes?.iteration ?? 0,
    toolCallsMade: options.resumes?.tool_calls_made ?? 0,
    used,
    unsavedText: "",
    partialText: "",
    window: model.context_window ?? defaultContextWindow,
    namedWindow: undefined,
    contextUsed: null,
    failedCompactions: 0,
    hasToldFailedCompaction: false,
    openRequests: 0,
    hookFailure: undefined,
    async append(...messages) {
      await guarded(deps.emit({ type: "conversation_appended", data: { messages } }));
      record.push(...messages);
    },
    tokensLeft() {
      if (limits.max_tokens === null || used.tokens_in + used.tokens_out < limits.max_tokens) return { ok: true };
      return { ok: false, stop: "resource_limit_exceeded", message: `Stopped: the run reached its limit of ${limits.max_tokens} tokens.` };
    },
    count(usage) {
      used.tokens_in += usage.tokens_in;
      used.tokens_out += usage.tokens_out;
      used.tokens_cached += usage.tokens_cached;
    },
  };
  nested?.watch?.(() => record);
  if (!nested) {
    context.subagents = createSubagents({
      run: options,
      tools: protocol.tools,
      deps,
      allowedTools,
      timer,
      runNested,
      checkLimits: () => run.tokensLeft(),
      count: (usage) => run.count(usage),
      endRun: (reason) => {
        if (!(reason instanceof RunEnded)) run.hookFailure ??= { error: reason.hook };
        abort.abort(reason instanceof RunEnded ? reason : new RunEnded(failure("internal_error", "A sub-agent failed unexpectedly.")));
      },
    });
  }
  return run;
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
