import { randomBytes } from "node:crypto";
import { abortable } from "../abortable.ts";
import { RunEnded, type Ending } from "../run-ended.ts";
import { done, failed, ToolFailure } from "../tool.ts";
import type { Message } from "../model-client.ts";
import type {
  AfterModelCall,
  AgentDeps,
  AgentEvent,
  ApprovalDecision,
  PendingBatch,
  RunOptions,
  RunResult,
  SubagentEvent,
  SubagentStep,
  Subagents,
  Todo,
  Tool,
  ToolContext,
  ToolOutput,
} from "../types.ts";
import type { WorkTimer } from "../work-timer.ts";
import { keptSteps, shortParameters, shortStep } from "./activity.ts";
import { listSubagents, type SubagentDefinition } from "./definitions.ts";

/** 4.5. */
const maxConcurrent = 10;
const maxTurns = 100;
/** The run's own clock ends a sub-agent. */
const noTimeLimitMs = 24 * 3_600_000;
/** Streamed words are told in pieces of about this many characters, and only so many of them. */
const textPieceChars = 240;
const maxToldTextChars = 32_000;

/**
 * A run inside the run: `opening` is the conversation so far; the task follows it. `restored`: the whole conversation up to the batch in
 * `options.pending`, of one that was interrupted. `watch` is given a way to look at the conversation as it grows.
 */
export type RunNested = (
  options: RunOptions,
  nested: {
    opening: Message[];
    allowedTools: Set<string>;
    restored?: Message[] | undefined;
    watch?: (conversation: () => readonly Message[]) => void;
  },
) => Promise<{ result: RunResult; messages: Message[] }>;

export interface CrewOptions {
  /** Of the run that the crew belongs to; what is not said here is taken over from it. */
  run: RunOptions;
  /** The run's tools; a sub-agent has a part of them. */
  tools: readonly Tool[];
  deps: AgentDeps;
  /** Shared, so that "allow all" said to one counts for all. */
  allowedTools: Set<string>;
  timer: WorkTimer;
  runNested: RunNested;
  /** Before each call of a sub-agent: the run's own limits. */
  checkLimits(): AfterModelCall;
  /** Each call counts for the run. */
  count(usage: { tokens_in: number; tokens_out: number; tokens_cached: number }): void;
  /** A hook failed, or a limit of the run was reached, inside a sub-agent: the run ends. */
  endRun(reason: RunEnded | { hook: unknown }): void;
}

interface Known {
  name: string;
  messages: Message[];
  isBusy: boolean;
}

/** Categories that make sense only between the agent and the person. */
const personal = new Set<Tool["category"]>(["conversation"]);

