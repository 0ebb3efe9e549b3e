import { randomBytes } from "node:crypto";
import { abortable } from "../abortable.ts";
import { RunEnded, stoppedBy, type Ending } from "../ending.ts";
import { done, failed, ToolFailure, type Subagents, type Tool, type ToolContext } from "../tool.ts";
import { allowedToolNames } from "../tools/index.ts";
import { withoutImages, type Message } from "../conversation.ts";
import type { AgentDeps, CallVerdict } from "../agent-deps.ts";
import type { AgentEvent, ApprovalDecision, RunResult } from "../events.ts";
import type { RunModel } from "../model-client.ts";
import type { PendingBatch } from "../pending-batch.ts";
import type { RunOptions } from "../run-options.ts";
import type { SubagentEvent, SubagentStep } from "./events.ts";
import type { Todo } from "../todos.ts";
import type { ToolOutput } from "../tool-call.ts";
import type { WorkTimer } from "../work-timer.ts";
import { newestSteps, shortParameters, shortStep } from "./activity.ts";
import { listSubagents, type SubagentDefinition } from "./definitions.ts";

const maxConcurrent = 10;
const maxTurns = 100;
/** The run's own time limit ends a sub-agent. */
const noTimeLimitMs = 24 * 3_600_000;
/** Streamed text is emitted in pieces of about this size, up to a total. */
const textPieceChars = 240;
const maxEmittedChars = 32_000;

/** Executes a nested run. `watch` gets a function that returns the current conversation. */
export type RunNested = (
  options: RunOptions,
  nested: {
    allowedTools: Set<string>;
    watch?: (conversation: () => readonly Message[]) => void;
  },
) => Promise<{ result: RunResult; messages: Message[] }>;

export interface SubagentsOptions {
  /** The options of the run, which sub-agents inherit. */
  run: RunOptions;
  /** The run's tools; a sub-agent has a subset. */
  tools: readonly Tool[];
  deps: AgentDeps;
  /** Shared, so that "allow all" for one applies to all. */
  allowedTools: Set<string>;
  timer: WorkTimer;
  runNested: RunNested;
  /** The run's limits, before each call of a sub-agent. */
  checkLimits(): CallVerdict;
  /** Adds a call to the usage of the run. */
  count(usage: { tokens_in: number; tokens_out: number; tokens_cached: number }): void;
  /** Ends the run because a hook failed or a limit was reached inside a sub-agent. */
  endRun(reason: RunEnded | { hook: unknown }): void;
}

interface Session {
  name: string;
  messages: Message[];
  isBusy: boolean;
}

/** Categories of tools that talk to the person. */
const excludedCategories = new Set<Tool["category"]>(["conversation"]);

/** The sub-agents of one run. Each has its own conversation; hooks, gates, limits and the abort signal are the run's. */
export function createSubagents(options: SubagentsOptions): Subagents {
  const { run, deps, timer } = options;
  const sessions = new Map<string, Session>();
  const approvals = createSemaphore(1);
  const slots = createSemaphore(maxConcurrent);
  let definitions: Promise<SubagentDefinition[]> | undefined;
  let active = 0;
  let waiting = 0;

  /** Pauses the run's clock while every active sub-agent waits for the person. */
  const setWaiting = (by: 1 | -1): void => {
    waiting += by;
    if (waiting > 0 && waiting >= active) timer.pause();
    else timer.resume();
  };

  return {
    async invoke({ name, task, context: preamble, resume_id }, context) {
      definitions ??= listSubagents(run.workspace, run.agent.subagents);
      const all = await definitions;
      const resumed = context.batch?.resumed;
      const earlier = resume_id === undefined || resumed ? undefined : sessions.get(resume_id);
      if (resume_id !== undefined && !earlier && !resumed)
        throw new ToolFailure(`No sub-agent ${resume_id} was started in this run.`, { resume_id });
      if (earlier?.isBusy) throw new ToolFailure(`Sub-agent ${resume_id} is still running.`, { resume_id });
      const wanted = resumed?.name ?? earlier?.name ?? name;
      const definition = all.find((one) => one.name === wanted) ?? all.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
      if (!definition) throw new ToolFailure(`There is no sub-agent "${name}". There are: ${all.map((one) => one.name).join(", ")}.`);
      const id = resumed?.agent_id ?? resume_id ?? newId(sessions);
      const session: Session = earlier ?? { name: definition.name, messages: [], isBusy: false };
      sessions.set(id, session);
      session.isBusy = true;
      const release = await slots.acquire(context.signal).catch((error: unknown) => {
        session.isBusy = false;
        throw error;
      });
      active++;
      try {
        const fullTask = resumed?.task ?? (preamble?.trim() ? `${preamble.trim()}\n\n${task}` : task);
        return await work(id, session, definition, fullTask, earlier !== undefined, context);
      } finally {
        active--;
        if (active > 0 && waiting > 0 && waiting >= active) timer.pause();
        session.isBusy = false;
        release();
      }
    },
  };

  async function work(
    id: string,
    session: Session,
    definition: SubagentDefinition,
    task: string,
    isResumed: boolean,
    context: ToolContext,
  ): Promise<ToolOutput> {
    const startedAt = performance.now();
    const head = { agent_id: id, name: definition.name, call: context.call };
    const resumed = context.batch?.resumed;
    const steps: SubagentStep[] = [...(resumed?.steps ?? [])];
    let conversation: () => readonly Message[] = () => [];
    /** The batch that waits for an approval. */
    let pendingApproval: PendingBatch | null = null;
    const text = createTextBuffer();
    const emitActivity = async (event: SubagentActivity): Promise<void> =>
      guarded(deps.emit({ type: "subagent_event", data: { ...head, ...event } }));
    const flush = async (): Promise<void> => {
      const content = text.take();
      if (content !== "") await emitActivity({ kind: "text", content });
    };
    const guarded = async <T>(hook: Promise<T>): Promise<T> => {
      try {
        return await hook;
      } catch (error) {
        if (!context.signal.aborted) options.endRun({ hook: error });
        throw error;
      }
    };
    const model = definition.model === null ? run.model : await modelOf(definition.model);
    const label = definition.model === null || model === run.model ? {} : { model: definition.model };
    const turns = Math.min(definition.max_turns ?? maxTurns, maxTurns);
    let stop: Extract<CallVerdict, { ok: false }> | undefined;
    const noteStop = (verdict: CallVerdict | undefined): CallVerdict => {
      if (verdict && !verdict.ok) stop = verdict;
      return verdict ?? { ok: true };
    };

    const emit = async (event: AgentEvent): Promise<void> => {
      switch (event.type) {
        case "text_chunk":
          if (text.add(event.data.content)) await flush();
          return;
        case "tool_started":
          await flush();
          return emitActivity({
            kind: "tool_started",
            iteration: event.data.iteration,
            tools: event.data.tools.map((tool) => ({ name: tool.name, parameters: shortParameters(tool.parameters) })),
          });
        case "agent_step": {
          await flush();
          const step = shortStep(event.data);
          steps.push(step);
          return emitActivity({ kind: "step", ...step });
        }
        case "file_changed":
          return context.fileChanged(event.data);
        case "tool_progress":
          return guarded(deps.emit({ ...event, data: { ...event.data, agent_id: id } }));
        case "command_started":
          return guarded(deps.emit({ ...event, data: { ...event.data, agent_id: id } }));
        case "model_retry":
          return guarded(deps.emit({ ...event, data: { ...label, ...event.data, agent_id: id } }));
        case "command_output":
        case "command_ended":
          return guarded(deps.emit(event));
        case "approval_required":
          pendingApproval = event.pending;
          return;
        case "conversation_appended":
        case "compacted":
        case "reasoning_chunk":
        case "question_asked":
        case "subagent_event":
        case "error":
        case "complete":
          // The conversation is kept in memory, questions are not available here, and `finished` covers the end. Of reasoning, people see that of the run itself. (Approvals are emitted in `approve`, one at a time.)
          return;
      }
    };
    const pendingOf = (approvalId: string): PendingBatch | null => {
      const outer = context.batch?.pendingAt(approvalId);
      if (!outer || pendingApproval?.approval_id !== approvalId) return null;
      const messages = conversation().map(withoutImageData);
      const nested = {
        index: context.call.index,
        agent_id: id,
        name: definition.name,
        task,
        messages,
        steps: [...steps],
        pending: pendingApproval,
      };
      return { ...outer, kind: "subagent", nested };
    };
    const approve: AgentDeps["approve"] = async (request, signal) => {
      setWaiting(1);
      try {
        const release = await approvals.acquire(signal);
        try {
          // Another sub-agent's request may have been answered with "allow all" in the meantime.
          if (options.allowedTools.has(request.tool_name)) return { decision: "allow_once" };
          const data = { ...request, tool_description: `For the sub-agent ${definition.name}: ${request.tool_description}` };
          await guarded(deps.emit({ type: "approval_required", data, pending: pendingOf(request.approval_id) }));
          const answer = await guarded(abortable(deps.approve(data, signal), signal));
          // Before the next request, which checks it first.
          if (answer.decision === "allow_all") options.allowedTools.add(request.tool_name);
          const ending = endingForDecision(answer.decision, definition.name, request.tool_name);
          if (ending) options.endRun(new RunEnded(ending));
          return answer;
        } finally {
          release();
        }
      } finally {
        setWaiting(-1);
      }
    };

    if (!resumed) await emitActivity({ kind: "started", task: task.slice(0, 4_000), is_resumed: isResumed });
    const todos = memoryTodos();
    const { result, messages } = await options.runNested(
      {
        ...run,
        agent: { system_prompt: definition.prompt, tools: toolsOf(definition, options.tools) },
        tools: options.tools,
        model,
        message: task,
        // For an interrupted sub-agent: all of it, up to the batch in `pending`.
        conversation: resumed?.messages ?? session.messages,
        resumes: undefined,
        pending: resumed?.pending,
        limits: { ...run.limits, max_iterations: turns, max_run_ms: noTimeLimitMs, max_tokens: null },
        signal: context.signal,
        deps: {
          ...deps,
          emit,
          approve,
          // A question may have to wait across a restart, which the conversation of a sub-agent cannot.
          ask: undefined,
          onContextLoaded: undefined,
          todos,
          ...(deps.waitToRetry && {
            waitToRetry: (retry, delayMs, retrySignal) =>
              guarded(deps.waitToRetry!({ ...label, ...retry, agent_id: id }, delayMs, retrySignal)),
          }),
          beforeModelCall: async (call) => {
            const own = noteStop(options.checkLimits());
            if (!own.ok) return own;
            return noteStop(
              await guarded(
                deps.beforeModelCall?.({ ...call, ...label, ...callOf(context) }) ?? Promise.resolve<CallVerdict>({ ok: true }),
              ),
            );
          },
          afterModelCall: async (call) => {
            options.count(call);
            return noteStop(await guarded(deps.afterModelCall({ ...label, ...call, ...callOf(context) })));
          },
        },
      },
      {
        allowedTools: options.allowedTools,
        watch: (look) => (conversation = look),
      },
    );
    session.messages = messages;
    await flush().catch(ignoreWhenAborted(context.signal));
    const success = result.success;
    const message = success
      ? `${definition.name} finished.`
      : result.completion_reason === "max_iterations"
        ? `${definition.name} stopped at its limit of ${turns} turns.`
        : `${definition.name} did not finish: ${result.error ?? result.final_response}`;
    const counts = {
      iterations: steps.length + (success ? 1 : 0),
      tool_calls_made: result.tool_calls_made,
      duration_ms: Math.round(performance.now() - startedAt),
    };
    await emitActivity({ kind: "finished", success, message, ...counts }).catch(ignoreWhenAborted(context.signal));
    if (stop) options.endRun(new RunEnded(stoppedBy(stop)));
    const fields = {
      agent_id: id,
      content: result.final_response,
      details: { name: definition.name, ...counts },
      activity: newestSteps(steps),
    };
    if (success) return done(message, fields);
    return failed(message, {
      ...fields,
      ...(result.completion_reason === "max_iterations" ? { suggestion: `Continue with resume_id "${id}".` } : {}),
    });
  }

  async function modelOf(id: string): Promise<RunModel> {
    if (!deps.modelFor) return run.model;
    try {
      return await deps.modelFor(id);
    } catch (error) {
      throw new ToolFailure(
        `The sub-agent's model ${id} cannot be used${error instanceof Error && error.name === "AppError" ? `: ${error.message}` : "."}`,
      );
    }
  }
}