/** The sub-agents of one run (4.13): own conversation each, the run's hooks, gates, limits and cancel for all. */
export function createCrew(options: CrewOptions): Subagents {
  const { run, deps, timer } = options;
  const known = new Map<string, Known>();
  const approvals = createTurnstile();
  const places = createPlaces(maxConcurrent);
  let definitions: Promise<SubagentDefinition[]> | undefined;
  let active = 0;
  let waiting = 0;

  /** The clock stands still while nobody works: every sub-agent waits for the person. */
  const setWaiting = (by: 1 | -1): void => {
    waiting += by;
    if (waiting > 0 && waiting >= active) timer.pause();
    else timer.resume();
  };

  return {
    async invoke({ name, task, context: preamble, resume_id }, context) {
      definitions ??= listSubagents(run.workspace, run.agent.subagents);
      const all = await definitions;
      const goesOn = context.batch?.goesOn;
      const earlier = resume_id === undefined || goesOn ? undefined : known.get(resume_id);
      if (resume_id !== undefined && !earlier && !goesOn)
        throw new ToolFailure(`No sub-agent ${resume_id} was started in this run.`, { resume_id });
      if (earlier?.isBusy) throw new ToolFailure(`Sub-agent ${resume_id} is still at work.`, { resume_id });
      const wanted = goesOn?.name ?? earlier?.name ?? name;
      const definition = all.find((one) => one.name === wanted) ?? all.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
      if (!definition) throw new ToolFailure(`There is no sub-agent "${name}". There are: ${all.map((one) => one.name).join(", ")}.`);
      const id = goesOn?.agent_id ?? resume_id ?? newId(known);
      const self: Known = earlier ?? { name: definition.name, messages: [], isBusy: false };
      known.set(id, self);
      self.isBusy = true;
      const leave = await places.enter(context.signal).catch((error: unknown) => {
        self.isBusy = false;
        throw error;
      });
      active++;
      try {
        const whole = goesOn?.task ?? (preamble?.trim() ? `${preamble.trim()}\n\n${task}` : task);
        return await work(id, self, definition, whole, earlier !== undefined, context);
      } finally {
        active--;
        if (active > 0 && waiting > 0 && waiting >= active) timer.pause();
        self.isBusy = false;
        leave();
      }
    },
  };

  async function work(
    id: string,
    self: Known,
    definition: SubagentDefinition,
    task: string,
    isResumed: boolean,
    context: ToolContext,
  ): Promise<ToolOutput> {
    const startedAt = performance.now();
    const head = { agent_id: id, name: definition.name, call: context.call };
    const goesOn = context.batch?.goesOn;
    const steps: SubagentStep[] = [...(goesOn?.steps ?? [])];
    let conversation: () => readonly Message[] = () => [];
    /** The batch in which it asks. */
    let asking: PendingBatch | null = null;
    const text = createTold();
    /** A run that ended in the middle hears no more; what a given-up tool still says is lost with it. */
    const tell = async (event: Tail): Promise<void> => guarded(deps.emit({ type: "subagent_event", data: { ...head, ...event } }));
    const flush = async (): Promise<void> => {
      const content = text.take();
      if (content !== "") await tell({ kind: "text", content });
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
    let stop: Extract<AfterModelCall, { ok: false }> | undefined;
    const heed = (verdict: AfterModelCall | undefined): AfterModelCall => {
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
          return tell({
            kind: "tool_started",
            iteration: event.data.iteration,
            tools: event.data.tools.map((tool) => ({ name: tool.name, parameters: shortParameters(tool.parameters) })),
          });
        case "agent_step": {
          await flush();
          const step = shortStep(event.data);
          steps.push(step);
          return tell({ kind: "step", ...step });
        }
        case "file_changed":
          return context.fileChanged(event.data);
        case "approval_required":
          asking = event.pending;
          return;
        case "question_asked":
        case "subagent_event":
        case "error":
        case "complete":
          // Asked in `approve`, where they wait for one another; the others cannot be, or are told by `finished`.
          return;
      }
    };
    const pendingOf = (approvalId: string): PendingBatch | null => {
      const outer = context.batch?.waitingFor(approvalId);
      if (!outer || asking?.approval_id !== approvalId) return null;
      // The last one is the turn whose calls wait: it is in `pending`.
      const messages = conversation().slice(0, -1).map(withoutPictures);
      const nested = { index: context.call.index, agent_id: id, name: definition.name, task, messages, steps: [...steps], pending: asking };
      return { ...outer, kind: "subagent", nested };
    };
    const approve: AgentDeps["approve"] = async (request, signal) => {
      setWaiting(1);
      try {
        const release = await approvals.enter(signal);
        try {
          // Another sub-agent's question may have been answered with "allow all" meanwhile.
          if (options.allowedTools.has(request.tool_name)) return { decision: "allow_once" };
          const data = { ...request, tool_description: `For the sub-agent ${definition.name}: ${request.tool_description}` };
          await guarded(deps.emit({ type: "approval_required", data, pending: pendingOf(request.approval_id) }));
          const answer = await guarded(abortable(deps.approve(data, signal), signal));
          // Before the next one's turn: whoever waits here looks there first.
          if (answer.decision === "allow_all") options.allowedTools.add(request.tool_name);
          const ending = endingBy(answer.decision, definition.name, request.tool_name);
          if (ending) options.endRun(new RunEnded(ending));
          return answer;
        } finally {
          release();
        }
      } finally {
        setWaiting(-1);
      }
    };

    if (!goesOn) await tell({ kind: "started", task: task.slice(0, 4_000), is_resumed: isResumed });
    const todos = memoryTodos();
    const { result, messages } = await options.runNested(
      {
        ...run,
        agent: { system_prompt: definition.prompt, tools: toolsOf(definition, options.tools) },
        tools: options.tools,
        model,
        message: task,
        history: [],
        steps: undefined,
        pending: goesOn?.pending,
        steered: undefined,
        limits: { ...run.limits, max_iterations: turns, max_run_ms: noTimeLimitMs, max_tokens: null },
        signal: context.signal,
        deps: {
          ...deps,
          emit,
          approve,
          // Its conversation cannot wait across a restart, as a question may have to.
          ask: undefined,
          contextRead: undefined,
          todos,
          beforeModelCall: async (call) => {
            const own = heed(options.checkLimits());
            if (!own.ok) return own;
            return heed(
              await guarded(deps.beforeModelCall?.({ ...call, ...label, ...of(context) }) ?? Promise.resolve<AfterModelCall>({ ok: true })),
            );
          },
          afterModelCall: async (call) => {
            options.count(call);
            return heed(await guarded(deps.afterModelCall({ ...call, ...label, ...of(context) })));
          },
        },
      },
      {
        opening: self.messages,
        allowedTools: options.allowedTools,
        restored: goesOn && [...goesOn.messages],
        watch: (look) => (conversation = look),
      },
    );
    self.messages = messages;
    await flush().catch(ignoreWhenAborted(context.signal));
    const success = result.success;
    const message = success
      ? `${definition.name} finished.`
      : result.completion_reason === "max_iterations"
        ? `${definition.name} stopped at its limit of ${turns} turns.`
        : `${definition.name} did not finish: ${result.error ?? result.final_response}`;
    const facts = {
      iterations: steps.length + (success ? 1 : 0),
      tool_calls_made: result.tool_calls_made,
      duration_ms: Math.round(performance.now() - startedAt),
    };
    await tell({ kind: "finished", success, message, ...facts }).catch(ignoreWhenAborted(context.signal));
    if (stop) options.endRun(new RunEnded(limitEnding(stop)));
    const fields = {
      agent_id: id,
      content: result.final_response,
      details: { name: definition.name, ...facts },
      activity: keptSteps(steps),
    };
    if (success) return done(message, fields);
    return failed(message, {
      ...fields,
      ...(result.completion_reason === "max_iterations" ? { suggestion: `Go on with resume_id "${id}".` } : {}),
    });
  }

  async function modelOf(id: string): Promise<RunOptions["model"]> {
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

/** Stored as JSON, while somebody is asked. */
const withoutPictures = (message: Message): Message => {
  if (message.role !== "user" || !message.images) return message;
  const { images: _, ...rest } = message;
  return rest;
};

/** The event without its head. */
type Tail = SubagentEvent extends infer E ? (E extends SubagentEvent ? Omit<E, "agent_id" | "name" | "call"> : never) : never;

const of = (context: ToolContext) => ({ purpose: "subagent" as const, iteration: context.call.iteration });

/** Nothing that the run itself does not have; no sub-agents, and nothing that talks to the person. */
function toolsOf(definition: SubagentDefinition, tools: readonly Tool[]): string[] {
  const usable = tools.filter((tool) => tool.category !== "agents" && !personal.has(tool.category)).map((tool) => tool.name);
  return definition.tools === null ? usable : usable.filter((name) => definition.tools?.includes(name));
}

function newId(known: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = randomBytes(4).toString("hex");
    if (!known.has(id)) return id;
  }
}

function endingBy(decision: ApprovalDecision, name: string, tool: string): Ending | undefined {
  if (decision === "stop") return { reason: "user_stopped", text: `Stopped at your request, before ${tool} of the sub-agent ${name}.` };
  if (decision === "timeout")
    return { reason: "approval_timeout", text: `Stopped: nobody answered the approval for ${tool} of the sub-agent ${name} in time.` };
  return undefined;
}

function limitEnding({ stop, message }: Extract<AfterModelCall, { ok: false }>): Ending {
  if (stop === "resource_limit_exceeded") return { reason: stop, text: message };
  const code = stop === "credits_exhausted" ? "insufficient_credits" : "internal_error";
  return { reason: stop, text: message, error: { code, message } };
}

function ignoreWhenAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

/** A to-do list of its own: the chat's belongs to the agent. */
function memoryTodos(): AgentDeps["todos"] {
  let list: Todo[] = [];
  return {
    read: async () => list,
    write: async (todos) => {
      list = todos;
    },
  };
}

/** Gathers streamed words; `add` answers whether there is enough to tell. */
function createTold(): { add(content: string): boolean; take(): string } {
  let gathered = "";
  let told = 0;
  return {
    add(content) {
      if (told < maxToldTextChars) gathered += content;
      return gathered.length >= textPieceChars;
    },
    take() {
      const text = gathered.slice(0, maxToldTextChars - told);
      gathered = "";
      told += text.length;
      return text;
    },
  };
}

/** One at a time, in the order of arrival. Rejects with the signal's reason when it aborts while waiting. */
function createTurnstile(): { enter(signal: AbortSignal): Promise<() => void> } {
  return createPlaces(1);
}

/** So many at a time, the others in the order of arrival. */
function createPlaces(count: number): { enter(signal: AbortSignal): Promise<() => void> } {
  let free = count;
  const queue: (() => void)[] = [];
  const leave = (): void => {
    const next = queue.shift();
    if (next) next();
    else free++;
  };
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) free--;
      else {
        let isHere = false;
        const turn = new Promise<void>((resolve) =>
          queue.push(() => {
            isHere = true;
            resolve();
          }),
        );
        const mine = queue[queue.length - 1]!;
        await abortable(turn, signal).catch((error: unknown) => {
          if (isHere) leave();
          else queue.splice(queue.indexOf(mine), 1);
          throw error;
        });
      }
      let isOut = false;
      return () => {
        if (isOut) return;
        isOut = true;
        leave();
      };
    },
  };
}