/** For storage while an approval is open. */
const withoutImageData = (message: Message): Message =>
  message.role === "compaction" ? message : withoutImages(message, (image) => `[The image ${image.name} was not kept.]`);

/** A `SubagentEvent` without the fields that identify the sub-agent. */
type SubagentActivity = SubagentEvent extends infer E ? (E extends SubagentEvent ? Omit<E, "agent_id" | "name" | "call"> : never) : never;

const callOf = (context: ToolContext) => ({ purpose: "subagent" as const, iteration: context.call.iteration });

/** The run's tools except sub-agents and those that talk to the person. */
function toolsOf(definition: SubagentDefinition, tools: readonly Tool[]): string[] {
  const usable = tools.filter((tool) => tool.category !== "agents" && !excludedCategories.has(tool.category)).map((tool) => tool.name);
  if (definition.tools === null) return usable;
  const wanted = allowedToolNames(definition.tools);
  return usable.filter((name) => wanted.has(name));
}

function newId(known: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = randomBytes(4).toString("hex");
    if (!known.has(id)) return id;
  }
}

function endingForDecision(decision: ApprovalDecision, name: string, tool: string): Ending | undefined {
  if (decision === "stop") return { reason: "user_stopped", text: `Stopped at your request, before ${tool} of the sub-agent ${name}.` };
  if (decision === "timeout")
    return { reason: "approval_timeout", text: `Stopped: the approval for ${tool} of the sub-agent ${name} timed out.` };
  return undefined;
}

function ignoreWhenAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

/** Sub-agents have their own to-do list, in memory. */
function memoryTodos(): AgentDeps["todos"] {
  let list: Todo[] = [];
  return {
    read: async () => list,
    write: async (todos) => {
      list = todos;
    },
  };
}

/** Buffers streamed text; `add` returns whether there is enough to emit. */
function createTextBuffer(): { add(content: string): boolean; take(): string } {
  let buffered = "";
  let emitted = 0;
  return {
    add(content) {
      if (emitted < maxEmittedChars) buffered += content;
      return buffered.length >= textPieceChars;
    },
    take() {
      const text = buffered.slice(0, maxEmittedChars - emitted);
      buffered = "";
      emitted += text.length;
      return text;
    },
  };
}

/** First in, first out. `acquire` returns the function that releases, and rejects with the signal's reason while waiting. */
function createSemaphore(count: number): { acquire(signal: AbortSignal): Promise<() => void> } {
  let free = count;
  const queue: (() => void)[] = [];
  const release = (): void => {
    const next = queue.shift();
    if (next) next();
    else free++;
  };
  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (free > 0) free--;
      else {
        let isAcquired = false;
        const turn = new Promise<void>((resolve) =>
          queue.push(() => {
            isAcquired = true;
            resolve();
          }),
        );
        const entry = queue[queue.length - 1]!;
        await abortable(turn, signal).catch((error: unknown) => {
          if (isAcquired) release();
          else queue.splice(queue.indexOf(entry), 1);
          throw error;
        });
      }
      let isReleased = false;
      return () => {
        if (isReleased) return;
        isReleased = true;
        release();
      };
    },
  };
}
